"""Several previews of one change as one comment, always short enough for GitHub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeops.report.markdown import Room, fits, html_plain, plain
from edgeops.report.plan_markdown import same_plan

if TYPE_CHECKING:
    from edgeops.api.github import Commented
    from edgeops.github.approval import Approval

_NOTE = 1_000
_LEFT_OUT = "(there is no room for it here: see the summary of the run)"


def comment(texts: Sequence[str], *, note: str = "", run_url: str = "") -> str:
    """The first preview in full, each other one folded below it.

    A preview of the very plan that is shown already is not told again. `note`
    is one sentence in front; `run_url` is where all is found in full.
    """
    parts = [f"> [!NOTE]\n> {plain(note, _NOTE)}"] if note else []
    shown: list[str] = []
    for text in map(str.strip, texts):
        if any(text == other for other in shown):
            continue
        if any(same_plan(text, other) for other in shown):
            parts.append(f"The same result: {_title(text)}.")
            continue
        part = _folded(text) if shown else text
        if not fits("\n\n".join([*parts, part]), Room.COMMENT):
            part = f"{_title(text)} {_LEFT_OUT}"
        shown.append(text)
        parts.append(part)
    if run_url:
        parts.append(f"[All of it]({run_url}): in the summary, and as JSON in the artifacts.")
    return "\n\n".join(parts)


def commented(done: Commented) -> str:
    """One line that says what became of a comment."""
    if done.how is None:
        return f"the token may not comment on #{done.number}: the step summary has the text instead"
    return f"comment on #{done.number}: {done.how}"


def verdict(approval: Approval) -> tuple[str, str]:
    """Whether a plan was approved and why, as a line and as Markdown."""
    line = f"{'Approved' if approval.given else 'Not approved yet'}: {approval.why}"
    return line, f"\n{plain(line, 2_000, references=True)}."


def _folded(text: str) -> str:
    title = html_plain(_title(text).replace("`", ""))
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _title(text: str) -> str:
    """The first line, which is a heading: Markdown like the rest of the text."""
    return text.partition("\n")[0].lstrip("# ")
