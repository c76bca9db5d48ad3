"""Titles and texts of the pull requests that workflows open, and their outcome."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from edgeops.api.proposals import NewRelease, NextPromotion, Proposal, Proposed
from edgeops.fleet.layers import Path
from edgeops.promotion.change import ManifestChange
from edgeops.promotion.decide import Decision, Step
from edgeops.promotion.value import is_slot
from edgeops.release import ModelRelease
from edgeops.report.markdown import cell, code, first_fitting, image, link, plain, title
from edgeops.report.promote_text import name_of, unhealthy, why, words_of
from edgeops.report.release_words import files_in_words, variant_in_words
from edgeops.report.words import count, show_path

_DEVICES = 50
_CHANGES = 50
_MOST_LETTERS = 80  # of a path in the name of a branch
_BRANCH_NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{_MOST_LETTERS}}}")


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


def promotion_proposal(next_promotion: NextPromotion) -> Proposal:
    """The pull request that gives rings another value."""
    text = promotion_text(next_promotion.decision, next_promotion.changes)
    return Proposal(
        branch=f"edgeops/promote/{_branch_name(next_promotion.decision.rollout.path)}",
        title=promotion_title(next_promotion.decision, next_promotion.changes),
        text=lambda _: text,
        files=next_promotion.files,
        meaning=str(next_promotion.changes),
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
        _about(release),
        _table(changes) if changes else f"No group gets it yet. {plain(why_not)}",
    ]
    pictures = [image(PurePosixPath(url).stem, url) for url in plots]
    missing = "(the scorecard is too long for this text: see the model card)"
    endings = ([scorecard.strip(), *pictures], [missing, *pictures], [missing])
    return first_fitting("\n\n".join([*about, *ending]) for ending in endings)


def _about(release: ModelRelease) -> str:
    if release.variants:
        listed = (f"* {code(variant_in_words(variant))}" for variant in release.variants)
        return "\n".join([f"{code(release.reference)}, by the labels of devices:", "", *listed])
    several = f"{files_in_words(release)}, " if len(release.files) > 1 else ""
    size = f"{several}{release.size:,} bytes"
    return f"{code(release.reference)}, {size}, sha256 {code(release.sha256)}."


def promotion_title(decision: Decision, changes: Sequence[ManifestChange]) -> str:
    """`Promote crowdedness-24h@1.1.0 to half`, or `Revert ...`."""
    groups = ", ".join(change.group for change in changes)
    path = decision.rollout.path
    name = name_of(path)
    if decision.step is Step.DEGRADED:
        return title(f"Revert {name} to {_unquoted(decision.back_to, path)} in {groups}")
    value = _unquoted(decision.rollout.value, path)
    return title(f"Promote {value if is_slot(path) else f'{name} {value}'} to {groups}")


def _unquoted(value: Any, path: Path) -> str:
    return words_of(value, path).strip("\"'")  # a title has no quotes


def promotion_text(decision: Decision, changes: Sequence[ManifestChange]) -> str:
    """The decision about a value with its reasons, and the changes, if any."""
    parts = [code(why(decision)), *_listed(unhealthy(decision))]
    return "\n\n".join([*parts, *([_table(changes)] if changes else [])])


def _branch_name(path: Path) -> str:
    """A name that git allows for a branch, another for each path; the slot itself for a release."""
    name = name_of(path)
    if _BRANCH_NAME.fullmatch(name) and ".." not in name and not name.endswith((".", ".lock")):
        return name
    start = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:_MOST_LETTERS].strip("-")
    return f"{start}-{hashlib.sha256(show_path(path).encode()).hexdigest()[:12]}"


def _listed(devices: Sequence[tuple[str, str]]) -> Iterator[str]:
    if devices:
        lines = [f"* {code(f'{device}   {words}')}" for device, words in devices[:_DEVICES]]
        if len(devices) > _DEVICES:
            lines.append(f"* and {count(len(devices) - _DEVICES, 'more device')}")
        yield "\n".join(lines)


def _table(changes: Sequence[ManifestChange]) -> str:
    rows = [
        f"| {cell(change.group)} | {cell(name_of(change.path))}"
        f" | {cell(words_of(change.before, change.path))}"
        f" | {cell(words_of(change.after, change.path))} |"
        for change in changes[:_CHANGES]
    ]
    if len(changes) > _CHANGES:
        rows.append(f"| and {count(len(changes) - _CHANGES, 'more group')} | | | |")
    what = "slot" if all(is_slot(change.path) for change in changes) else "value"
    return "\n".join([f"| group | {what} | before | after |", "|---|---|---|---|", *rows])
