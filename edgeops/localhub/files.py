"""The files of a local hub, all in its state directory."""

from __future__ import annotations

from pathlib import Path

from edgeops.errors import EdgeOpsError


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
        ignore = self.directory / ".gitignore"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            if not ignore.exists():
                ignore.write_text("*\n")
        except OSError as error:
            raise EdgeOpsError(
                f"cannot keep the local hub's state in {self.directory}: {error.strerror}",
                "choose a directory that you can write to",
            ) from error
