"""Puts a value into a YAML text at the position that the parser gives; nothing is proven here."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import yaml
from yaml.events import AliasEvent
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from edgeops.fleet.layers import Path
from edgeops.fleet.yaml_dump import dump_block, dump_flow

KIND, _NAME = "Group", ("metadata", "name")
# Anchors and tags in front of a value.
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+|\Z))*")
_IN_BRACKETS = re.compile(r"^[-?:]|[,\[\]{}]")  # what brackets do not allow in a plain text
_COMMENT = re.compile(r"[ \t]*(?=#)")
_STEP = "  "  # of a new level of indentation


def spliced(text: str, group: str, path: Path, value: Any) -> str | None:
    """The text with the value at a path below the `spec` of the Group; None if it cannot be put."""
    return spliced_into(text, KIND, group, path, value)


def spliced_into(
    text: str, kind: str, name: str, path: Sequence[str | int], value: Any
) -> str | None:
    """The text with the value at a path below the `spec` of a manifest; None if it cannot be put.

    The path may lead through lists, by index.
    """
    try:
        roots = _roots(text)
    except yaml.YAMLError:  # such as a repeated anchor name, which YAML 1.1 refuses
        return None
    node = next((root for root in roots if _is_manifest(root, kind, name)), None)
    place: tuple[Any, Any] | None = None
    keys = ("spec", *path)
    for depth, key in enumerate(keys):
        if isinstance(key, int):
            node = node.value[key] if isinstance(node, SequenceNode) else None
            continue
        if not isinstance(node, MappingNode):
            return None
        place = next((pair for pair in node.value if pair[0].value == key), None)
        if place is None:
            return _added(text, node, tuple(map(str, keys[depth:])), value)
        node = place[1]
    return _replaced(text, *place, value) if place else None


def inline(value: Any, quote: str = "") -> str:
    """A value as YAML on one line, valid within brackets too; a text in these quotes, if it can."""
    if isinstance(value, str):
        if quote == "'" and "\n" not in value:
            return "'" + value.replace("'", "''") + "'"
        if quote or "\n" in value:
            return json.dumps(value, ensure_ascii=False)
        plain = dump_block([value])[2:-1]
        if plain == value and not _IN_BRACKETS.search(value):  # `opc:2`, which brackets allow too
            return plain
    text = dump_flow([value])[1:-1]
    return json.dumps(value, ensure_ascii=False) if "\n" in text else text


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


def _is_manifest(root: Any, kind: str, name: str) -> bool:
    return (_text(root, "kind"), _text(root, *_NAME)) == (kind, name)


def _text(node: Any, *keys: str) -> Any:
    """The text of the node below these keys, None if there is none."""
    for key in keys:
        pairs = node.value if isinstance(node, MappingNode) else []
        node = next((value for name, value in pairs if name.value == key), None)
    return getattr(node, "value", None)


def _end(node: Any) -> int:
    """The index after the last character of a value."""
    if _is_block(node) and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, MappingNode) else last)
    return int(node.end_mark.index)


def _is_block(node: Any) -> bool:
    return isinstance(node, CollectionNode) and not node.flow_style


def _line_end(text: str, at: int) -> int:
    """The start of the next line; `at` itself if it is the start of a line."""
    if at and text[at - 1] == "\n":
        return at
    line_end = text.find("\n", at)
    return len(text) if line_end < 0 else line_end + 1


# --- edits -----------------------------------------------------------------------


def _replaced(text: str, key: Any, node: Any, value: Any) -> str | None:
    if _is_block(node):
        return _block_replaced(text, key, node, value)
    start, end = node.start_mark.index, node.end_mark.index
    properties = _PROPERTIES.match(text, start, end) if isinstance(value, str) else None
    start = properties.end() if properties else start
    old = text[start:end]
    quote = node.style if isinstance(node, ScalarNode) and node.style in ("'", '"') else ""
    space = "" if old or text[start - 1].isspace() else " "
    rest = old[len(old.rstrip()) :]  # a block of text ends with a line break
    return f"{text[:start]}{space}{inline(value, quote)}{rest}{text[end:]}"


def _block_replaced(text: str, key: Any, node: CollectionNode, value: Any) -> str | None:
    """The text with another value in place of an object or list in block style."""
    first, after_key = node.start_mark, key.end_mark.index
    if first.line == key.end_mark.line:  # an anchor, which others may refer to
        return None
    lines, end = first.index - first.column, _line_end(text, _end(node))
    if not _has_parts(value):
        at = text.index(":", after_key) + 1
        return f"{text[:at]} {inline(value)}{text[at:lines]}{text[end:]}"
    deeper = first.column > key.start_mark.column or isinstance(value, list)
    indent = first.column if deeper else first.column + len(_STEP)
    block = _broken(text, textwrap.indent(dump_block(value), " " * indent))
    return f"{text[:lines]}{block}{text[end:]}"


def _added(text: str, mapping: MappingNode, keys: Path, value: Any) -> str:
    """The text with an entry added to an object; in block style, as new lines."""
    if mapping.flow_style and mapping.value:
        at = _end(mapping.value[-1][1])
        return f"{text[:at]}, {_entry(keys, value)}{text[at:]}"
    if mapping.flow_style:
        at = text.index("{", mapping.start_mark.index) + 1
        return f"{text[:at]}{_entry(keys, value)}{text[at:]}"
    indent = mapping.value[0][0].start_mark.column
    at = _line_end(text, _end(mapping))
    while (comment := _COMMENT.match(text, at)) and comment.end() - at >= indent:
        at = _line_end(text, comment.end())
    lines = _broken(text, textwrap.indent(_lines(keys, value), " " * indent))
    if at == len(text) and not text.endswith("\n"):
        return f"{text}{_broken(text, chr(10))}{lines.rstrip()}"
    return f"{text[:at]}{lines}{text[at:]}"


def _entry(keys: Path, value: Any) -> str:
    """A member of an object in brackets: `opc: {image: "opc:2"}`."""
    key, *below = keys
    return f"{inline(key)}: {f'{{{_entry(tuple(below), value)}}}' if below else inline(value)}"


def _lines(keys: Path, value: Any) -> str:
    """A member of an object in block style; the innermost new object is in brackets if it fits."""
    if len(keys) == 1 and _has_parts(value):
        return f"{inline(keys[0])}:\n{textwrap.indent(dump_block(value), _STEP)}"
    if len(keys) == 1 or (len(keys) == 2 and not _has_parts(value)):
        return f"{_entry(keys, value)}\n"
    return f"{inline(keys[0])}:\n{textwrap.indent(_lines(keys[1:], value), _STEP)}"


def _has_parts(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _broken(text: str, lines: str) -> str:
    """New lines with the line breaks of the text."""
    return lines.replace("\n", "\r\n") if "\r\n" in text else lines
