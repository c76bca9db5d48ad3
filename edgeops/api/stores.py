"""The artifact store of the chosen hub."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edgeops.api.workspace import LOCAL, Workspace
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.artifacts.store import Store
    from edgeops.fleet.model import ArtifactTarget


def artifact_target(workspace: Workspace) -> ArtifactTarget:
    """The artifact target of the chosen hub. Raises `EdgeOpsError`.

    The rest of the fleet need not be valid: it can name a release that is not
    published yet.
    """
    from edgeops.fleet.hubs import find_hub, hub_targets
    from edgeops.fleet.model import ArtifactTarget, StoreKind

    local = ArtifactTarget(workspace.local_artifacts_url, StoreKind.LOCAL)
    if workspace.hub == LOCAL:
        return local
    catalog = workspace.at(None).catalog
    target = find_hub(hub_targets(catalog, local.url), workspace.hub).artifacts
    if target is None:
        raise EdgeOpsError(
            f"hub `{workspace.hub}` has no artifact store",
            "set `artifacts` of the hub in the Fleet",
        )
    return target


def artifact_store(workspace: Workspace, target: ArtifactTarget) -> Store:
    """The store at a target, not yet connected. Raises `EdgeOpsError`."""
    from edgeops.artifacts.open import open_store
    from edgeops.localhub.files import StateFiles

    # azure-identity logs at length what our error says in one line.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    files = StateFiles(workspace.hub_dir)
    files.make_directory()  # a local store is in it
    return open_store(target, workspace.environ, folder=files.artifacts)
