"""Uploads the files of Contexts that devices are about to be told of."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.stores import artifact_store
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, Refused

if TYPE_CHECKING:
    from edgeops.artifacts.store import Store
    from edgeops.fleet.model import ArtifactTarget, DesiredFleet
    from edgeops.plan.model import Plan
    from edgeops.release import ModelRelease


@dataclass(frozen=True, slots=True)
class Uploads:
    """The Contexts whose files the store of a hub lacks; without a `store` there are none."""

    store: Store | None = None
    contexts: tuple[ModelRelease, ...] = ()

    def go(self) -> None:
        """Upload the files, and read each back. Raises `ArtifactError`."""
        from edgeops.artifacts.store import verify
        from edgeops.digest import digest_of

        for context in self.contexts:
            (file,) = context.files
            assert self.store is not None
            assert file.path is not None
            assert context.content is not None
            digest = digest_of([context.content])
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder) / file.name
                source.write_bytes(context.content)
                self.store.put(source, file.path, digest)
            verify(self.store, file.path, digest)


def read_uploads(workspace: Workspace, fleet: DesiredFleet, plan: Plan) -> Uploads:
    """What a plan has to upload: what the store does not have; nothing is written yet.

    Raises `EdgeOpsError` for a store that cannot be read or written, and `Refused` if it holds
    other bytes under one of the names, or is of a kind that edgeops cannot write to.
    """
    from edgeops.artifacts.store import refuse_other_bytes
    from edgeops.artifacts.verify import promised

    target = fleet.hubs[workspace.hub].artifacts
    if not plan.uploads or target is None:
        return Uploads()
    if workspace.rehearsal:
        workspace.observer.note("a rehearsal does not look whether the store has the Contexts")
        return Uploads()
    if target.store is None:
        for context in plan.uploads:
            _check_there(workspace, target, context)
        return Uploads()
    store = artifact_store(workspace, target)
    missing = []
    for context in plan.uploads:
        (file,) = context.files
        assert file.path is not None
        existing = store.sha256_of(file.path)
        if existing is None:
            missing.append(context)
        else:
            refuse_other_bytes(file.path, existing, promised(file))
    return Uploads(store, tuple(missing))


def _check_there(workspace: Workspace, target: ArtifactTarget, context: ModelRelease) -> None:
    """Raise `Refused` unless somebody has put the file where devices will look for it."""
    from edgeops.api.releases import check_at_url
    from edgeops.artifacts.verify import Found

    (file,) = context.files
    url = file.location(target.url)
    found = check_at_url(workspace, file, url)
    if found.found is Found.SAME:
        return
    if found.found is not Found.ABSENT:
        raise EdgeOpsError(
            f"devices would not get the Context `{context.name}` from {url}: {found.reason}",
            "nothing was written",
        )
    raise Refused(
        f"edgeops cannot upload the Context `{context.name}` to {target.url}:"
        " the kind of store is unknown",
        f"put the output of `edgeops render --context {context.name}` there as {file.path},"
        " or set `artifacts.store` of the hub in the Fleet; nothing was written",
    )
