"""How good the models of devices are, as their modules report it: by release and ring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.api.listing import DeviceFilter, SeenFleet, devices_at
from edgeops.api.workspace import Workspace
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from edgeops.fleet.catalog import Catalog
    from edgeops.health.quality import DailySums, LiveModel, LiveScore
    from edgeops.health.seen import SeenDevice
    from edgeops.promotion.rings import Ring
    from edgeops.release import ModelRelease

DAYS = 28


@dataclass(frozen=True, slots=True)
class DeviceScore:
    """One model in a slot of a device: the release that git wants there, or another one.

    `release` is `name@version`, or what the device calls a model that git does not have. `model`
    is None while nothing is scored, and `reason` says why, if the device does. `needed` are
    the hours that must be scored before the figures count.
    """

    device: str
    slot: str
    ring: str
    release: str
    needed: int
    wanted: bool = True
    model: LiveModel | None = None
    until: str = ""
    reason: str = ""

    @property
    def counts(self) -> bool:
        """Whether enough hours are scored."""
        return self.model is not None and self.model.hours >= self.needed


@dataclass(frozen=True, slots=True)
class LiveRelease:
    """A release in a slot and a ring ("" outside of rings), on the devices that have it.

    `score` are the figures of 28 days of the `scored` ones, which have enough hours. `worst` is the
    device with the largest WAPE among them. `published` is the WAPE in the release file.
    """

    release: str
    slot: str
    ring: str
    devices: tuple[DeviceScore, ...]
    published: float | None = None

    @property
    def scored(self) -> tuple[DeviceScore, ...]:
        """The devices with enough hours."""
        return tuple(device for device in self.devices if device.counts)

    @property
    def score(self) -> LiveScore | None:
        """The figures of the scored devices together."""
        from edgeops.health.pooled import pooled_score

        return pooled_score([device.model for device in self.scored if device.model])

    @property
    def worst(self) -> tuple[str, float] | None:
        """The device with the largest WAPE, and that."""
        wapes = [
            (device.model.last28.wape, device.device)
            for device in self.scored
            if device.model and device.model.last28
        ]
        wape, name = max(wapes, default=(0.0, ""))
        return (name, wape) if name else None


@dataclass(frozen=True, slots=True)
class LiveModels:
    """The live quality of the models of a fleet, by slot, ring and release."""

    fleet: str
    hub: str
    commit: str | None
    releases: tuple[LiveRelease, ...]

    @property
    def is_reported(self) -> bool:
        """Whether any device has scored a model."""
        return any(device.model for release in self.releases for device in release.devices)

    def days(self) -> dict[str, DailySums]:
        """The sums of errors and values by day of each release, over all its devices."""
        from edgeops.health.pooled import pooled_days

        found: dict[str, list[DailySums]] = {}
        for row in self.releases:
            models = (device.model for device in row.devices)
            found.setdefault(row.release, []).extend(m.days for m in models if m and m.days)
        pooled = {release: pooled_days(sums, DAYS) for release, sums in found.items()}
        return {release: sums for release, sums in pooled.items() if sums}

    def published(self) -> dict[str, float]:
        """The WAPE of each release as it was published, where its release file has it."""
        return {row.release: row.published for row in self.releases if row.published is not None}


def live_quality(
    workspace: Workspace,
    model: str | None = None,
    chosen: DeviceFilter | None = None,
    *,
    rev: str = "HEAD",
) -> LiveModels:
    """The live quality of all models, or of one, on the devices that match a filter.

    Raises `UsageError` for a model without releases, and as `list_devices`.
    """
    from edgeops.fleet.suggest import did_you_mean

    revision = workspace.at(rev)
    names = {release.spec.name for release in revision.catalog.releases.values()}
    if model is not None and model not in names:
        hint = did_you_mean(model, names) or "`edgeops model list` shows the releases"
        raise UsageError(f"there is no release of `{model}` in models/", hint)
    seen = devices_at(revision, chosen, with_rings=True)
    return live_models(revision.catalog, seen, model)


def live_models(catalog: Catalog, seen: SeenFleet, model: str | None = None) -> LiveModels:
    """The live quality of the models of devices that were seen with their rings."""
    ring_of = {
        (slot, device): ring
        for slot, rings in seen.rings.items()
        for ring in rings
        for device in ring.devices
    }
    known = _by_digest(catalog)
    rows: dict[tuple[str, str, str], list[DeviceScore]] = {}
    for device in seen.devices:
        for score in _scores(known, device, ring_of):
            if model is None or score.release.partition("@")[0] == model:
                rows.setdefault((score.slot, score.ring, score.release), []).append(score)
    order = {ring.group: at for rings in seen.rings.values() for at, ring in enumerate(rings)}
    releases = [
        LiveRelease(release, slot, ring, tuple(devices), published_wape(catalog, release))
        for (slot, ring, release), devices in rows.items()
    ]
    releases.sort(key=lambda row: (row.slot, order.get(row.ring, len(order)), row.release))
    return LiveModels(seen.name, seen.hub, seen.commit, tuple(releases))


def published_wape(catalog: Catalog, release: str, metric: str = "wape") -> float | None:
    """A metric in the release file of a release (`name@version`); None if it has none."""
    if release not in catalog.releases:
        return None
    value = catalog.releases[release].document.value["spec"].get("metrics", {}).get(metric)
    return float(value) if isinstance(value, int | float) else None


def _by_digest(catalog: Catalog) -> dict[str, list[ModelRelease]]:
    """The releases of git that each digest is of: the same bytes can be of several."""
    found: dict[str, list[ModelRelease]] = {}
    for named in catalog.releases.values():
        for digest in named.spec.digests:
            found.setdefault(digest, []).append(named.spec)
    return found


def _scores(
    known: Mapping[str, Sequence[ModelRelease]],
    device: SeenDevice,
    ring_of: Mapping[tuple[str, str], Ring],
) -> Iterator[DeviceScore]:
    from edgeops.health.quality import ENOUGH_HOURS

    for slot, versions in device.models.items():
        said, ring = device.quality.get(slot), ring_of.get((slot, device.name))
        bound = ring.rollout.quality if ring else None
        needed = bound.min_hours if bound else ENOUGH_HOURS
        group, wanted = ring.group if ring else "", versions.wanted or ""
        if said is None:
            yield DeviceScore(device.name, slot, group, wanted, needed)
            continue
        until, reason = said.report.until, said.report.reason
        yield DeviceScore(
            device.name, slot, group, wanted, needed, True, said.wanted, until, reason
        )
        for other in said.others:
            release = _reference(known.get(other.sha256, ()), other, wanted)
            yield DeviceScore(device.name, slot, group, release, needed, False, other, until)


def _reference(releases: Sequence[ModelRelease], model: LiveModel, wanted: str) -> str:
    """The release of a model: of several with its digest, one of the model that git wants."""
    name = wanted.partition("@")[0]
    best = sorted(releases, key=lambda one: (one.name != name, one.version != model.version))
    return best[0].reference if best else f"sha256 {model.sha256[:12]}"
