"""What the last run knew of the files on disk, so that unchanged ones need not be read again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct

import orjson

from edgeops.fleet.memo import Memo

# Size, time of modification and of change (both in ns), and inode; packed, for there are many.
State = bytes

_FORM = Struct("<qqqQ")
_pack = _FORM.pack

# The coarsest time of a file system in ns: FAT has steps of 2 s.
_STEP = 2_000_000_000


@dataclass(frozen=True, slots=True)
class StatIndex:
    """The state of each file when it was read, and the object id in git of what was read."""

    states: Mapping[str, State | None] = field(default_factory=dict)
    blobs: Mapping[str, str] = field(default_factory=dict)


def state_of(status: os.stat_result) -> State:
    """What changes with the content of a file."""
    return _pack(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def is_settled(state: State, started: int) -> bool:
    """Whether a file that was read after a time (in ns) cannot change without another state.

    Where it was written at that time or after it, a later change can fall into the same step of the
    clock, and leave state and size as they are. Git calls such an entry "racily clean"
    (Documentation/technical/racy-git.txt), and reads the file again, too.
    """
    _, *times, _ = _FORM.unpack(state)
    return bool(max(times) < started - _STEP)


def load_index(memo: Memo, root: Path) -> StatIndex:
    """The index of a folder; empty if there is none."""
    stored = memo.get(_key(root))
    try:
        paths, blobs, packed = orjson.loads(stored or b'[[], [], ""]')
        together, size = bytes.fromhex(packed), _FORM.size
        states = [together[at : at + size] for at in range(0, len(together), size)]
        return StatIndex(
            dict(zip(paths, states, strict=True)), dict(zip(paths, blobs, strict=True))
        )
    except (ValueError, TypeError):
        return StatIndex()


def save_index(memo: Memo, root: Path, index: StatIndex) -> None:
    """Keep the files that have an object id; each of them has a state."""
    states = b"".join(index.states[path] or b"" for path in index.blobs)
    record = [list(index.blobs), list(index.blobs.values()), states.hex()]
    memo.put(_key(root), orjson.dumps(record))


def _key(root: Path) -> str:
    return f"stat/2/{root}"
