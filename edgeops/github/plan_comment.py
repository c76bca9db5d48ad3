"""The comment that shows a plan: its marker, the plan up to the digest, then anything else."""

from __future__ import annotations

import re

from edgeops.github.marker import marked

# The plan of a pull request is made at its merge with main, which is another commit than main's.
_COMMIT = re.compile(r"\A(### edgeops plan: [^\n]*) at `[0-9a-f]{7}` → hub ")


def shows(body: str, marker: str, plan: str) -> bool:
    """Whether a comment shows exactly this plan, whose Markdown is `plan`, the commit apart."""
    text = body.replace("\r\n", "\n")  # as a browser sends it
    begin = marked(marker, "")
    if not text.startswith(begin):
        return False
    shown, wanted = _apart(text.removeprefix(begin)), _apart(plan.strip())
    return shown == wanted or shown.startswith(f"{wanted}\n\n")


def _apart(plan: str) -> str:
    return _COMMIT.sub(r"\1 → hub ", plan)
