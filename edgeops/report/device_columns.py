"""The columns of a list of devices: what each shows of a device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgeops.commit import short_commit
from edgeops.errors import UsageError
from edgeops.fleet.suggest import did_you_mean
from edgeops.health.quality import LiveScore
from edgeops.health.seen import SeenDevice, Versions
from edgeops.report.quality_words import ratio, share
from edgeops.report.status_text import STYLE, badness
from edgeops.report.style import Span, cut, dim, green, yellow
from edgeops.report.words import first_names

NAMED_BY = {
    "label": "a label, as in label:site",
    "model": "the model of a slot, as in model:crowdedness",
    "image": "the image of a module, as in image:camera",
}
DEFAULT = ("device", "sync", "connected", "health", "models", "commit", "reason")
WITHOUT_GIT = ("device", "git", "connected", "commit")

_NONE = "-"
_KNOWN = 12  # named labels, slots or modules
_MODELS = 36  # characters of the models of a device in a table


@dataclass(frozen=True, slots=True)
class DeviceColumn:
    """`value` is the whole text, and `cell` its form in a table; lists are sorted by `key`."""

    name: str
    value: Callable[[SeenDevice], str]
    cell: Callable[[SeenDevice], Span | str]
    key: Callable[[SeenDevice], str | float]

    @property
    def title(self) -> str:
        """The heading of the column in a table."""
        return "IN SYNC" if self.name == "sync" else self.name.rpartition(":")[2].upper()


def _column(
    name: str,
    value: Callable[[SeenDevice], str],
    cell: Callable[[SeenDevice], Span | str] | None = None,
    key: Callable[[SeenDevice], float] | None = None,
) -> DeviceColumn:
    return DeviceColumn(name, value, cell or (lambda device: value(device) or _NONE), key or value)


def versions(pair: Versions, short: Callable[[str], str] = str) -> str:
    """`1.0.0`, or `1.0.0 -> 1.1.0` where the device reports another than the wanted one."""
    wanted, reported = (short(text) if text else "none" for text in (pair.wanted, pair.reported))
    if pair.wanted is None:
        return reported
    return wanted if wanted == reported else f"{reported} -> {wanted}"


def _short_image(image: str) -> str:
    """The last part of the name of an image, with its tag or the beginning of its digest."""
    name, at, digest = image.rpartition("/")[2].partition("@")
    return f"{name}@{digest[:19]}" if at else name


def _models(device: SeenDevice) -> str:
    return ", ".join(f"{slot} {versions(pair)}" for slot, pair in device.models.items())


def _images(device: SeenDevice, short: Callable[[str], str] = str) -> str:
    return ", ".join(f"{name} {versions(pair, short)}" for name, pair in device.images.items())


def _wapes(device: SeenDevice) -> str:
    """The live WAPE of the release that git wants in each slot where one is reported."""
    return ", ".join(f"{slot} {share(score.wape)}" for slot, score in _scores(device))


def _ratios(device: SeenDevice) -> str:
    """That WAPE over the one of the seasonal naive forecast."""
    return ", ".join(
        f"{slot} {ratio(score.versus_naive)}"
        for slot, score in _scores(device)
        if score.versus_naive is not None
    )


def _scores(device: SeenDevice) -> list[tuple[str, LiveScore]]:
    return [
        (slot, said.wanted.last28)
        for slot, said in device.quality.items()
        if said.wanted and said.wanted.last28
    ]


def _largest(figure: Callable[[LiveScore], float | None]) -> Callable[[SeenDevice], float]:
    """The largest figure of a device, by which lists are sorted; below 0 without one."""

    def worst(device: SeenDevice) -> float:
        known = (figure(score) for _, score in _scores(device))
        return max((each for each in known if each is not None), default=-1.0)

    return worst


def sync_word(device: SeenDevice) -> str:
    """Whether the twins of a device are as git says; empty if git does not have it."""
    if not device.in_git:
        return ""
    return "yes" if device.status.in_sync else "drift" if device.drift else "no"


def _sync_cell(device: SeenDevice) -> Span | str:
    text = sync_word(device)
    return green(text) if text == "yes" else yellow(text) if text else _NONE


def _connected(device: SeenDevice) -> str:
    return "yes" if device.status.connected else "no"


def _connected_cell(device: SeenDevice) -> Span | str:
    return green("yes") if device.status.connected else dim("no")


def _health(device: SeenDevice) -> str:
    return device.status.health.state.value if device.in_git else ""


def _health_cell(device: SeenDevice) -> Span | str:
    state = device.status.health.state
    return Span(state.value, STYLE[state]) if device.in_git else _NONE


def _reason(device: SeenDevice) -> str:
    return device.status.health.reason


COLUMNS = {
    column.name: column
    for column in (
        _column("device", lambda device: device.name),
        _column("git", lambda device: device.standing.value),
        _column("sync", sync_word, _sync_cell),
        _column("drift", lambda device: "yes" if device.drift else "no"),
        _column("connected", _connected, _connected_cell),
        _column(
            "health", _health, _health_cell, lambda device: badness(device.status.health.state)
        ),
        _column("reason", _reason, _reason),
        _column("models", _models, lambda device: cut(_models(device) or _NONE, _MODELS)),
        _column("wape", _wapes, key=_largest(lambda score: score.wape)),
        _column("ratio", _ratios, key=_largest(lambda score: score.versus_naive)),
        _column("images", _images, lambda device: _images(device, _short_image) or _NONE),
        _column(
            "commit",
            lambda device: device.commit or "",
            lambda device: short_commit(device.commit) if device.commit else _NONE,
        ),
        _column("groups", lambda device: ", ".join(device.groups)),
        _column(
            "labels", lambda device: ", ".join(f"{k}={v}" for k, v in sorted(device.labels.items()))
        ),
    )
}


def column(name: str) -> DeviceColumn:
    """The column of a name. Raises `UsageError` if there is none."""
    kind, colon, of = name.partition(":")
    if kind in NAMED_BY and colon and of:
        return _named(kind, of)
    if name not in COLUMNS:
        others = (*COLUMNS, *(f"{kind}:NAME" for kind in NAMED_BY))
        hint = did_you_mean(name, COLUMNS) or f"the columns are {', '.join(others)}"
        raise UsageError(f"there is no column `{name}`", hint)
    return COLUMNS[name]


def nowhere(devices: Iterable[SeenDevice], names: Iterable[str]) -> list[str]:
    """A sentence for each label, slot or module in names of columns that no device has."""
    seen = list(devices)
    return [
        sentence
        for name in names
        if seen and ":" in name and (sentence := _nowhere(seen, *name.split(":", 1)))
    ]


def _nowhere(devices: Sequence[SeenDevice], kind: str, of: str) -> str:
    noun = {"label": "label", "model": "model slot", "image": "module"}[kind]
    known = {name for device in devices for name in _names_of(device, kind)}
    if of in known:
        return ""
    first, more = first_names(sorted(known), _KNOWN)
    hint = f"; there is {', '.join([*first, *([more] if more else [])])}" if known else ""
    return f"no listed device has a {noun} `{of}`{hint}"


def _names_of(device: SeenDevice, kind: str) -> Iterable[str]:
    return {"label": device.labels, "model": device.models, "image": device.images}[kind]


def _named(kind: str, of: str) -> DeviceColumn:
    name = f"{kind}:{of}"
    if kind == "label":
        return _column(name, lambda device: device.labels.get(of, ""))
    if kind == "model":
        return _column(name, lambda device: _of(device.models, of))
    return _column(
        name,
        lambda device: _of(device.images, of),
        lambda device: _of(device.images, of, _short_image) or _NONE,
    )


def _of(pairs: Mapping[str, Versions], name: str, short: Callable[[str], str] = str) -> str:
    return versions(pairs[name], short) if name in pairs else ""


def ordered(devices: Iterable[SeenDevice], by: Sequence[str] = ()) -> list[SeenDevice]:
    """The devices sorted by columns, then by name; `-health` turns an order round.

    Raises `UsageError` for a column that there is not.
    """
    result = sorted(devices, key=lambda device: device.name)
    for name in reversed(by):
        key = column(name.removeprefix("-")).key
        result.sort(key=key, reverse=name.startswith("-"))
    return result
