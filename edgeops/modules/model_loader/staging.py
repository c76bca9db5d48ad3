"""Where a model is until it is complete: a hidden part file, or a hidden folder with several.

What is in the folder under its name is complete, so a killed download goes on
with the file that it was at.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeops.files import sync_folder
from edgeops.modules.model_loader.wanted import WantedFile, WantedModel
from edgeops.modules.runtime.slots import OWN, POINTER, is_plain

_HIDDEN = re.compile(rf"\.([0-9a-f]{{16}}|{re.escape(POINTER)}|{OWN})\.part\Z")


@dataclass(frozen=True, slots=True)
class Staging:
    """The place of an unfinished model: `path` is its part file, or the folder of its files."""

    path: Path
    model: WantedModel

    @property
    def main(self) -> Path:
        """The main file, once it is there."""
        return self.place(self.model.main)

    def place(self, file: WantedFile) -> Path:
        """Where a file is once it is complete."""
        return self.path / file.name if self.model.has_folder else self.path

    def part(self, file: WantedFile) -> Path:
        """Where a file is downloaded to."""
        return self.path / hidden_name(file.digest) if self.model.has_folder else self.path

    def prepare(self) -> None:
        """Make room for part files: what else has this name is removed. Raises `OSError`."""
        if self.path.is_symlink() or self.path.is_dir() != self.model.has_folder:
            remove(self.path)
        if self.model.has_folder:
            self.path.mkdir(exist_ok=True)

    def has(self, file: WantedFile) -> bool:
        """Whether something is in the place of a file, without links on the way."""
        return self.model.has_folder and is_plain(self.path, file.name)

    def complete(self, file: WantedFile) -> None:
        """Give a verified part file its place. Raises `OSError`."""
        if not self.model.has_folder:
            return
        folder = self.path
        for name in file.name.split("/")[:-1]:
            above, folder = folder, folder / name
            if folder.is_symlink() or not folder.is_dir():
                remove(folder)
                folder.mkdir()
                sync_folder(above)
        place = self.place(file)
        if place.is_dir() and not place.is_symlink():
            remove(place)
        self.part(file).replace(place)
        sync_folder(folder)

    def held(self) -> int:
        """The bytes that are here already. Raises `OSError`."""
        paths = self.path.rglob("*") if self.model.has_folder else iter((self.path,))
        return sum(
            path.lstat().st_size for path in paths if path.is_file() and not path.is_symlink()
        )


def hidden_name(digest: str) -> str:
    """The name of what is not complete yet."""
    return f".{digest[:16]}.part"


def is_hidden(name: str) -> bool:
    """Whether this is the name of something that the loader has not completed."""
    return bool(_HIDDEN.match(name))


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there. Raises `OSError`."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Make all names below a folder survive power loss. Raises `OSError`."""
    for below in _folders(folder):
        sync_folder(below)


def _folders(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        below = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    for each in below:
        yield from _folders(each)
    yield folder
