"""Titles and texts of the pull requests that workflows open, and their outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from edgeops.api.proposals import NewRelease, NextRelease, Proposal, Proposed
from edgeops.promotion.change import ManifestChange
from edgeops.promotion.decide import Decision, Step
from edgeops.release import ModelRelease
from edgeops.report.markdown import cell, code, first_fitting, image, link, plain, title
from edgeops.report.promote_text import unhealthy, why
from edgeops.report.words import count

_DEVICES = 50
_CHANGES = 50


def release_proposal(release: NewRelease, scorecard: str) -> Proposal:
    """The pull request for a newly published release; `scorecard` is Markdown."""
    plots = [path for path in release.added if path.endswith(".png")]

    def text(folder: str) -> str:
        return release_text(
            release.release,
            release.changes,
            why_not=release.why_not,
            scorecard=scorecard,
            plots=[f"{folder}/{path}" for path in plots],
        )

    return Proposal(
        branch=f"edgeops/release/{release.release.name}",
        title=release_title(release.release, release.changes),
        text=text,
        files=release.files,
        meaning=f"{release.release} {release.changes}",
    )


def promotion_proposal(next_release: NextRelease) -> Proposal:
    """The pull request that gives rings another release."""
    text = promotion_text(next_release.decision, next_release.changes)
    return Proposal(
        branch=f"edgeops/promote/{next_release.decision.rollout.slot}",
        title=promotion_title(next_release.decision, next_release.changes),
        text=lambda _: text,
        files=next_release.files,
        meaning=str(next_release.changes),
    )


def proposed_markdown(done: Proposed) -> str:
    """The outcome of a proposal, for the step summary."""
    return f"{link(done.title, done.url)}: {done.how}."


def proposed_text(done: Proposed) -> str:
    """The outcome of a proposal as one line."""
    if done.how == "declined":
        return f"{done.title}: not proposed again, since it was closed without merging: {done.url}"
    return f"{done.title}: {done.how}, {done.url}"


def release_title(release: ModelRelease, changes: Sequence[ManifestChange]) -> str:
    """`Release crowdedness-24h@1.1.0 to canary`."""
    to = f" to {', '.join(change.group for change in changes)}" if changes else ""
    return title(f"Release {release.reference}{to}")


def release_text(
    release: ModelRelease,
    changes: Sequence[ManifestChange],
    *,
    why_not: str,
    scorecard: str,
    plots: Sequence[str],
) -> str:
    """A release, the groups that get it, and its scorecard.

    `why_not` is the reason when no group gets it; `scorecard` is Markdown;
    `plots` are URLs.
    """
    about = [
        f"{code(release.reference)}, {release.size:,} bytes, sha256 {code(release.sha256)}.",
        _table(changes) if changes else f"No group gets it yet. {plain(why_not)}",
    ]
    pictures = [image(PurePosixPath(url).stem, url) for url in plots]
    missing = "(the scorecard is too long for this text: see the model card)"
    endings = ([scorecard.strip(), *pictures], [missing, *pictures], [missing])
    return first_fitting("\n\n".join([*about, *ending]) for ending in endings)


def promotion_title(decision: Decision, changes: Sequence[ManifestChange]) -> str:
    """`Promote crowdedness-24h@1.1.0 to half`, or `Revert ...`."""
    groups = ", ".join(change.group for change in changes)
    if decision.step is Step.DEGRADED:
        return title(f"Revert {decision.rollout.slot} to {decision.back_to} in {groups}")
    return title(f"Promote {decision.rollout.release} to {groups}")


def promotion_text(decision: Decision, changes: Sequence[ManifestChange]) -> str:
    """The decision about a release with its reasons, and the changes, if any."""
    parts = [code(why(decision)), *_listed(unhealthy(decision))]
    return "\n\n".join([*parts, *([_table(changes)] if changes else [])])


def _listed(devices: Sequence[tuple[str, str]]) -> Iterator[str]:
    if devices:
        lines = [f"* {code(f'{device}   {words}')}" for device, words in devices[:_DEVICES]]
        if len(devices) > _DEVICES:
            lines.append(f"* and {count(len(devices) - _DEVICES, 'more device')}")
        yield "\n".join(lines)


def _table(changes: Sequence[ManifestChange]) -> str:
    rows = [
        f"| {cell(change.group)} | {cell(change.slot)} | {cell(change.before or 'nothing')}"
        f" | {cell(change.after)} |"
        for change in changes[:_CHANGES]
    ]
    if len(changes) > _CHANGES:
        rows.append(f"| and {count(len(changes) - _CHANGES, 'more group')} | | | |")
    return "\n".join(["| group | slot | before | after |", "|---|---|---|---|", *rows])
