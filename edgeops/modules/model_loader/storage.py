"""The storage folder of a device: the content of each slot, and putting a model into it.

Everything here survives a kill or a power cut between any two steps: a file is
complete before it gets its name, and has its name before the pointer says so.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from edgeops.digest import Digest, chunks_of, digest_of
from edgeops.files import sync_folder
from edgeops.modules.model_loader.decide import Folder, outdated
from edgeops.modules.model_loader.desired import FLAT, WantedModel
from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.runtime.slots import POINTER, CurrentModel, read_current, write_current
from edgeops.translate import translate

_RESERVE = 1 << 20  # bytes that stay free for the pointer and the logs of others
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, slots=True)
class Storage:
    """The storage folder `root`; `source` is the same folder as the host calls it.

    Digests are remembered as long as a file's size, times and inode stay as
    they are, so a model in use is hashed once a start.
    """

    root: Path
    source: Path
    _digests: dict[tuple[str, bool], tuple[tuple[int, ...], Digest]] = field(default_factory=dict)

    def folder(self, model: WantedModel) -> Path:
        """The folder of the model's slot, made where missing. Raises `LoadFailed`, `OSError`."""
        path = self.root / model.slot
        if path != self.root:
            path.mkdir(exist_ok=True)
        if path.is_symlink():
            raise LoadFailed(Code.UNSAFE_PATH, f"the folder of {model.slot} is a symbolic link")
        return path

    def part_path(self, model: WantedModel) -> Path:
        """Where the model is downloaded to."""
        return self.root / model.slot / f".{model.digest[:16]}.part"

    def look(self, model: WantedModel) -> Folder:
        """The content of the folder of the model's slot. Raises `OSError`."""
        path = self.root / model.slot
        current = None if model.slot == FLAT else read_current(self.root, model.slot)
        try:
            names = frozenset(entry.name for entry in os.scandir(path))
        except FileNotFoundError:
            names = frozenset()
        # At the root lie files of others: only the one that is named counts there.
        candidates = names & {model.file_name} if model.slot == FLAT else names
        return Folder(
            names=names,
            matching=frozenset(name for name in candidates if self._is(model, path / name)),
            current=current.path.name if current else None,
        )

    def digest(self, path: Path, *, md5: bool) -> Digest:
        """The digest of a file. Raises `OSError`, also when it is a link."""
        status = path.lstat()
        stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        known = self._digests.get((str(path), md5))
        if known is None or known[0] != stamp:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                known = (stamp, digest_of(chunks_of(file), md5=md5))
            self._digests[str(path), md5] = known
        return known[1]

    def _is(self, model: WantedModel, path: Path) -> bool:
        if path.name.startswith(".") or path.name == POINTER:
            return False
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and model.size in (None, status.st_size):
                return model.matches(self.digest(path, md5=bool(model.md5)))
        return False

    def check_room(self, model: WantedModel, have: int) -> None:
        """Refuse a download that cannot fit; `have` bytes of it are there. Raises `LoadFailed`."""
        if model.size is None:
            return
        free = shutil.disk_usage(self.root).free
        need = model.size - have + _RESERVE
        if free < need:
            raise LoadFailed(
                Code.DISK_FULL,
                f"{need:,} bytes are needed, {free:,} are free in {self.source}",
                transient=False,
            )

    def install(self, part: Path, target: Path) -> None:
        """Rename a complete part file to its final name. Raises `LoadFailed`, `OSError`."""
        if target.is_dir() and not target.is_symlink():
            raise LoadFailed(Code.UNSAFE_PATH, f"{target.name} in the storage is a folder")
        part.replace(target)  # a link of this name is replaced, not followed
        sync_folder(target.parent)

    def switch(self, model: WantedModel, path: Path, since: str) -> CurrentModel:
        """Make the slot hold this file; gives what it then holds. Raises `OSError`."""
        current = self.in_use(model, path, since)
        os.utime(path)  # the age by which old versions are deleted
        write_current(current)
        return current

    def in_use(self, model: WantedModel, path: Path, since: str) -> CurrentModel:
        """The file as the model of its slot. Raises `OSError`."""
        digest = self.digest(path, md5=bool(model.md5))
        return CurrentModel(
            slot=model.slot,
            path=path,
            name=model.name,
            version=model.version,
            sha256=digest.sha256,
            md5=digest.md5,
            size=digest.size,
            format=model.format,
            since=since,
        )

    def clean(self, model: WantedModel, current: str, keep_versions: int) -> None:
        """Delete old versions and part files of the slot. Raises `OSError`.

        The single-model form only loses its part files: what else lies at the
        root may be anybody's.
        """
        path = self.root / model.slot
        entries = [entry for entry in os.scandir(path) if entry.is_file(follow_symlinks=False)]
        doomed = [entry.name for entry in entries if _is_part(entry.name)]
        if model.slot != FLAT:
            kept = [e for e in entries if e.name != POINTER and not e.name.startswith(".")]
            kept.sort(key=lambda entry: (entry.stat().st_mtime_ns, entry.name), reverse=True)
            doomed += outdated([entry.name for entry in kept], current, keep_versions)
        for name in doomed:
            (path / name).unlink(missing_ok=True)
            for md5 in (True, False):
                self._digests.pop((str(path / name), md5), None)

    def load_failures(self) -> AbstractContextManager[None]:
        """For `with`: an `OSError` as a `LoadFailed` that says what to do on the device."""
        return translate((OSError, self._failure))

    def _failure(self, error: OSError) -> LoadFailed:
        if error.errno in _NO_ROOM:
            free = shutil.disk_usage(self.root).free
            return LoadFailed(
                Code.DISK_FULL, f"no space left in {self.source} ({free:,} bytes free)"
            )
        if error.errno == errno.EROFS:
            return LoadFailed(
                Code.STORAGE_NOT_WRITABLE,
                f"{self.source} is mounted read-only; bind it without `:ro`",
            )
        if error.errno in _NOT_WRITABLE:
            owner = f"{os.geteuid()}:{os.getegid()}"
            return LoadFailed(
                Code.STORAGE_NOT_WRITABLE,
                f"the module may not write to its storage; on the device run:"
                f" sudo chown -R {owner} {self.source}",
            )
        return LoadFailed(
            Code.STORAGE_FAILED, f"{self.source}: {error.strerror or type(error).__name__}"
        )


def host_path(root: Path, mountinfo: str) -> Path:
    """The folder as the host calls it, from the text of /proc/self/mountinfo.

    A folder that is no mount of its own has the same name on the host. The
    path is below the mounted file system; where that is not the host's root,
    EDGEOPS_STORAGE_SOURCE says it better.
    """
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        if len(fields) > 4 and fields[4] == str(root) and fields[3] != "/":
            return Path(fields[3].replace("\\040", " "))
    return root


def _is_part(name: str) -> bool:
    return name.startswith(".") and name.endswith(".part")
