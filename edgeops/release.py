"""A published model: what a release file says of one artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelRelease:
    """One immutable model version (`kind: ModelRelease`).

    Exactly one of `path` (below the hub's artifact base URL) and `url`
    (absolute, without secrets) is set. `size` is in bytes, digests are
    lower-case hexadecimal; `sha256` decides.
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
        """How manifests name it: `name@version`."""
        return f"{self.name}@{self.version}"

    def location(self, artifacts_url: str) -> str:
        """Where to download it from, given the artifact base URL of the hub in use."""
        return self.url or f"{artifacts_url.rstrip('/')}/{self.path}"

    def twin_value(self, artifacts_url: str) -> dict[str, Any]:
        """What the `model_loader` module twin's `desired.models.<slot>` holds."""
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
