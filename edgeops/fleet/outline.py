"""Which manifests a document or a text would define if it could be read.

A reference to one of these is not a problem of its own. A name is `<kind> <name>`, as in
`Module camera` and `ModelRelease m@1.0.0`; `*` stands for a kind or a name that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from edgeops.fleet.suggest import nearest

UNKNOWN = "*"
ANY = f"{UNKNOWN} {UNKNOWN}"

_RELEASE = "ModelRelease"
_SCALAR = r"""["']?\s*:\s*["']?([\w.$@+-]+)"""
_KIND = re.compile(r"""(?:^|[{,])[ \t]*["']?kind""" + _SCALAR, re.MULTILINE)
_NAME = re.compile(r"\bname" + _SCALAR)
_VERSION = re.compile(r"\bversion" + _SCALAR)
_SEPARATOR = re.compile(r"^---", re.MULTILINE)


def is_spoiled(spoiled: Collection[str], kind: str, name: str) -> bool:
    """Whether a manifest may be one of those that cannot be read."""
    possible = (f"{kind} {name}", f"{kind} {UNKNOWN}", f"{UNKNOWN} {name}", ANY)
    return any(manifest in spoiled for manifest in possible)


def may_hold(spoiled: Collection[str], *kinds: str) -> bool:
    """Whether a manifest of one of these kinds may be among those that cannot be read."""
    return any(manifest.partition(" ")[0] in (*kinds, UNKNOWN) for manifest in spoiled)


def of_value(value: Any, kinds: Collection[str]) -> str:
    """What a document that is not valid would define."""
    value = value if isinstance(value, dict) else {}
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return _named(value.get("kind"), metadata.get("name"), metadata.get("version"), kinds)


def of_text(text: str, kinds: Collection[str]) -> tuple[str, ...]:
    """What the documents of a file that is not YAML would define, as far as lines tell."""
    return tuple(sorted({_of_part(part, kinds) for part in _SEPARATOR.split(text) if part.strip()}))


def _of_part(text: str, kinds: Collection[str]) -> str:
    metadata = text.partition("metadata")[2]
    name, version = _first(_NAME, metadata), _first(_VERSION, metadata)
    return _named(_first(_KIND, text), name, version, kinds)


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[1] if match else None


def _named(kind: Any, name: Any, version: Any, kinds: Collection[str]) -> str:
    if not isinstance(kind, str):
        kind = None
    elif kind not in kinds:
        kind = nearest(kind, kinds)
    known = isinstance(name, str) and (kind != _RELEASE or isinstance(version, str))
    if not known:
        name = UNKNOWN
    elif kind == _RELEASE:
        name = f"{name}@{version}"
    return f"{kind or UNKNOWN} {name}"
