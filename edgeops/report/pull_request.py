"""What workflow steps write on GitHub about a plan: its comment, its approval, the drift issue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeops.github.marker import joined
from edgeops.report.markdown import Room, fits, html_plain, plain, title
from edgeops.report.plan_markdown import same_plan

if TYPE_CHECKING:
    from edgeops.api.github import Commented
    from edgeops.github.approval import Approval

_NOTE = 1_000
_LEFT_OUT = "(too long for this comment: see the summary of the run)"
_RESOLVE_DRIFT = (
    "**What to do:** to restore the state in git, run the workflow `fleet-sync`; to keep the"
    " changes made on the hub, commit them to git. This issue is closed automatically once the"
    " hub agrees with git."
)


def comment(
    texts: Sequence[str], *, plans: Sequence[str] = (), note: str = "", run_url: str = ""
) -> str:
    """The first preview in full, the others collapsed below it; short enough for GitHub.

    `plans`, each for a hub, are all shown in full, before the others. A preview whose plan is
    already shown is only mentioned. `note` is a sentence to prepend; `run_url` is where everything
    is shown in full.
    """
    parts = [f"> [!NOTE]\n> {plain(note, _NOTE)}"] if note else []
    shown = [*filter(None, map(str.strip, plans))]
    if shown:
        room = [
            text if fits(joined([*parts, *shown[: at + 1]]), Room.COMMENT) else _left_out(text)
            for at, text in enumerate(shown)
        ]
        parts.append(joined(room))
    for text in map(str.strip, texts):
        if any(text == other for other in shown):
            continue
        if any(same_plan(text, other) for other in shown):
            parts.append(f"The same result: {_heading(text)}.")
            continue
        part = _collapsed(text) if shown else text
        if not fits("\n\n".join([*parts, part]), Room.COMMENT):
            part = _left_out(text)
        shown.append(text)
        parts.append(part)
    if run_url:
        parts.append(f"[Full output]({run_url}): in the summary, and as JSON in the artifacts.")
    return "\n\n".join(parts)


def commented(done: Commented) -> str:
    """The outcome of a comment as one line."""
    if done.how is None:
        return f"the token cannot comment on #{done.number}: the step summary has the text instead"
    return f"comment on #{done.number}: {done.how}"


def verdict(approval: Approval) -> tuple[str, str]:
    """Whether a plan was approved and why, as a line and as Markdown."""
    line = f"{'Approved' if approval.given else 'Not approved yet'}: {approval.why}"
    return line, f"\n{plain(line, 2_000, references=True)}."


def drift_title(hub: str) -> str:
    """The title of the issue that stays open while a hub differs from git."""
    return title(f"Drift detected on hub {hub}")


def drift_body(plan: str) -> str:
    """The body of that issue: the plan, which is Markdown, and what to do."""
    return f"{plan.strip()}\n\n{_RESOLVE_DRIFT}"


def _left_out(text: str) -> str:
    return f"{_heading(text)} {_LEFT_OUT}"


def _collapsed(text: str) -> str:
    heading = html_plain(_heading(text).replace("`", ""))
    return f"<details><summary>{heading}</summary>\n\n{text}\n\n</details>"


def _heading(text: str) -> str:
    """The first line, which is a heading: Markdown like the rest of the text."""
    return text.partition("\n")[0].lstrip("# ")
