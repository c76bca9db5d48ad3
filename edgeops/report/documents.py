"""Whole documents as YAML and JSON, for people and for other tools."""

from __future__ import annotations

import json
import re
from typing import Any

# Texts that YAML 1.2 (core schema) would read as something else, but YAML 1.1, which
# PyYAML writes for, would not: 1e3, 0o17, ... These need quotes.
_YAML_12_SCALAR = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
)
# What is a line break to YAML 1.1 only.
_YAML_11_BREAK = re.compile("[\x85\u2028\u2029]")
_NEVER_FOLD = 100_000

# What json.dumps leaves as it is, but a terminal obeys (DEL, C1) or UTF-8 refuses (surrogates).
_TO_ESCAPE = re.compile("[\x7f-\x9f\ud800-\udfff]")


def dump_json(value: Any) -> str:
    """A JSON document for people: indented, key order as it is, ends with a newline."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _TO_ESCAPE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def dump_yaml(value: Any) -> str:
    """A YAML document: block style, key order as it is, no anchors, ends with a newline.

    YAML 1.1 and 1.2 parsers read the same value from it.
    """
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        quoted = _YAML_12_SCALAR.fullmatch(data) or _YAML_11_BREAK.search(data)
        style = '"' if quoted else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLD)
