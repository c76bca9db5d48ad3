"""The state folder `.edgeops` of a fleet: keys, the local hub, artifacts and builds.

Its content is trusted: keys open the hub, and a build is published as it was evaluated. So it must
have been created on this machine. One that came with a checkout, as files, a link or a submodule,
holds what the author of a commit put there, and is refused.
"""

from __future__ import annotations

import subprocess
import unicodedata
from pathlib import Path

from edgeops.errors import Refused

STATE = ".edgeops"

# A git pathspec that matches all names that `is_state_name` accepts, and few others.
_SPELLINGS = ":(icase).*e*d*g*e*o*p*"


def is_state_name(name: str) -> bool:
    """Whether some file system treats this name as `.edgeops`."""
    return is_name_of(name, STATE)


def is_name_of(name: str, folder: str) -> bool:
    """Whether some file system treats a name as that of a folder, given in lower case.

    File systems of macOS ignore case, and HFS+ also invisible characters (as git learned for
    `.git`: CVE-2014-9390).
    """
    visible = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return visible.casefold() == folder


def refuse_foreign_state(root: Path) -> None:
    """Raise `Refused` when a `.edgeops` in this folder was not created by edgeops here."""
    for entry in root.iterdir():
        if not is_state_name(entry.name):
            continue
        if entry.is_symlink():
            raise _foreign(entry.name, "is a link", f"remove it: rm {entry.name!a}")
        if entry.name != STATE or not entry.is_dir():
            raise _foreign(entry.name, f"is not a folder named {STATE}", "rename or remove it")
        if tracked := _tracked(root):
            raise committed_state(tracked, "in git")


def committed_state(name: str, where: str) -> Refused:
    """The error of a state folder that is in a commit, or staged for the next one."""
    return _foreign(
        name,
        f"is {where}",
        f"remove it from git and from disk: git rm -r --cached -- {name.partition('/')[0]!a},"
        f" commit, then rm -r {STATE}",
    )


def _tracked(root: Path) -> str | None:
    """A path in git's index that is, or is in, the state folder of a root."""
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return None
    try:  # importing GitPython would take longer than this call
        command = ["git", "ls-files", "-z", "--", _SPELLINGS]
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise Refused(
            f"git cannot determine whether {STATE} came with the checkout",
            f"make `git -C {root} status` work, or remove {STATE}",
        ) from error
    names = (name.decode(errors="surrogateescape") for name in listed.split(b"\0"))
    return next((name for name in names if is_state_name(name.partition("/")[0])), None)


def _foreign(name: str, fault: str, hint: str) -> Refused:
    return Refused(
        f"{name!a} {fault}; edgeops trusts only state that was created on this machine", hint
    )
