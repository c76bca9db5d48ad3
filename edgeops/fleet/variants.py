"""Which variant of a release a device gets: the labels that decide, and what if none fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeops.fleet.finding import Finding
from edgeops.fleet.model import Named
from edgeops.release import ModelRelease

_MOST = 5  # variants to list


def deciding_labels(releases: Iterable[ModelRelease]) -> frozenset[str]:
    """The names of the labels that the variants of releases look at."""
    return frozenset(
        label for release in releases for variant in release.variants for label, _ in variant.when
    )


def no_variant_fits(slot: str, release: Named[ModelRelease], labels: Mapping[str, str]) -> Finding:
    """What is wrong with a slot of a device with these labels."""
    names = sorted(deciding_labels([release.spec]))
    has = [f"{name}={labels[name]}" for name in names if name in labels]
    lacks = [f"`{name}`" for name in names if name not in labels]
    is_so = [f"has {', '.join(has)}"] * bool(has)
    is_so += [f"is without the label{'s' * (len(lacks) > 1)} {', '.join(lacks)}"] * bool(lacks)
    variants = release.spec.variants
    listed = [" and ".join(f"{k}={v}" for k, v in variant.when) for variant in variants[:_MOST]]
    more = [f"{len(variants) - _MOST:,} more"] * (len(variants) > _MOST)
    return Finding(
        ("models", slot),
        f"no variant of `{release.name}` fits: the device {' and '.join(is_so)};"
        f" its variants are for {', '.join([*listed, *more])}",
        "label the device, take a release with a variant for it (`when: {}` fits every device),"
        f" or remove the model from it with `{slot}: null`",
    )
