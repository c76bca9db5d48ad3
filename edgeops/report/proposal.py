"""Titles and texts of the pull requests that workflows open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from edgeops.promotion.change import Change
from edgeops.promotion.decide import Decision, Step
from edgeops.release import ModelRelease
from edgeops.report.markdown import cell, code, first_fitting, image, plain, title
from edgeops.report.promote_text import text
from edgeops.report.words import count

_REASONS = 50
_CHANGES = 50


def release_title(release: ModelRelease, changes: Sequence[Change]) -> str:
    """`Release crowdedness-24h@1.1.0 to canary`."""
    to = f" to {', '.join(change.group for change in changes)}" if changes else ""
    return title(f"Release {release.reference}{to}")


def release_text(
    release: ModelRelease,
    changes: Sequence[Change],
    *,
    why_not: str,
    scorecard: str,
    plots: Sequence[str],
) -> str:
    """What a release is, who gets it, and how good it is.

    `why_not` says why nobody gets it where there are no changes; `scorecard`
    is Markdown; `plots` are URLs.
    """
    about = [
        f"{code(release.reference)}, {release.size:,} bytes, sha256 {code(release.sha256)}.",
        _table(changes) if changes else f"No group gets it yet. {plain(why_not)}",
    ]
    pictures = [image(PurePosixPath(url).stem, url) for url in plots]
    missing = "(there is no room for the scorecard here: see the model card)"
    ways = ([scorecard.strip(), *pictures], [missing, *pictures], [missing])
    return first_fitting("\n\n".join([*about, *way]) for way in ways)


def promotion_title(decision: Decision, changes: Sequence[Change]) -> str:
    """`Promote crowdedness-24h@1.1.0 to half`, or where it goes back to."""
    groups = ", ".join(change.group for change in changes)
    if decision.step is Step.DEGRADED:
        return title(f"Revert {decision.rollout.slot} to {decision.back_to} in {groups}")
    return title(f"Promote {decision.rollout.release} to {groups}")


def promotion_text(decision: Decision, changes: Sequence[Change]) -> str:
    """Why a release goes on or back, or stays; and what changes, if anything does."""
    why, *reasons = text([decision], {}).splitlines()
    return "\n\n".join([code(why), *_listed(reasons), *([_table(changes)] if changes else [])])


def _listed(reasons: Sequence[str]) -> Iterator[str]:
    if reasons:
        lines = [f"* {code(reason.strip())}" for reason in reasons[:_REASONS]]
        if len(reasons) > _REASONS:
            lines.append(f"* and {count(len(reasons) - _REASONS, 'more device')}")
        yield "\n".join(lines)


def _table(changes: Sequence[Change]) -> str:
    rows = [
        f"| {cell(one.group)} | {cell(one.slot)} | {cell(one.before or 'nothing')}"
        f" | {cell(one.after)} |"
        for one in changes[:_CHANGES]
    ]
    if len(changes) > _CHANGES:
        rows.append(f"| and {count(len(changes) - _CHANGES, 'more group')} | | | |")
    return "\n".join(["| group | slot | before | after |", "|---|---|---|---|", *rows])
