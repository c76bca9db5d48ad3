"""Lists the releases of models and where they run, and verifies their files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from edgeops.api.session import on_hub
from edgeops.api.statuses import statuses
from edgeops.api.stores import artifact_store, artifact_target
from edgeops.api.trust import trust_of
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, Interrupted, InvalidState, UsageError
from edgeops.proxy import proxies_of

if TYPE_CHECKING:
    from edgeops.artifacts.store import Store
    from edgeops.artifacts.verify import Check
    from edgeops.fleet.model import ArtifactTarget, DesiredFleet
    from edgeops.fleet.trust import Trust
    from edgeops.promotion.slots import Mention
    from edgeops.release import ModelRelease, ReleaseFile
    from edgeops.source.releases import Releases


@dataclass(frozen=True, slots=True)
class Spread:
    """How many devices must run a release by git, and how many of them are Converged."""

    converged: int = 0
    devices: int = 0


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One release: its metrics when it was published, its mentions in git, where it runs.

    `wape` is a share; `wape` and `passed` (its gates) are None if the release
    file does not have them. `on_hub` is None if no hub was read. `signed_by` names the keys.
    """

    release: ModelRelease
    wape: float | None = None
    passed: bool | None = None
    in_git: tuple[Mention, ...] = ()
    on_hub: Spread | None = None
    signed_by: str = "unsigned"


@dataclass(frozen=True, slots=True)
class Verified:
    """The checks of a release (`name@version`), and whether devices get the right files.

    Each check names its file. `signed_by` names the keys: by their files, if the Fleet trusts them.
    """

    release: str
    checks: tuple[Check, ...]
    good: bool
    signed_by: str = "unsigned"


def list_releases(workspace: Workspace, model: str | None = None) -> list[ReleaseRow]:
    """All releases, or those of a model: by name, the newest version first.

    A release file or hub that cannot be read is noted and left out. Raises
    `UsageError` for a model without releases.
    """
    from edgeops.artifacts.version import precedence
    from edgeops.fleet.trust import signers
    from edgeops.source.releases import load_releases

    releases, note = load_releases(workspace.root), workspace.observer.note
    for problem in releases.problems:
        note(f"left out: {problem.place}: {problem.message}")
    if model is not None and not any(releases.of(model)):
        hint = "publish one with `edgeops model publish`"
        raise _unknown(releases, model, models_only=True, hint=hint)
    fleet, named = _in_git(workspace)
    spreads = _on_hub(workspace, fleet) if fleet and releases.releases else None
    trust, rows = _trust(workspace), []
    for reference, release in releases.releases.items():
        if model in (None, release.spec.name):
            spec: dict[str, Any] = release.document.value["spec"]
            row = ReleaseRow(
                release.spec,
                wape=spec.get("metrics", {}).get("wape"),
                passed=True if spec.get("gates") else None,  # a failed gate prevents a release
                in_git=tuple(named.get(reference, ())),
                on_hub=spreads.get(reference, Spread()) if spreads is not None else None,
                signed_by=signers(release.spec, trust),
            )
            rows.append(row)
    rows.sort(key=lambda row: precedence(row.release.version), reverse=True)
    return sorted(rows, key=lambda row: row.release.name)


def verify(workspace: Workspace, names: Sequence[str] = ()) -> list[Verified]:
    """Check published files again, as `verify_files` does, and the signatures of trusted keys."""
    from edgeops.artifacts.verify import Check, Found
    from edgeops.fleet.trust import signers
    from edgeops.source.releases import load_releases

    trust, releases, rows = _trust(workspace), load_releases(workspace.root).releases, []
    for row in verify_files(workspace, names):
        release = releases[row.release].spec
        made = replace(row, signed_by=signers(release, trust))
        if trust and any(True for _ in trust.wrong(release)):
            reason = f"this is not the release that {made.signed_by} signed"
            wrong = Check("signature", Found.CHANGED, reason)
            made = replace(made, good=False, checks=(*made.checks, wrong))
        rows.append(made)
    return rows


def _trust(workspace: Workspace) -> Trust | None:
    try:
        return trust_of(workspace)
    except EdgeOpsError as error:
        workspace.observer.note(f"note: {error.message}")
        return None


def verify_files(workspace: Workspace, names: Sequence[str] = ()) -> list[Verified]:
    """Check published files again: the copy in git, and the file in the store or at the URL.

    `names` are models or `name@version`; all by default. Raises `UsageError` for
    one that does not exist, and `InvalidState` for release files that cannot be read.
    """
    from edgeops.artifacts.verify import check_copy, is_good
    from edgeops.fleet.model import StoreKind
    from edgeops.source.releases import load_releases

    releases = load_releases(workspace.root)
    if releases.problems:
        first = releases.problems[0]
        raise InvalidState(f"{first.place}: {first.message}", first.hint)
    target = artifact_target(workspace)
    store = artifact_store(workspace, target) if target.store else None
    rows = []
    for name in _chosen(releases, names):
        seeded = target.store is StoreKind.LOCAL
        every: list[Check] = []
        good = True
        copies = list(releases.copies(name))
        times = Counter(file.name for file, _ in copies)
        for file, copy in copies:
            checks = check_copy(file, copy), _check_published(workspace, file, target, store)
            good = good and is_good(checks, seeded=seeded)
            # Variants can have files of the same name.
            called = file.name if times[file.name] == 1 else file.path or file.url or file.name
            every += (replace(check, file=called) for check in checks)
        rows.append(Verified(name, tuple(every), good))
    return rows


def _in_git(workspace: Workspace) -> tuple[DesiredFleet | None, Mapping[str, list[Mention]]]:
    """The desired fleet on disk if it is valid, and where git names each release."""
    from edgeops.promotion.slots import mentions

    tree, note = workspace.at(None), workspace.observer.note
    try:
        catalog = tree.catalog
    except EdgeOpsError as error:  # no fleet/ yet
        note(f"note: {error.message}")
        return None, {}
    fleet = tree.resolution.fleet
    if fleet is None:
        note("note: the desired state is not valid, see `edgeops validate`")
    return fleet, mentions(catalog)


def _on_hub(workspace: Workspace, fleet: DesiredFleet) -> Mapping[str, Spread] | None:
    """Where each release runs; None, and a note, when the hub cannot be read."""
    from edgeops.localhub.access import running
    from edgeops.promotion.slots import wanted_on

    note = workspace.observer.note
    if fleet.hubs[workspace.hub].local and running(workspace.hub_dir) is None:
        note("note: the local hub is not running, so the devices are not shown")
        return None
    wanted = wanted_on(fleet)
    names = {name for devices in wanted.values() for name in devices}
    try:
        rows = on_hub(workspace, fleet, lambda hub: statuses(workspace, hub, fleet, names))
    except Interrupted:
        raise
    except EdgeOpsError as error:
        note(f"note: hub {workspace.hub} cannot be read: {error.message}")
        return None
    converged = {row.device for row in rows if row.is_converged}
    return {
        reference: Spread(len(converged & set(devices)), len(devices))
        for reference, devices in wanted.items()
    }


def _check_published(
    workspace: Workspace, file: ReleaseFile, target: ArtifactTarget, store: Store | None
) -> Check:
    from edgeops.artifacts.verify import check_stored

    if file.url is None and store is not None:
        return check_stored(file, store)
    return check_at_url(workspace, file, file.location(target.url))


def check_at_url(workspace: Workspace, file: ReleaseFile, url: str) -> Check:
    """The file at an https URL, as devices get it, by the proxy and the CAs of the environment."""
    from edgeops.artifacts.verify import check_url

    proxies = proxies_of(workspace.environ)
    return check_url(file, url, ca_file=workspace.ca_file, proxies=proxies)


def _chosen(releases: Releases, names: Sequence[str]) -> list[str]:
    """The references of the named releases, sorted. Raises `UsageError`."""
    if not names:
        return sorted(releases.releases)
    chosen: set[str] = set()
    for name in names:
        named = {name} & releases.releases.keys() or {spec.reference for spec in releases.of(name)}
        if not named:
            raise _unknown(releases, name)
        chosen |= named
    return sorted(chosen)


def _unknown(
    releases: Releases, name: str, *, models_only: bool = False, hint: str = ""
) -> UsageError:
    from edgeops.fleet.suggest import did_you_mean

    models = {release.spec.name for release in releases.releases.values()}
    known = models if models_only else {*releases.releases, *models}
    return UsageError(f"there is no release `{name}` in models/", did_you_mean(name, known) or hint)
