"""Which new files git would take into a commit."""

from __future__ import annotations

import os
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.source.git import repository, run


def may_be_committed(path: Path) -> bool:
    """Whether a file, which need not exist, is in the working tree of a repository unignored.

    True as well if git cannot tell.
    """
    place = Path(os.path.realpath(path.parent), path.name)
    folder = next((each for each in place.parents if each.is_dir()), place.parent)
    if not any((each / ".git").exists() for each in (folder, *folder.parents)):
        return False
    try:
        with repository(folder) as (repo, _):
            run(repo, "-C", str(folder), "check-ignore", "--quiet", "--", str(place))
    except EdgeOpsError:
        return True
    return False
