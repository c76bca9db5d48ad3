"""Who uses a port of this machine, as far as Linux tells in /proc; elsewhere nobody is found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from edgeops.localhub.access import running

_PROC = Path("/proc")
_LISTENS = "0A"
_LOCK = "hub.lock"
_WORDS = 3  # of a command line: enough to know it, and rarely the part with a secret


@dataclass(frozen=True, slots=True)
class PortUser:
    """A process that listens on a port: its id, the start of its command line, its hub's folder.

    `hub_dir` is None when it is not a local hub.
    """

    pid: int
    command: str
    hub_dir: Path | None = None


def port_user(host: str, port: int, proc: Path = _PROC) -> PortUser | None:
    """The process that listens on a TCP port of an address, None when it cannot be found.

    Only root sees the processes of others. Sources: "The proc/net/tcp and proc/net/tcp6
    variables", docs.kernel.org; proc_pid_fd(5).
    """
    sockets = {f"socket:[{inode}]" for inode in _listening(host, port, proc)}
    if not sockets:
        return None
    for process in proc.iterdir():
        if process.name.isdecimal() and sockets & (opened := set(_open(process))):
            return PortUser(int(process.name), _command(process), _hub_dir(opened, port))
    return None


def _listening(host: str, port: int, proc: Path) -> Iterator[str]:
    """The inodes of the sockets that listen on a port of an address, or of all addresses."""
    wanted = _in_hexadecimal(host)
    for table in ("net/tcp", "net/tcp6"):
        with suppress(OSError):
            for line in (proc / table).read_text().splitlines()[1:]:
                _, local, _, state, *more = line.split()
                address, _, its_port = local.partition(":")
                same = int(wanted, 16) == 0 or address == wanted or int(address, 16) == 0
                if state == _LISTENS and same and int(its_port, 16) == port:
                    yield more[5]


def _in_hexadecimal(host: str) -> str:
    """An address as the kernel lists it: words of 32 bits in the order of this machine."""
    packed = ip_address(host).packed
    words = (packed[start : start + 4] for start in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)


def _open(process: Path) -> Iterator[str]:
    """What the open files of a process are, if this user may see them."""
    with suppress(OSError):
        for handle in (process / "fd").iterdir():
            with suppress(OSError):
                yield str(handle.readlink())


def _command(process: Path) -> str:
    with suppress(OSError):
        program, *words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        return " ".join((Path(program).name, *words[: _WORDS - 1])).strip()
    return ""


def _hub_dir(opened: set[str], port: int) -> Path | None:
    """The folder of the hub that holds its lock among these files, and listens on a port."""
    for file in map(Path, opened):
        endpoint = running(file.parent) if file.name == _LOCK else None
        if endpoint is not None and port in (endpoint.port, endpoint.mqtt_port):
            return file.parent
    return None
