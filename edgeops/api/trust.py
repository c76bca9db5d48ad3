"""Whose signatures the Fleet in the working tree trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeops.api.workspace import Workspace
from edgeops.errors import InvalidState

if TYPE_CHECKING:
    from edgeops.fleet.trust import Trust


def trust_of(workspace: Workspace) -> Trust | None:
    """What the Fleet trusts, None without a Fleet, or if releases need not be signed.

    Raises `InvalidState` if the Fleet or one of the keys cannot be read.
    """
    from edgeops.fleet.outline import may_hold
    from edgeops.fleet.trust import read_trust

    if not (workspace.root / "fleet").is_dir():
        return None
    tree = workspace.at(None)
    snapshot = tree.snapshot
    if tree.catalog.fleet is None and may_hold(snapshot.spoiled, "Fleet"):
        raise InvalidState(
            "the Fleet cannot be read, so it is not known whose signatures it trusts",
            "see `edgeops validate`",
        )
    trust, problems = read_trust(tree.catalog, snapshot.keys)
    if problems:
        raise InvalidState(f"{problems[0].place}: {problems[0].message}", problems[0].hint)
    return trust
