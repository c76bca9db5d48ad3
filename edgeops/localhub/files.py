"""The files of a local hub, all under one state directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeops.errors import EdgeOpsError


@dataclass(frozen=True, slots=True)
class StateFiles:
    """Where everything of a local hub is; secrets are readable by their owner only."""

    directory: Path

    @property
    def ca(self) -> Path:
        """The certificate that clients are to trust."""
        return self.directory / "ca.pem"

    @property
    def server(self) -> Path:
        """The server's private key and certificate chain."""
        return self.directory / "server.pem"

    @property
    def policies(self) -> Path:
        """The shared access keys of the policies."""
        return self.directory / "policies.json"

    @property
    def database(self) -> Path:
        """Devices, modules, twins and configurations."""
        return self.directory / "hub.db"

    @property
    def lock(self) -> Path:
        """Held by the running hub."""
        return self.directory / "hub.lock"

    @property
    def endpoint(self) -> Path:
        """Where the running hub listens."""
        return self.directory / "hub.json"

    @property
    def artifacts(self) -> Path:
        """Published files, served under `/artifacts/`."""
        return self.directory / "artifacts"

    def make_directory(self) -> None:
        """Create the directory, kept out of git. Raises `EdgeOpsError`."""
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
