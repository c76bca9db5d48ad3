"""The comment that shows a plan: the marker, the plan, a line that ends it, then anything else."""

from __future__ import annotations

import re

from edgeops.github.marker import marked

# Nothing of a manifest or a hub can be such a line: theirs is always inside of a line of ours.
END = "<!-- edgeops:end-of-plan -->"

# The plan of a pull request is made at its merge with main, which is another commit than main's.
_COMMIT = re.compile(r"\A(### edgeops plan: [^\n]*) at `[0-9a-f]{7}` → hub ")


def shows(body: str, marker: str, plan: str) -> bool:
    """Whether a comment shows exactly this plan, whose Markdown is `plan`, the commit apart."""
    text = body.replace("\r\n", "\n")  # as a browser sends it
    begin = marked(marker, "")
    shown, end, _ = text.removeprefix(begin).partition(f"\n\n{END}")
    return bool(text.startswith(begin) and end and _apart(shown) == _apart(plan.strip()))


def _apart(plan: str) -> str:
    return _COMMIT.sub(r"\1 → hub ", plan)
