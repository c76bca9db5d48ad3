"""The issue that stays open while a hub is not as git wants it."""

from __future__ import annotations

from edgeops.report.markdown import title

_WHAT_TO_DO = (
    "**What to do:** to put it back, run the workflow `fleet-sync`; to keep what was changed on"
    " the hub, write it into git. This issue closes itself when hub and git agree."
)


def heading(hub: str) -> str:
    """Its title."""
    return title(f"Hub {hub} is not as git wants it")


def body(plan: str) -> str:
    """What it says: the plan, which is Markdown, and what to do."""
    return f"{plan.strip()}\n\n{_WHAT_TO_DO}"
