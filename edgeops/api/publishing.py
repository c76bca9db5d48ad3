"""Publishes files that were made elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.signing import signer
from edgeops.api.stores import artifact_store, artifact_target
from edgeops.api.workspace import Workspace

if TYPE_CHECKING:
    from edgeops.publishing.files import Request
    from edgeops.publishing.publish import Published
    from edgeops.publishing.signing import Signer


def publish_files(
    workspace: Workspace,
    name: str,
    request: Request,
    *,
    sign: bool = False,
    key: Path | None = None,
) -> Published:
    """Publish files as a release of a model in the store of the hub, and write its release file.

    `request` says which (`edgeops.publishing.files`). The release is signed with the key in the
    file `key`, or in the variable EDGEOPS_SIGNING_KEY; that must be there with `sign`. Raises
    `UsageError` for what cannot be in a release, `Refused` if the version exists with other
    content, or the Fleet trusts other keys only, and `EdgeOpsError` for files that cannot be read,
    or a store that fails.
    """
    from edgeops.publishing.files import publish_files as publish
    from edgeops.publishing.publish import PublishTarget

    signed = signer(workspace, sign=sign, key=key)
    if (workspace.root / "models" / name / "model.yaml").exists():
        workspace.observer.note(
            f"{name} has a model.yaml, which is not used: the files are published as they are"
        )
    to = PublishTarget(workspace.root, artifact_store(workspace, artifact_target(workspace)))
    with workspace.observer.progress("publishing", "bytes") as tick:
        done = publish(name, request, to, sign=signed, progress=tick)
    return told(workspace, done, signed)


def told(workspace: Workspace, done: Published, sign: Signer) -> Published:
    """What was published, its file relative to the repository.

    Notes if it existed before, with another signature than it would get now.
    """
    if not done.new and sign(done.release) != done.release:
        reference = done.release.reference
        hint = f"edgeops model sign {reference}"
        workspace.observer.note(f"note: {reference} was published without this signature: {hint}")
    return replace(done, file=done.file.relative_to(workspace.root))
