"""What a slot should hold: a model of one file, or of several that belong together."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeops.digest import Digest
from edgeops.release import Labels, Signature

FLAT = ""  # the "slot" of the single-model form, whose file lies at the root of the storage


@dataclass(frozen=True, slots=True)
class WantedFile:
    """One file of a model; `name` is its path below the folder of the model.

    `size` is in bytes (None: unknown); at least one of the digests is set.
    `url` may hold a secret in its query where an existing fleet puts it there.
    """

    name: str
    url: str = field(repr=False)
    size: int | None = None
    sha256: str = ""
    md5: str = ""

    @property
    def digest(self) -> str:
        """The digest that tells it from other files."""
        return self.sha256 or self.md5

    def matches(self, digest: Digest) -> bool:
        """Whether a file with this digest is the wanted one."""
        return (
            self.size in (None, digest.size)
            and self.sha256 in ("", digest.sha256)
            and self.md5 in ("", digest.md5)
        )


@dataclass(frozen=True, slots=True)
class WantedModel:
    """What one slot should hold: its files, the main one first.

    `digest` tells it from other models: the digest of its file, or that of all its files.
    """

    slot: str
    files: tuple[WantedFile, ...]
    digest: str
    name: str = ""
    version: str = ""
    format: str = ""
    metadata: Labels = ()
    signature: Signature | None = None

    @property
    def main(self) -> WantedFile:
        """The file that a module opens first."""
        return self.files[0]

    @property
    def has_folder(self) -> bool:
        """Whether it is stored as a folder: it has several files."""
        return len(self.files) > 1

    @property
    def size(self) -> int | None:
        """The bytes of all files; None when the twin does not say."""
        sizes = [file.size for file in self.files if file.size is not None]
        return sum(sizes) if len(sizes) == len(self.files) else None

    @property
    def places(self) -> tuple[str, str]:
        """The names in the folder of the slot that it may get: the second where one is taken."""
        if self.has_folder:
            return self.digest[:16], self.digest[16:32]
        return self.main.name, f"{self.digest[:12]}-{self.main.name}"
