"""What the readers of all formats share: notes, problems, and texts with their variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.adopt.found import FoundDevice, FoundLayer, Note, Use
from edgeops.adopt.json_text import JsonText
from edgeops.adopt.options import OPTIONS, UNPARSED, BadOptions, joined, kept, with_settings
from edgeops.adopt.placeholders import Rules, Variables, escape
from edgeops.fleet.model import Place, Problem
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject, pointer
from edgeops.twin import EDGE_AGENT

Path = tuple[str, ...]
_HUBS_OWN = frozenset({"$version", "$metadata"})


@dataclass(slots=True)
class Reading:
    """One file while it is read.

    `device` is the name of a device that it does not name, `stem` of a deployment; `unquoted` are
    the pointers of placeholders that stand for a value.
    """

    source: JsonText
    variables: Variables
    rules: Rules
    device: str | None = None
    stem: str | None = None
    unquoted: set[str] = field(default_factory=set)
    devices: list[FoundDevice] = field(default_factory=list)
    layers: list[FoundLayer] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.unquoted |= self.source.unquoted

    def place(self, path: Path) -> Place:
        """The place of the value with these keys above it."""
        return self.source.place(pointer(*path))

    def note(self, path: Path, text: str) -> None:
        """Tell something of the value with these keys above it."""
        self.notes.append(Note(self.place(path), pointer(*path), text))

    def problem(self, path: Path, message: str, hint: str = "") -> None:
        """Tell that a value cannot be read."""
        self.problems.append(Problem(self.place(path), pointer(*path), message, hint))

    def object(self, value: Any, path: Path) -> JsonObject:
        """The value if it is an object, nothing if there is none; else a problem, and nothing."""
        if value is not None and not isinstance(value, dict):
            self.problem(path, f"is not an object: {shown(value)}")
        return value if isinstance(value, dict) else {}

    def text(self, value: Any, path: Path) -> str | None:
        """The value if it is a text, None if there is none; else a problem, and None."""
        if value is not None and not isinstance(value, str):
            self.problem(path, f"is not a text: {shown(value)}")
        return value if isinstance(value, str) else None

    def section(self, value: Any, path: Path, module: str = "") -> JsonObject:
        """Tags or desired properties, without what the hub adds, with variables in their texts."""
        own = {k: v for k, v in self.object(value, path).items() if k not in _HUBS_OWN}
        if module == EDGE_AGENT:
            own = self._with_options(own, path)
        return self.object(self.translated(own, path), path)

    def part(self, keys: list[str], value: Any, path: Path, module: str) -> JsonObject:
        """Desired properties of which only the value below some keys is given."""
        if module == EDGE_AGENT:
            agent: Any = self._with_options(_below(keys, value), path, len(keys))
            for key in keys:
                agent = agent[key]
            value = agent
        return _below([self.key(key, path) for key in keys], self.translated(value, path))

    def _with_options(self, agent: JsonObject, path: Path, above: int = 0) -> JsonObject:
        """`$edgeAgent`'s desired properties with all createOptions as objects.

        `above` is how many of the keys in it are not below `path`, but a part of its last key.
        """

        def changed(at: tuple[str, str], settings: JsonObject) -> JsonObject:
            where = (*path, *(*at, "settings", OPTIONS)[above:])
            unquoted: set[str] = set()
            try:
                options = joined(settings, unquoted)
            except BadOptions as error:
                text = f"createOptions of `{shown(at[1])}` {error}; IoT Edge refuses the deployment"
                self.note(where, f"{text}, and the text is kept as {UNPARSED}")
                return kept(settings)
            self.unquoted |= {pointer(*where) + below for below in unquoted}
            return options

        return with_settings(agent, changed)

    def translated(self, value: Any, path: Path) -> Any:
        """A JSON value with placeholders as variables, and every other `${` escaped."""
        if isinstance(value, str):
            if not _may_matter(value):
                return value
            if self.rules.live:
                return escape(value)
            where = pointer(*path)
            quoted = where not in self.unquoted
            return self.variables.translate(
                value, self.rules, lambda: Use(self.source.place(where), where), path, quoted=quoted
            )
        if isinstance(value, list):
            return [self.translated(v, (*path, str(i))) for i, v in enumerate(value)]
        if isinstance(value, dict):
            members: JsonObject = {}
            for key, item in value.items():
                self.add(members, key, self.translated(item, (*path, key)), path)
            return members
        return value

    def add(self, members: JsonObject, key: str, value: Any, path: Path) -> str:
        """Add a member under its translated key, which is returned."""
        name = self.key(key, path)
        if name in members:
            text = f"the key `{shown(key)}` becomes `{shown(name)}`, which stands here already"
            self.problem((*path, key), text, "rename one of the two, or give a value for it")
        members[name] = value
        return name

    def key(self, key: str, path: Path) -> str:
        """A key, which cannot hold a variable: a placeholder in it becomes its value or name."""
        if self.rules.live or not _may_matter(key):
            return key
        replaced, unknown = self.variables.in_key(key, self.rules, path)
        if unknown:
            self.note(
                (*path, key),
                f"the key `{shown(key)}` is a placeholder without a value; it is read as "
                f"`{shown(replaced)}`",
            )
        return replaced


def _below(keys: list[str], value: Any) -> JsonObject:
    for key in reversed(keys):
        value = {key: value}
    return dict(value)


def _may_matter(text: str) -> bool:
    """Whether a text may hold a placeholder, or something to escape; most do not."""
    return any(mark in text for mark in ("$", "<", "{{", "#{", "__"))


def names_alike(names: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pairs of names that differ in case only."""
    first: dict[str, str] = {}
    return [
        (first[lower], name)
        for name in names
        if first.setdefault(lower := name.lower(), name) != name
    ]
