"""Checks whether the ownership stamp that edgeops adds fits into the tags of each twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from edgeops import limits, stamp
from edgeops.fleet.finding import Finding
from edgeops.fleet.layers import Path
from edgeops.fleet.plain_section import PlainSection
from edgeops.jsonvalue import JsonObject
from edgeops.stamp_paths import shortened

# More than the size of a stamp without the fleet name and the owned paths.
_FIXED_BYTES = 512


@dataclass(frozen=True, slots=True)
class Owned:
    """The paths that a stamp will list, and an upper bound of their length as text."""

    paths: frozenset[Path]
    length: int

    def __or__(self, other: Owned) -> Owned:
        return Owned(self.paths | other.paths, self.length + other.length)


def owned(sections: Mapping[str, JsonObject]) -> Owned:
    """The paths in these sections that the stamp of a twin lists."""
    paths = stamp.owned_paths(sections)
    length = sum(len("/".join(path).encode("utf-8", "surrogatepass")) + 2 for path in paths)
    return Owned(paths, length)


def surely_fits(names: str, tags: PlainSection, desired: PlainSection, more: Owned) -> bool:
    """Whether a twin has no findings about sizes, found fast.

    `names` are those of fleet and device in its stamp, `more` the paths in other sections.
    """
    at_most = _FIXED_BYTES + len(names) + 2 * (tags.stamp + desired.stamp + more.length)
    return tags.size + at_most <= limits.TAGS_BYTES and desired.size <= limits.DESIRED_BYTES


def stamp_findings(
    fleet: str,
    tags: JsonObject,
    listed: Owned,
    at: Path,
    *,
    protect: bool = False,
    uid: str | None = None,
    device: str = "",
) -> Iterator[Finding]:
    """A finding at `at` when the tags fit, but not together with the stamp."""
    if stamp.TAG in tags:
        yield Finding(
            (*at, stamp.TAG),
            f"the tag `{stamp.TAG}` is reserved for the ownership stamp of edgeops",
            "rename it",
        )
    own = limits.size(tags)
    # Encoding is slow; this bound suffices for all but the fullest twins.
    at_most = _FIXED_BYTES + len(f"{fleet}{uid}{device}") + 2 * listed.length
    if own > limits.TAGS_BYTES or own + at_most <= limits.TAGS_BYTES:
        return
    longest = stamp.Stamp(fleet, "0" * 40, stamp.digest(None), protect, shortened(listed.paths))
    if uid is not None:
        longest = replace(longest, uid=uid, device=device)
    total = own + limits.size({stamp.TAG: stamp.encode(longest)})
    if total > limits.TAGS_BYTES:
        yield Finding(
            at,
            f"tags are {own:,} bytes and the ownership stamp of edgeops {total - own:,}; "
            f"the hub allows {limits.TAGS_BYTES:,} in total",
            "use fewer or shorter properties: the stamp lists the path of each",
        )
