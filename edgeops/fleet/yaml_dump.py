"""Writes values as YAML, in block style or on one line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

# Texts that YAML 1.2 (core schema) would read as something else, but YAML 1.1, which PyYAML writes
# for, would not: 1e3, 0o17, ... These need quotes.
_YAML_12_SCALAR = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+"
)


def dump_block(value: Any, *, quoted: Callable[[str], bool] = lambda _text: False) -> str:
    """A YAML document: block style, key order as it is, no anchors, ends with a newline.

    YAML 1.1 and 1.2 parsers read the same value from it. `quoted` returns whether to put a text in
    double quotes that does not need them.
    """
    return _dump(value, quoted, flow=False)


def dump_flow(value: Any) -> str:
    """A list or an object as YAML on one line, without a newline, as `dump_block` writes texts."""
    return _dump(value, lambda _text: False, flow=True).removesuffix("\n")


def _dump(value: Any, quoted: Callable[[str], bool], *, flow: bool) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

        def choose_scalar_style(self) -> str:
            style: str = super().choose_scalar_style()
            # One kind of quotes, unless the text is easier to read in the other.
            easier = isinstance(self.event, yaml.ScalarEvent) and {'"', "\\"} & {*self.event.value}
            return '"' if style == "'" and not easier else style

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        style = '"' if _YAML_12_SCALAR.fullmatch(data) or quoted(data) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(
        value,
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=math.inf,
        default_flow_style=flow,
    )
