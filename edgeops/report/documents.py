"""Whole documents as YAML and JSON, for people and for other tools."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from edgeops.fleet.shown import escape, printable
from edgeops.report.inert import in_quotes, without_command

# Texts that YAML 1.2 (core schema) would read as something else, but YAML 1.1, which
# PyYAML writes for, would not: 1e3, 0o17, ... These need quotes.
_YAML_12_SCALAR = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
)


def dump_json(value: Any) -> str:
    """A JSON document for people: indented, key order as it is, ends with a newline."""
    return in_quotes(json.dumps(value, indent=2, ensure_ascii=False), escape=_json_escape) + "\n"


def json_line(value: Any) -> str:
    """A JSON document on one line, without a newline at its end."""
    return in_quotes(json.dumps(value, ensure_ascii=False), escape=_json_escape)


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def dump_yaml(value: Any) -> str:
    """A YAML document: block style, key order as it is, no anchors, ends with a newline.

    YAML 1.1 and 1.2 parsers read the same value from it.
    """
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        quoted = _YAML_12_SCALAR.fullmatch(data) or not _is_inert(data)
        style = '"' if quoted else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    document = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=math.inf)
    return in_quotes(document, escape=escape)


def _is_inert(data: str) -> bool:
    """Whether a text may stand in a document without quotes, on lines of its own."""
    return all(without_command(printable(line), begins=True) == line for line in data.split("\n"))
