"""The folder `.edgeops` of a fleet: keys, the local hub, artifacts and builds of this machine.

What is in it is believed: keys open the hub, a build is published as it was judged. So it must
have been made here. One that a checkout brought along, as files, a link or a submodule, holds
what the author of some commit put there, and is refused.
"""

from __future__ import annotations

import subprocess
import unicodedata
from pathlib import Path

from edgeops.errors import Refused

STATE = ".edgeops"

# What git matches its paths with: all that `is_state_name` may accept, and few others.
_SPELLINGS = ":(icase).*e*d*g*e*o*p*"


def is_state_name(name: str) -> bool:
    """Whether some file system takes this name for `.edgeops`."""
    return is_name_of(name, STATE)


def is_name_of(name: str, folder: str) -> bool:
    """Whether some file system takes a name for that of a folder in lower case.

    Those of macOS ignore case, and HFS+ also characters that nobody sees (git had to learn this
    for `.git`: CVE-2014-9390).
    """
    seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return seen.casefold() == folder


def refuse_foreign_state(root: Path) -> None:
    """Raise `Refused` when a `.edgeops` in this folder was not made by edgeops here."""
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
    """The error of state that is part of a commit, or of the next one."""
    return _foreign(
        name,
        f"is {where}",
        f"remove it from git and from disk: git rm -r --cached -- {name.partition('/')[0]!a},"
        f" commit, then rm -r {STATE}",
    )


def _tracked(root: Path) -> str | None:
    """A path of git's index that lies in, or is, the state folder below a root."""
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return None
    try:  # GitPython would take longer to import than this takes in all
        command = ["git", "ls-files", "-z", "--", _SPELLINGS]
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise Refused(
            f"git cannot tell whether {STATE} came with the checkout",
            f"let `git -C {root} status` work, or remove {STATE}",
        ) from error
    names = (name.decode(errors="surrogateescape") for name in listed.split(b"\0"))
    return next((name for name in names if is_state_name(name.partition("/")[0])), None)


def _foreign(name: str, what: str, hint: str) -> Refused:
    return Refused(
        f"{name!a} {what}; edgeops believes only state that was made on this machine", hint
    )
