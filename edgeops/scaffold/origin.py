"""Which edgeops this is, as others can install the very same."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from edgeops import __version__

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Origin:
    """`version` is what the action installs: a release, git+https://...@COMMIT, or nothing.

    `released` means that there is a release of it, with images.
    """

    version: str
    released: bool


NOWHERE = Origin("", released=False)


def origin_of(direct_url: str | None) -> Origin:
    """Where an installed edgeops came from, by its direct_url.json; None: it has no such file.

    A folder or a file of this machine is nowhere that others could install it from.

    Source: "Recording the Direct URL Origin of installed distributions" (PEP 610).
    """
    if direct_url is None:
        return Origin(__version__, released=True)
    told = json.loads(direct_url)
    commit = str(told.get("vcs_info", {}).get("commit_id", ""))
    url = str(told.get("url", ""))
    if _COMMIT.fullmatch(commit) and re.fullmatch(r"https://[\w./-]+", url):
        return Origin(f"git+{url}@{commit}", released=False)
    return NOWHERE
