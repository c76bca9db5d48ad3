"""Sets the release of one slot of a group in a YAML text, and changes nothing else.

A round trip through a YAML library would reformat other lines. So this edits
the text at the position from the parser, then parses the result to check that
only this value has changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml
from yaml.events import AliasEvent
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from edgeops.errors import EdgeOpsError
from edgeops.fleet.yaml import load
from edgeops.fleet.yaml_scalar import NotJson, plain_value

_KIND, _NAME = "Group", ("metadata", "name")
# Anchors and tags in front of a value.
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+|\Z))*")
_COMMENT = re.compile(r"[ \t]*(?=#)")


def set_model(text: str, group: str, slot: str, reference: str) -> str:
    """The text of a YAML file with the release set in the slot of the Group.

    All other bytes stay as they are; a line is added if the group has no such slot
    or no models. Raises `EdgeOpsError` if the file is not valid YAML or has no such
    group, or if the value cannot be changed alone.
    """
    expected = _values(text)
    spec = _group_of(expected, group)["spec"]
    if spec.get("models", {}).get(slot) == reference:
        return text
    spec["models"] = {**spec.get("models", {}), slot: reference}
    edited = _edited(text, group, slot, reference)
    if edited is None or _values_or_none(edited) != expected:
        raise EdgeOpsError(
            f"the slot `{slot}` of group `{group}` cannot be changed alone",
            "its `models` use a YAML alias or an unusual layout:"
            f" write `{slot}: {reference}` by hand",
        )
    return edited


def _values(text: str) -> list[Any]:
    documents, problems = load("the file", text.encode())
    if problems:
        first = problems[0]
        where = f"line {first.place.line}, column {first.place.column}"
        raise EdgeOpsError(f"{where}: {first.message}", first.hint)
    # An alias is the same object in two places: copy it, so that one can change alone.
    values = [document.value for document in documents if isinstance(document.value, dict)]
    return [json.loads(json.dumps(value)) for value in values]


def _values_or_none(text: str) -> list[Any] | None:
    try:
        return _values(text)
    except EdgeOpsError:
        return None


def _group_of(values: Iterable[Any], group: str) -> Any:
    for value in values:
        if value.get("kind") == _KIND and value["metadata"]["name"] == group:
            return value
    raise EdgeOpsError(f"the file has no Group `{group}`", "check that this is the right file")


# --- positions ----------------------------------------------------------------------


class _Composer(yaml.SafeLoader):
    """Composes nodes with their positions; an alias is a separate node."""

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(AliasEvent):
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            return ScalarNode("alias", event.anchor, event.start_mark, event.end_mark)
        return super().compose_node(parent, index)


def _roots(text: str) -> list[Any]:
    loader = _Composer(text)
    try:
        roots = []
        while loader.check_node():
            roots.append(loader.get_node())
        return roots
    finally:
        loader.dispose()


def _member(node: Any, *keys: str) -> Any:
    """The node below these keys, None if there is none."""
    for key in keys:
        pairs = node.value if isinstance(node, MappingNode) else []
        node = next((value for name, value in pairs if name.value == key), None)
    return node


def _text(node: Any, *keys: str) -> Any:
    return getattr(_member(node, *keys), "value", None)


def _end(node: Any) -> int:
    """The index after the last character of a value."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, MappingNode) else last)
    return int(node.end_mark.index)


# --- edits -----------------------------------------------------------------------


def _edited(text: str, group: str, slot: str, reference: str) -> str | None:
    """The text with the value set; None if it cannot be set."""
    try:
        roots = _roots(text)
    except yaml.YAMLError:  # such as a repeated anchor name, which YAML 1.1 refuses
        return None
    groups = (
        root for root in roots if (_text(root, "kind"), _text(root, *_NAME)) == (_KIND, group)
    )
    spec = _member(next(groups, None), "spec")
    models = _member(spec, "models")
    value = _member(models, slot)
    if isinstance(value, ScalarNode):
        return _replaced(text, value, reference)
    entry = f"{_key(slot)}: {reference}"
    if isinstance(models, MappingNode):
        return _added(text, models, entry)
    if isinstance(spec, MappingNode) and models is None:
        return _added(text, spec, f"models: {{{entry}}}")
    return None


def _key(slot: str) -> str:
    """The slot as a key, quoted where YAML would not read it as text."""
    try:
        plain = plain_value(slot) == slot and not slot.startswith("-")
    except NotJson:
        plain = False
    return slot if plain else json.dumps(slot)


def _replaced(text: str, value: ScalarNode, reference: str) -> str:
    start, end = value.start_mark.index, value.end_mark.index
    properties = _PROPERTIES.match(text, start, end)
    start = properties.end() if properties else start
    old = text[start:end]
    quote = value.style if value.style in ("'", '"') else ""
    space = "" if old or text[start - 1].isspace() else " "
    rest = old[len(old.rstrip()) :]  # a block of text ends with a line break
    return f"{text[:start]}{space}{quote}{reference}{quote}{rest}{text[end:]}"


def _added(text: str, mapping: MappingNode, entry: str) -> str:
    """The text with an entry added to an object; in block style, as a new line."""
    if mapping.flow_style and mapping.value:
        at = _end(mapping.value[-1][1])
        return f"{text[:at]}, {entry}{text[at:]}"
    if mapping.flow_style:
        at = text.index("{", mapping.start_mark.index) + 1
        return f"{text[:at]}{entry}{text[at:]}"
    indent = mapping.value[0][0].start_mark.column
    at = _line_end(text, _end(mapping))
    while (comment := _COMMENT.match(text, at)) and comment.end() - at >= indent:
        at = _line_end(text, comment.end())
    line_break = "\r\n" if "\r\n" in text else "\n"
    line = f"{' ' * indent}{entry}"
    if at == len(text) and not text.endswith("\n"):
        return f"{text}{line_break}{line}"
    return f"{text[:at]}{line}{line_break}{text[at:]}"


def _line_end(text: str, at: int) -> int:
    """The start of the next line; `at` itself if it is the start of a line."""
    if at and text[at - 1] == "\n":
        return at
    line_end = text.find("\n", at)
    return len(text) if line_end < 0 else line_end + 1
