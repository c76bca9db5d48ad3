"""Values as YAML and JSON documents, for people and for other tools."""

from __future__ import annotations

import json
from typing import Any

from edgeops.fleet.shown import escape, printable
from edgeops.report.inert import in_quotes, without_command


def dump_json(value: Any) -> str:
    """A JSON document for people: indented, keys in the given order, ends with a newline."""
    return in_quotes(json.dumps(value, indent=2, ensure_ascii=False), escape=_json_escape) + "\n"


def json_line(value: Any) -> str:
    """A JSON document on one line, without a newline at its end."""
    return in_quotes(json.dumps(value, ensure_ascii=False), escape=_json_escape)


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def dump_yaml(value: Any) -> str:
    """A YAML document for people, as `dump_block` writes it; ends with a newline."""
    from edgeops.fleet.yaml_dump import dump_block  # which most documents do not need

    return in_quotes(dump_block(value, quoted=lambda text: not _is_inert(text)), escape=escape)


def _is_inert(data: str) -> bool:
    """Whether a text can appear in a document without quotes, on its own lines."""
    return all(without_command(printable(line), begins=True) == line for line in data.split("\n"))
