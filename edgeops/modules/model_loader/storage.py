"""The storage folder of a device: the content of each slot, and putting a model into it.

Everything here survives a kill or a power cut between any two steps: a model
is complete before it gets its name, and has its name before the pointer says
so. What the pointer does not list as a version is somebody else's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from edgeops.digest import Digest, chunks_of, digest_of
from edgeops.errors import EdgeOpsError
from edgeops.files import sync_folder
from edgeops.modules.model_loader.decide import Folder, outdated
from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.model_loader.staging import (
    Staging,
    hidden_name,
    is_hidden,
    remove,
    sync_tree,
)
from edgeops.modules.model_loader.wanted import FLAT, WantedFile, WantedModel
from edgeops.modules.runtime.slots import (
    OWN,
    POINTER,
    CurrentModel,
    is_plain,
    pointer_to,
    read_current,
    read_pointer,
    versions_of,
    write_pointer,
)
from edgeops.translate import translate

_RESERVE = 1 << 20  # bytes that stay free for the pointer and the logs of others
_RELEASE_FOLDER = re.compile(r"[0-9a-f]{16}\Z")
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

    @contextmanager
    def held_alone(self) -> Iterator[None]:
        """For `with`: no other loader works here; where disks know no locks, nobody is kept out.

        Raises `EdgeOpsError` if one does.
        """
        with ExitStack() as until_the_end:
            with suppress(OSError), translate((BlockingIOError, self._taken)):
                handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
                until_the_end.callback(os.close, handle)
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def _taken(self, _: BlockingIOError) -> EdgeOpsError:
        return EdgeOpsError(
            f"another model_loader works in {self.source}",
            "give each a storage folder of its own, or stop the other",
        )

    def folder(self, model: WantedModel) -> Path:
        """The folder of the model's slot, made where missing. Raises `LoadFailed`, `OSError`."""
        path = self.root / model.slot
        if path != self.root:
            path.mkdir(exist_ok=True)
        if path.is_symlink():
            raise LoadFailed(Code.UNSAFE_PATH, f"the folder of {model.slot} is a symbolic link")
        return path

    def staging(self, model: WantedModel) -> Staging:
        """Where the model is downloaded to."""
        return Staging(self.root / model.slot / hidden_name(model.digest), model)

    def missing(self, staging: Staging) -> list[WantedFile]:
        """The files that are still to be downloaded. Raises `OSError`."""
        return [
            file
            for file in staging.model.files
            if not (staging.has(file) and self._is(file, staging.place(file)))
        ]

    def look(self, model: WantedModel) -> Folder:
        """The content of the folder of the model's slot. Raises `OSError`."""
        path = self.root / model.slot
        current = None if model.slot == FLAT else read_current(self.root, model.slot)
        try:
            names = frozenset(entry.name for entry in os.scandir(path))
        except FileNotFoundError:
            names = frozenset()
        candidates = names
        if model.slot == FLAT:  # at the root lie files of others: only the one named counts
            candidates = names & {model.main.name}
        elif model.has_folder:
            candidates = names & {*model.places}
        return Folder(
            names=names,
            matching=frozenset(name for name in candidates if self._holds(model, path, name)),
            current=current.path.relative_to(path).parts[0] if current else None,
        )

    def _holds(self, model: WantedModel, folder: Path, entry: str) -> bool:
        if model.has_folder:
            return all(
                is_plain(folder, f"{entry}/{file.name}")
                and self._is(file, folder / entry / file.name)
                for file in model.files
            )
        return (
            not entry.startswith(".") and entry != POINTER and self._is(model.main, folder / entry)
        )

    def _is(self, file: WantedFile, path: Path) -> bool:
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and file.size in (None, status.st_size):
                return file.matches(self.digest(path, md5=bool(file.md5)))
        return False

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

    def install(self, staged: Path, target: Path) -> None:
        """Rename a complete model to its final name. Raises `LoadFailed`, `OSError`.

        It is never the name of the model in use, unless that is a file: a file is replaced at once.
        """
        is_folder = target.is_dir() and not target.is_symlink()
        if staged.is_dir():
            if os.path.lexists(target) and not is_folder and not target.is_symlink():
                raise LoadFailed(Code.UNSAFE_PATH, f"{target.name} in the storage is a file")
            sync_tree(staged)
            self._forget(target)
            remove(target)  # a link, or what is left of a version that was being deleted
        elif is_folder:
            raise LoadFailed(Code.UNSAFE_PATH, f"{target.name} in the storage is a folder")
        staged.replace(target)  # a link of this name is replaced, not followed
        sync_folder(target.parent)

    def make_own_folder(self, model: WantedModel) -> None:
        """Make the folder for files of the modules that use the model. Raises `OSError`.

        Every user may write there, and delete only what is theirs; what is there already, of
        whatever kind, is never touched.
        """
        own = self.root / model.slot / OWN
        if os.path.lexists(own):
            return
        unfinished = own.with_name(f".{OWN}.part")
        remove(unfinished)
        unfinished.mkdir()
        unfinished.chmod(0o1777)
        unfinished.rename(own)
        sync_folder(own.parent)

    def switch(self, model: WantedModel, path: Path, since: str) -> CurrentModel:
        """Make the slot hold this file or folder; gives what it then holds. Raises `OSError`.

        Nothing is written where the pointer says all of that already.
        """
        current, entry = self.in_use(model, path, since), path.name
        before = read_pointer(self.root, model.slot)
        others = versions_of(before)
        # What somebody else put there is used, and stays theirs.
        ours = [entry] if entry in (*others, *model.places) else []
        others = [name for name in others if name != entry and os.path.lexists(path.parent / name)]
        listed = [(file.name, file.size or 0, file.sha256) for file in model.files]
        if not model.has_folder:
            listed = [(model.main.name, current.size, current.sha256)]
        pointer = pointer_to(current, listed, [*ours, *others])
        if pointer != before:
            write_pointer(path.parent, pointer)
        return current

    def in_use(self, model: WantedModel, path: Path, since: str) -> CurrentModel:
        """The file or folder as the model of its slot. Raises `OSError`."""
        if model.has_folder:
            files = {file.name: path / file.name for file in model.files}
            digest = Digest(model.digest, "", model.size or 0)
        else:
            files = {model.main.name: path}
            digest = self.digest(path, md5=bool(model.main.md5))
        return CurrentModel(
            slot=model.slot,
            path=files[model.main.name],
            name=model.name,
            version=model.version,
            sha256=digest.sha256,
            md5=digest.md5,
            size=digest.size,
            format=model.format,
            since=since,
            files=files,
            metadata=dict(model.metadata),
        )

    def clean(self, model: WantedModel, current: str, keep_versions: int) -> None:
        """Delete old versions of the slot, and what was not completed. Raises `OSError`.

        Everything else is somebody else's. The single-model form has no versions: what lies at the
        root may be anybody's.
        """
        path = self.root / model.slot
        entries = {entry.name: entry for entry in os.scandir(path)}
        folders = {name for name, e in entries.items() if e.is_dir(follow_symlinks=False)}
        doomed = {name for name in entries if is_hidden(name)}
        pointer = None if model.slot == FLAT else read_pointer(self.root, model.slot)
        if pointer is not None:
            versions = versions_of(pointer)
            ours = {name for name in folders if _RELEASE_FOLDER.match(name)}
            lost = sorted(ours - {*versions})  # by a power cut before the pointer named them
            old = outdated([*versions, *lost], current, keep_versions)
            doomed |= {name for name in old if name in ours or name not in folders}
        for name in doomed & entries.keys():
            remove(path / name)
            self._forget(path / name)
        if pointer is not None:
            left = [name for name in versions if name in entries and name not in doomed]
            if left != versions:  # their names are free for others now
                write_pointer(path, {**pointer, "versions": left})

    def _forget(self, path: Path) -> None:
        for known in [*self._digests]:
            if Path(known[0]).is_relative_to(path):
                del self._digests[known]

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
