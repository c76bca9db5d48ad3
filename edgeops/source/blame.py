"""The commits that wrote lines of files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edgeops.source.git import repository, run

_HEADER = re.compile(rb"([0-9a-f]{40,64}) \d+ (\d+)")


@dataclass(frozen=True, slots=True, order=True)
class Blamed:
    """When a line was committed, and by which commit."""

    when: datetime
    commit: str


def blame(root: Path, rev: str, file: str, lines: Collection[int]) -> dict[int, Blamed]:
    """The commit of each of these lines of a file, relative to `root`, at a revision.

    A line that is older than a shallow clone is left out: its commit is not known here. Raises
    `EdgeOpsError` when there is no repository, revision or such a file.
    """
    if not lines:
        return {}
    with repository(root) as (repo, prefix):
        path = f"{prefix}/{file}" if prefix else file
        shallow = run(repo, "rev-parse", "--is-shallow-repository").strip() == b"true"
        chosen = (f"-L{line},{line}" for line in sorted(lines))
        # The whole path: git is run at the top of the working tree.
        output = run(repo, "blame", "--line-porcelain", *chosen, rev, "--", path)
        return dict(_parsed(output, leave_out_boundary=shallow))


def _parsed(output: bytes, *, leave_out_boundary: bool) -> Iterator[tuple[int, Blamed]]:
    """The lines of the porcelain format, in which the content of a line begins with a tab."""
    commit, line, when, boundary = "", 0, 0, False
    for text in output.split(b"\n"):
        if text.startswith(b"\t"):
            if not (boundary and leave_out_boundary):
                yield line, Blamed(datetime.fromtimestamp(when, UTC), commit)
            commit, boundary = "", False
        elif not commit and (header := _HEADER.match(text)):
            commit, line = header[1].decode(), int(header[2])
        elif text.startswith(b"committer-time "):
            when = int(text.split()[1])
        elif text == b"boundary":
            boundary = True
