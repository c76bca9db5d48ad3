"""A published model: what a release manifest says about its artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelRelease:
    """One immutable model version (`kind: ModelRelease`).

    Exactly one of `path` (below the hub's artifact base URL) and `url` (absolute, without secrets)
    is set. `size` is in bytes, digests are lower-case hexadecimal; a file is verified by `sha256`.
    """

    name: str
    version: str
    file_name: str
    size: int
    sha256: str
    md5: str
    format: str
    path: str | None = None
    url: str | None = None

    @property
    def reference(self) -> str:
        """The name of the release in manifests: `name@version`."""
        return f"{self.name}@{self.version}"

    def location(self, artifacts_url: str) -> str:
        """The download URL, given the artifact base URL of a hub."""
        return self.url or f"{artifacts_url.rstrip('/')}/{self.path}"

    def twin_value(self, artifacts_url: str) -> dict[str, Any]:
        """The value of `desired.models.<slot>` in the twin of the `model_loader` module."""
        return {
            "name": self.name,
            "version": self.version,
            "url": self.location(artifacts_url),
            "fileName": self.file_name,
            "size": self.size,
            "sha256": self.sha256,
            "md5": self.md5,
            "format": self.format,
        }
