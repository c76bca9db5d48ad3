"""The folder of a hub that keeps nothing: it begins empty, and is deleted when the hub ends."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeops.errors import EdgeOpsError, UsageError
from edgeops.localhub import lock
from edgeops.localhub.files import StateFiles

_MARK = "ephemeral"  # a file: the folder is one of these, and its content may be deleted


@contextmanager
def ephemeral_dir(chosen: Path | None = None) -> Iterator[Path]:
    """An empty folder during the block: a temporary one, or `chosen`, which may exist if empty.

    What a killed hub has left in `chosen` is deleted first. Raises `UsageError` if anything
    else is in it, and `EdgeOpsError` if a hub runs there, or the folder cannot be used.
    """
    try:
        exists = chosen is not None and chosen.exists()
        folder = chosen.resolve() if chosen else Path(tempfile.mkdtemp(prefix="edgeops-hub-"))
        if exists:
            _make_empty(folder)
        StateFiles(folder).make_directory()
        (folder / _MARK).touch()
    except OSError as error:
        raise EdgeOpsError(f"cannot use {error.filename or chosen}: {error.strerror}") from error
    try:
        with _signals_are_exits():
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if exists:
            folder.mkdir(exist_ok=True)


@contextmanager
def _signals_are_exits() -> Iterator[None]:
    """Let signals that end a process end the block first, as Ctrl-C does, also before it serves."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    ending = [signal.SIGTERM, signal.SIGHUP] if in_main_thread else []
    ours = [number for number in ending if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _make_empty(folder: Path) -> None:
    """Delete what an ephemeral hub has left."""
    if lock.is_held(StateFiles(folder).lock):
        raise EdgeOpsError(f"another local hub is running on {folder}", "choose another --dir")
    content = list(folder.iterdir())
    if content and not (folder / _MARK).is_file():
        raise UsageError(
            f"{folder} is not empty: --ephemeral would delete what is in it",
            "name a folder that is empty or does not exist; or leave --ephemeral out, and what"
            " is in it is kept",
        )
    for entry in content:  # not the folder itself, which can be a mount
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
