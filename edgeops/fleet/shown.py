"""A value as a message may show it."""

from __future__ import annotations

import json
from typing import Any

from edgeops.fleet.secrets import mask

_LONGEST = 60


def shown(value: Any) -> str:
    """A value in one short line: secrets masked, control characters escaped."""
    text = mask(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "..."
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
