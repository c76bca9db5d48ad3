"""The artifact store of the chosen hub."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from edgeops.cli.load import (
    local_artifacts_url,
    parse_cache,
    repository,
    snapshot,
    state_dir,
)
from edgeops.cli.settings import Settings
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.artifacts.store import Store
    from edgeops.fleet.model import ArtifactTarget


def artifact_target(options: Settings) -> ArtifactTarget:
    """Where the chosen hub has its artifacts. Raises `EdgeOpsError`.

    The rest of the fleet need not be valid: it may name a release that is yet
    to be published.
    """
    from edgeops.fleet.catalog import read_catalog
    from edgeops.fleet.model import ArtifactTarget, StoreKind
    from edgeops.fleet.resolve import LOCAL, find_hub, hub_targets

    root = repository(options)
    local = ArtifactTarget(local_artifacts_url(state_dir(root)), StoreKind.LOCAL)
    if options.hub == LOCAL:
        return local
    with parse_cache(root) as cache:
        catalog, _ = read_catalog(snapshot(root, None, cache))
    target = find_hub(hub_targets(catalog, local.url), options.hub).artifacts
    if target is None:
        raise EdgeOpsError(
            f"hub `{options.hub}` has no artifact store", "set `artifacts` of the hub in the Fleet"
        )
    return target


def artifact_store(options: Settings, target: ArtifactTarget) -> Store:
    """The store at a target, not yet connected. Raises `EdgeOpsError`."""
    from edgeops.artifacts.open import open_store
    from edgeops.localhub.files import StateFiles

    # What azure-identity logs at length, our error says in one line.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    files = StateFiles(state_dir(repository(options)))
    files.make_directory()  # a local store is in it
    return open_store(target, os.environ, folder=files.artifacts)
