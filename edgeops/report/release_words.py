"""A release in a few words: how many files it has, or which variants."""

from __future__ import annotations

from edgeops.release import ModelRelease, Variant
from edgeops.report.words import count


def files_in_words(release: ModelRelease) -> str:
    """`1 file`, `3 files` or `2 variants`."""
    if release.variants:
        return count(len(release.variants), "variant")
    return count(len(release.files), "file")


def largest_size(release: ModelRelease) -> int:
    """The most bytes that a device gets of it."""
    sizes = (sum(file.size for file in variant.files) for variant in release.variants)
    return max(sizes, default=release.size)


def variant_in_words(variant: Variant) -> str:
    """`class=jetson: engine, 2 files, 4,000,087 bytes`."""
    size = sum(file.size for file in variant.files)
    files = count(len(variant.files), "file")
    return f"{labels_in_words(variant)}: {variant.format}, {files}, {count(size, 'byte')}"


def labels_in_words(variant: Variant) -> str:
    """`class=jetson, cuda=12`, or `every other device`."""
    return ", ".join(f"{key}={value}" for key, value in variant.when) or "every other device"
