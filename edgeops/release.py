"""A published model: what a release manifest says about its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgeops.digest import digest_of_files

Labels = tuple[tuple[str, str], ...]  # names and values: hashable, unlike a dict


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file of a release.

    `name` is its path on the device, below the folder of the release: parts separated by `/`.
    Exactly one of `path` (below the hub's artifact base URL) and `url` (absolute, without secrets)
    is set. `size` is in bytes, digests are lower-case hexadecimal; a file is verified by `sha256`.
    """

    name: str
    size: int
    sha256: str
    md5: str = ""
    path: str | None = None
    url: str | None = None

    def location(self, artifacts_url: str) -> str:
        """The download URL, given the artifact base URL of a hub."""
        return self.url or f"{artifacts_url.rstrip('/')}/{self.path}"


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature of a statement (see `edgeops.signature`).

    `key` identifies the public key, `value` is in base64.
    """

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Variant:
    """The files of a release for the devices that have all labels of `when`."""

    when: Labels
    format: str
    files: tuple[ReleaseFile, ...]
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class ModelRelease:
    """One immutable model version (`kind: ModelRelease`), or what `kind: Context` says.

    It has `files`, the main one first, or `variants`, of which each device gets one (`chosen`).
    `metadata` is for the modules that use the model. `context` are the columns that a model must
    be told ahead, such as `weather:rain`, or those that a file of context has. `content` is the
    file of a Context, which sync uploads; None if what the files are was published.
    """

    name: str
    version: str
    format: str = ""
    files: tuple[ReleaseFile, ...] = ()
    metadata: Labels = ()
    signature: Signature | None = None
    variants: tuple[Variant, ...] = ()
    context: tuple[str, ...] = field(default=(), compare=False)  # not of its identity
    content: bytes | None = field(default=None, compare=False, repr=False)  # its digest is
    # What tells its content from others: the digest of its file, or of all its files. A field, as
    # it takes time to compute, and is compared for every device.
    sha256: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.files) == 1:
            digest = self.files[0].sha256
        else:
            every = ((file.name, file.size, file.sha256) for file in self.every_file)
            digest = digest_of_files(every)
        object.__setattr__(self, "sha256", digest)

    @classmethod
    def of_file(
        cls,
        name: str,
        version: str,
        file_name: str,
        size: int,
        sha256: str,
        md5: str,
        format: str,  # noqa: A002 - its name in the manifest
        path: str | None = None,
        url: str | None = None,
    ) -> ModelRelease:
        """The release of a single file."""
        file = ReleaseFile(file_name, size, sha256, md5, path, url)
        return cls(name, version, format, (file,))

    @property
    def reference(self) -> str:
        """The name of the release in manifests: `name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def every_file(self) -> tuple[ReleaseFile, ...]:
        """The files, or those of all variants, each once."""
        of_variants = (file for variant in self.variants for file in variant.files)
        return tuple(dict.fromkeys((*self.files, *of_variants)))

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(file.size for file in self.every_file)

    def chosen(self, labels: Mapping[str, str]) -> ModelRelease | None:
        """The release for a device with these labels: the first variant that fits.

        Itself without variants; None if no variant fits.
        """
        if not self.variants:
            return self
        for variant in self.variants:
            if all(labels.get(key) == value for key, value in variant.when):
                return self._of(variant)
        return None

    @property
    def digests(self) -> frozenset[str]:
        """The `sha256` of what devices get: its own, or that of each variant."""
        if not self.variants:
            return frozenset({self.sha256})
        return frozenset(self._of(variant).sha256 for variant in self.variants)

    def _of(self, variant: Variant) -> ModelRelease:
        return replace(
            self,
            format=variant.format,
            files=variant.files,
            signature=variant.signature,
            variants=(),
        )

    def twin_value(self, artifacts_url: str) -> dict[str, Any]:
        """The value of `desired.models.<slot>` in the twin of the `model_loader` module.

        It must be without variants: what `chosen` gives.
        """
        value: dict[str, Any] = {"name": self.name, "version": self.version}
        if len(self.files) == 1:
            (file,) = self.files
            value |= {
                "url": file.location(artifacts_url),
                "fileName": file.name,
                "size": file.size,
                "sha256": file.sha256,
                **({"md5": file.md5} if file.md5 else {}),
                "format": self.format,
            }
        else:
            listed = [
                {
                    "name": file.name,
                    "url": file.location(artifacts_url),
                    "size": file.size,
                    "sha256": file.sha256,
                }
                for file in self.files
            ]
            value |= {"files": listed, "sha256": self.sha256, "format": self.format}
        if self.metadata:
            value["metadata"] = dict(self.metadata)
        if self.signature:
            value["signature"] = {"key": self.signature.key, "value": self.signature.value}
        return value
