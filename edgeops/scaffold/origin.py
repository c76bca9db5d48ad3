"""Where this edgeops was installed from, so that others can install the same version."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from edgeops import __version__

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Origin:
    """`version` is what the action installs: a release, git+https://...@COMMIT, or empty.

    `released`: it is a release, which has images.
    """

    version: str
    released: bool


NOWHERE = Origin("", released=False)


def origin_of(direct_url: str | None) -> Origin:
    """The origin of an installed edgeops, from its direct_url.json (None if it has none).

    A local folder or file gives `NOWHERE`: others cannot install it from there.

    Source: "Recording the Direct URL Origin of installed distributions" (PEP 610).
    """
    if direct_url is None:
        return Origin(__version__, released=True)
    record = json.loads(direct_url)
    commit = str(record.get("vcs_info", {}).get("commit_id", ""))
    url = str(record.get("url", ""))
    if _COMMIT.fullmatch(commit) and re.fullmatch(r"https://[\w./-]+", url):
        return Origin(f"git+{url}@{commit}", released=False)
    return NOWHERE
