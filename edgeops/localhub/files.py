"""The files of a local hub, all in its state directory."""

from __future__ import annotations

from pathlib import Path

from edgeops.errors import EdgeOpsError, UsageError

_IGNORE = ".gitignore"
_IGNORE_ALL = "*\n"


class StateFiles:
    """The paths in a state directory; only the owner can read the files that hold secrets."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = directory / "ca.pem"  # the CA certificate that clients trust
        self.server = directory / "server.pem"  # the server's private key and certificate chain
        self.trusted = directory / "trusted.pem"  # certificates that devices may connect with
        self.policies = directory / "policies.json"  # the keys of the shared access policies
        self.database = directory / "hub.db"  # devices, modules, twins and configurations
        self.lock = directory / "hub.lock"  # held by the running hub
        self.endpoint = directory / "hub.json"  # where the running hub listens
        self.artifacts = directory / "artifacts"  # published files, served under `/artifacts/`

    def make_directory(self) -> None:
        """Create the directory, ignored by git. Raises `EdgeOpsError`."""
        ignore = self.directory / _IGNORE
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if not ignore.exists():
                ignore.write_text(_IGNORE_ALL)
        except OSError as error:
            raise EdgeOpsError(
                f"cannot keep the local hub's state in {self.directory}: {error.strerror}",
                "choose a directory that you can write to",
            ) from error


def refuse_other_folder(directory: Path) -> None:
    """Raise `UsageError` for a folder of other things, in which a hub would mix its own.

    Git would ignore all of them, since a folder of a hub tells it so.
    """
    ignore = directory / _IGNORE
    try:
        ours = ignore.is_file() and ignore.read_text(errors="replace") == _IGNORE_ALL
        other = not ours and next(directory.iterdir(), None) is not None
    except FileNotFoundError:
        return
    except OSError as error:
        raise EdgeOpsError(f"cannot read {directory}: {error.strerror}") from error
    if other:
        raise UsageError(
            f"{directory} is not empty, and not the folder of a local hub",
            "name a folder of the hub's own, which need not exist yet",
        )
