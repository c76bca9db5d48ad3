"""Lets a fleet use the state of a hub that runs elsewhere: `.edgeops` itself must not be a link."""

from pathlib import Path

_FOLDERS = ("artifacts", "devices")


def share_state(root: Path, state: Path) -> None:
    """A folder `.edgeops` in which all is a link to what is in the state of a running hub."""
    for name in _FOLDERS:
        (state / name).mkdir(exist_ok=True)
    own = root / ".edgeops"
    own.mkdir()
    (own / ".gitignore").write_text("*\n")
    for entry in state.iterdir():
        if entry.name != ".gitignore":
            (own / entry.name).symlink_to(entry)
