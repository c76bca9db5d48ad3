"""The files that a user names for a release: files, folders and archives."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from edgeops.digest import chunks_of, digest_of
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.fleet.secrets import holds_private_key
from edgeops.plain_file import open_plain
from edgeops.publishing.draft import Artifact
from edgeops.publishing.formats import format_of
from edgeops.publishing.names import MAX_FILES, check_names
from edgeops.publishing.unpack import is_archive, unpacked
from edgeops.translate import doing

_NOTHING = "nothing was published"
_MAX_ENTRIES = 1000  # of a folder: what has more is not a model


@dataclass(frozen=True, slots=True)
class Given:
    """A file or folder as the user named it; `name` is its name on the device, or empty."""

    path: Path
    name: str = ""


def gather(given: Iterable[Given], scratch: Path | None = None) -> tuple[Artifact, ...]:
    """The artifacts in what the user named, read once to compute their digests.

    A folder stands for all its files, the main one first. With `scratch`, an empty folder, each
    archive is unpacked to it. Raises `UsageError` for a name that is not possible on devices, and
    `EdgeOpsError` for what is not a file with content, cannot be read, or is a private key.
    """
    files = [file for one in given for file in _files(one, scratch)]
    check_names(file.name for file in files)
    return tuple(_artifact(file) for file in files)


def _files(given: Given, scratch: Path | None) -> Iterator[Given]:
    path = given.path
    with doing(f"read {path}", _NOTHING):
        mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        prefix = f"{given.name}/" if given.name else ""
        yield from _main_first(
            Given(path / name, prefix + name) for name in sorted(_below(path, path))
        )
    elif scratch is not None and is_archive(path):
        prefix = f"{given.name}/" if given.name else ""
        members = unpacked(path, scratch)
        yield from _main_first(Given(file, prefix + name) for name, file in members)
    else:
        yield Given(path, given.name or path.name)


def _below(root: Path, folder: Path) -> Iterator[str]:
    """The names of the files below a folder. Raises `EdgeOpsError` for links, and for none."""
    count = 0
    with doing(f"read {root}", _NOTHING):
        for place, folders, files in os.walk(folder, onerror=_raised):
            for name in (*folders, *files):
                path = Path(place, name)
                if path.is_symlink():
                    raise EdgeOpsError(
                        f"cannot read {path}: it is a symbolic link",
                        f"{_NOTHING}; replace it with what it leads to",
                    )
            count += len(folders) + len(files)
            if count > _MAX_ENTRIES or len(files) > MAX_FILES:
                raise UsageError(
                    f"{root} has too many files for a release, which has at most {MAX_FILES}",
                    "publish an archive, which the module that uses it unpacks",
                )
            yield from (Path(place, name).relative_to(root).as_posix() for name in files)
    if not count:
        raise UsageError(f"the folder {root} is empty", _NOTHING)


def _raised(error: OSError) -> None:
    raise error


def _main_first(files: Iterable[Given]) -> list[Given]:
    """The files, first the one that says which format it is: it has the shortest path of these."""
    listed = list(files)
    models = [file for file in listed if format_of(file.name)]
    if models:
        main = min(models, key=lambda file: (file.name.count("/"), file.name))
        listed.remove(main)
        listed.insert(0, main)
    return listed


def _artifact(file: Given) -> Artifact:
    path = file.path
    with doing(f"read {path}", _NOTHING), open_plain(path.parent, path.name) as opened:
        chunks = chunks_of(opened)
        start = next(chunks, b"")
        digest = digest_of(chain([start], chunks))
    if holds_private_key(start):
        raise EdgeOpsError(
            f"{file.name} holds a private key, which everybody who gets the release could use",
            f"{_NOTHING}; leave it out, and keep it where only its owner can read it",
        )
    if not digest.size:
        raise EdgeOpsError(f"{path} is empty", _NOTHING)
    return Artifact(file.name, path, digest)
