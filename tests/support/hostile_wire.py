"""Values that programs stumble over, for fuzzers of what takes JSON, texts and bytes."""

from __future__ import annotations

import json
from random import Random
from typing import Any

TEXTS = (
    "",
    "a",
    "*",
    "..",
    "a/b",
    "a%2fb",
    "%00",
    "\0",
    "\n\r\t",
    "é",
    "\u2028",
    "\U0001f600",
    "\ufffd",
    "٣",
    "$version",
    "$edgeAgent",
    "properties.desired",
    "properties.desired." + "a." * 200,
    "x" * 300,
    "x" * 5000,
    "1e999",
    "-0",
    "null",
    "'",
    '"',
    "]]",
    "\\",
    "\\ud800",
    "{{}}",
    "../../etc/passwd",
)
NUMBERS = (
    *(0, -1, 1, True, False, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63) - 1),
    *(10**40, 0.1, -0.0, 1e308, 5e-324, 4503599627370495, 4503599627370496),
)


def value(random: Random, depth: int = 0) -> Any:
    """Any JSON value."""
    kind = random.randrange(4 if depth > 3 else 7)
    if kind == 0:
        return random.choice(TEXTS)
    if kind == 1:
        return random.choice(NUMBERS)
    if kind == 2:
        return None
    if kind == 3:
        return nested(random, random.choice([5, 11, 70, 900]))
    inner = [value(random, depth + 1) for _ in range(random.randrange(4))]
    return inner if kind == 4 else {random.choice(TEXTS): item for item in inner}


def nested(random: Random, levels: int) -> Any:
    """A value deep down in objects and arrays."""
    nest: Any = 1
    for _ in range(levels):
        nest = [nest] if random.random() < 0.3 else {"a": nest}
    return nest


def spoilt(random: Random, good: Any) -> Any:
    """A good JSON value with a part of it replaced, left out or repeated."""
    if isinstance(good, dict) and good and random.random() < 0.8:
        key = random.choice(sorted(good))
        others = {name: item for name, item in good.items() if name != key}
        how = random.randrange(4)
        if how == 0:
            return others
        if how == 1:
            return others | {random.choice(TEXTS): good[key]}
        return others | {key: spoilt(random, good[key])}
    if isinstance(good, list) and good and random.random() < 0.7:
        index = random.randrange(len(good))
        changed = spoilt(random, good[index])
        return [*good[:index], changed, *good[index + random.randrange(2) :]]
    return value(random)


def json_bytes(random: Random, content: Any) -> bytes:
    """A value as JSON, sometimes not quite."""
    try:
        text = json.dumps(content, ensure_ascii=random.random() < 0.5)
    except RecursionError:
        text = "[" * 900
    raw = text.encode("utf-8", "surrogatepass")
    return mutated(random, raw) if random.random() < 0.15 else raw


def mutated(random: Random, raw: bytes) -> bytes:
    """Bytes with some of them changed, taken out, doubled, or cut off."""
    data = bytearray(raw)
    for _ in range(random.randrange(1, 4)):
        start = random.randrange(len(data) + 1)
        end = min(len(data), start + random.choice([0, 1, 1, 2, 8, 64]))
        kind = random.randrange(5)
        if kind == 0:
            data[start:end] = random.randbytes(random.choice([1, 1, 2, 8]))
        elif kind == 1:
            del data[start:end]
        elif kind == 2:
            data[start:start] = data[start:end]
        elif kind == 3:
            data[start:end] = random.choice([b"\xff", b"\0", b"\xed\xa0\x80", b"\xc0\x80", b"NaN"])
        else:
            del data[start:]
    return bytes(data)
