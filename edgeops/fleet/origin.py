"""Where in a manifest the values of twins come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgeops.fleet.edge import SYSTEM_MODULES
from edgeops.fleet.explain import Explained
from edgeops.fleet.model import Place
from edgeops.jsonvalue import pointer
from edgeops.stamp_paths import Path
from edgeops.twin import EDGE_AGENT, EDGE_HUB

_KEYS_OF = {name: key for key, name in SYSTEM_MODULES.items()}


class Origins:
    """The places of all values of one device, as `explain` found them."""

    def __init__(self, explained: Iterable[Explained]) -> None:
        self._places = {value.path: value.place for value in explained}

    def of(self, module: str | None, section: str, path: Path) -> tuple[Place, ...]:
        """The places that set a value of a twin; none if git does not, or if it is a default.

        `section` is `identity`, `tags` or `desired`. Create options have the places of all their
        parts: in a twin they are one text.
        """
        for keys in _keys(module, section, path):
            if found := self._at(keys):
                return found
        if module == EDGE_HUB and path[0] == "routes":
            return self._of_a_module(pointer("routes", path[1]))
        return ()

    def _of_a_module(self, route: str) -> tuple[Place, ...]:
        for at, place in self._places.items():
            _, _, below = at.removeprefix("/modules/").partition("/")
            if place and at.startswith("/modules/") and f"/{below}/".startswith(f"{route}/"):
                return (place,)
        return ()

    def _at(self, keys: Path) -> tuple[Place, ...]:
        at = pointer(*keys)
        below = [place for p, place in self._places.items() if p == at or p.startswith(f"{at}/")]
        if below:
            return tuple(sorted({place for place in below if place}))
        above = (pointer(*keys[:length]) for length in range(len(keys) - 1, 0, -1))
        place = next((self._places[p] for p in above if p in self._places), None)
        return (place,) if place else ()


def _keys(module: str | None, section: str, path: Path) -> Iterator[Path]:
    """The paths in the document of a device that may set a value, the likeliest first."""
    if section == "identity":
        yield ("authentication" if path[0] == "thumbprints" else path[0],)
    elif module == EDGE_AGENT:
        yield from _of_agent(path)
    elif module == EDGE_HUB:
        yield from _of_hub(path)
    else:
        yield (*(("modules", module) if module else ()), section, *path)


def _of_agent(path: Path) -> Iterator[Path]:
    match path:
        case ("modules", name, *rest):
            yield ("modules", name, *_of_container(tuple(rest)))
            if rest[:1] == ["settings"]:  # mounts of `storage` are part of the create options
                yield ("modules", name, "storage")
        case ("systemModules", name, *rest) if name in _KEYS_OF:
            yield ("edge", _KEYS_OF[name], *_of_container(tuple(rest)))
        case ("runtime", "settings", *rest):
            yield ("edge", *rest)
        case ("schemaVersion",):
            yield ("edge", "agent", "schemaVersion")


def _of_container(path: Path) -> Path:
    match path:
        case ("settings", key, *_) if key.startswith("createOptions"):
            return ("createOptions",)
        case ("settings", *rest):
            return tuple(rest)
        case ("env", name, *_):
            return ("env", name)
    return path


def _of_hub(path: Path) -> Iterator[Path]:
    match path:
        case ("routes", name, *_):
            yield ("edge", "routes", name)
        case ("storeAndForwardConfiguration", *rest):
            yield ("edge", *rest)
        case ("schemaVersion",):
            yield ("edge", "hub", "schemaVersion")
