"""The ownership stamp: which fleet wrote a twin, and which paths it owns.

It is the value of `tags.edgeops`. Owned are the paths of the leaves that git named when they were
last applied; only these may be removed when git no longer has them. A secret that git names is one
leaf, and its path ends with the variable and the version that were written.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from edgeops.commit import is_commit_id
from edgeops.jsonvalue import JsonObject, TheVery, keys_of, same
from edgeops.secret_reference import Secret, is_secret
from edgeops.stamp_paths import Path, is_hashes, pack, resolved, shortened, unpack

TAG = "edgeops"
FLEET = f"tags.{TAG}.fleet"  # the path of the fleet name in queries
PROTECT = "protect"  # the key of a stamp that keeps its device from being deleted

_WRITTEN = "\x03"  # begins the last key of the path of a secret; no key of a twin holds it

# A text in a twin can have at most 4 KB.
_CHUNK = 4000
# Far more than a stamp of edgeops 0.1 decompresses to; limits a crafted one.
_MAX_TEXT = 8 * 1024 * 1024
# Thousands of devices own the same few sets of paths: the size of the caches for these.
_CACHED = 256


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which fleet wrote a twin, from which commit, and which paths it owns.

    `commit` is that of the last change of content, `digest` that of the content in git at that
    commit. The first key of an owned path names the section: `tags`, `desired`, `$edgeAgent`,
    `$edgeHub`, or `modules` (module identities that edgeops created itself). `uid` is that of the
    fleet, if it has one, and `device` the id of the device then: a copied twin still has the old.
    """

    fleet: str
    commit: str | None
    digest: str
    protect: bool = False
    owned: frozenset[Path] = field(default_factory=frozenset)
    uid: str | None = None
    device: str | None = None

    def owned_in(self, section: str, live: Mapping[str, Any] | None = None) -> frozenset[Path]:
        """The owned paths of one section, relative to it; `live` is its value on the hub."""
        plain, hashed = _within(self.owned, section)
        return plain | resolved(hashed, live or {}) if hashed else plain

    def secrets_in(self, section: str) -> Mapping[Path, Secret]:
        """The secrets written in one section, by path."""
        return _secrets_within(self.owned, section)


@lru_cache(_CACHED)
def _within(owned: frozenset[Path], section: str) -> tuple[frozenset[Path], frozenset[Path]]:
    """The paths in a section, and the hashes of others."""
    inside = frozenset(place_of(path[1:]) for path in owned if path[0] == section)
    hashed = frozenset(filter(is_hashes, inside))
    return inside - hashed, hashed


@lru_cache(_CACHED)
def _secrets_within(owned: frozenset[Path], section: str) -> Mapping[Path, Secret]:
    paths = (path for path in owned if path[0] == section and names_secret(path))
    return {path[1:-1]: _secret_of(path[-1]) for path in paths}


def names_secret(path: Path) -> bool:
    """Whether an owned path is that of a secret, and so says which version was written."""
    return bool(path) and path[-1].startswith(_WRITTEN)


def place_of(path: Path) -> Path:
    """An owned path without the version of a secret."""
    return path[:-1] if names_secret(path) else path


def _secret_of(key: str) -> Secret:
    variable, _, version = key.removeprefix(_WRITTEN).partition("@")
    return Secret(variable, int(version) if version.isdecimal() else 0)


def digest(value: Any) -> str:
    """The SHA-256 of a JSON value in canonical form, hexadecimal."""
    return _digest(_canonical(value))


def digest_and_paths(sections: Mapping[str, JsonObject]) -> tuple[str, frozenset[Path]]:
    """`digest` of the content of a twin, and its `owned_paths`, shortened."""
    return _of_sections(*((name, TheVery(value)) for name, value in sections.items()))


@lru_cache(_CACHED)
def _of_sections(*sections: tuple[str, TheVery]) -> tuple[str, frozenset[Path]]:
    return _digest_and_paths(_canonical({name: each.value for name, each in sections}))


@lru_cache(_CACHED)
def _digest_and_paths(text: str) -> tuple[str, frozenset[Path]]:
    return _digest(text), shortened(owned_paths(json.loads(text)))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def owned_paths(sections: Mapping[str, JsonObject]) -> frozenset[Path]:
    """The paths of all leaves of these sections."""
    return frozenset(
        (section, *path)
        for section, value in sections.items()
        for path in _leaf_paths(value)
        if path
    )


def _leaf_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if not isinstance(value, dict) or not value:
        yield path
    elif is_secret(value):
        yield (*path, f"{_WRITTEN}{value['fromEnv']}@{value['version']}")
    else:
        for key, item in value.items():
            yield from _leaf_paths(item, (*path, key))


def encode(stamp: Stamp) -> JsonObject:
    """The value of `tags.edgeops`."""
    value: JsonObject = {"fleet": stamp.fleet, "digest": stamp.digest}
    if stamp.commit is not None:
        value["commit"] = stamp.commit
    if stamp.protect:
        value[PROTECT] = True
    if stamp.uid is not None:
        value["uid"] = stamp.uid
    if stamp.device is not None:
        value["device"] = stamp.device
    return {**value, **_encode_owned(stamp.owned)}


def decode(tags: Mapping[str, Any]) -> Stamp | None:
    """The stamp in the tags of a twin, None when there is none.

    A damaged stamp still names the fleet; parts that cannot be read are empty, so that at worst too
    few paths are owned.
    """
    value = tags.get(TAG)
    if not isinstance(value, dict) or not isinstance(value.get("fleet"), str):
        return None
    commit, content = value.get("commit"), value.get("digest")
    uid, device = value.get("uid"), value.get("device")
    return Stamp(
        fleet=value["fleet"],
        commit=commit if isinstance(commit, str) else None,
        digest=content if isinstance(content, str) else "",
        protect=value.get(PROTECT) is True,
        owned=_decode_owned(value),
        uid=uid if isinstance(uid, str) else None,
        device=device if isinstance(device, str) else None,
    )


def commit_in(tags: Mapping[str, Any]) -> str | None:
    """The commit that the stamp in the tags of a twin names; None if it is not one."""
    value = tags.get(TAG)
    commit = value.get("commit") if isinstance(value, dict) else None
    return commit if is_commit_id(commit) else None


def patch(tags: Mapping[str, Any], stamp: Stamp) -> JsonObject:
    """The merge patch that makes `tags.edgeops` exactly this stamp."""
    live = tags.get(TAG)
    live = live if isinstance(live, dict) else {}
    want = encode(stamp)
    removed: JsonObject = dict.fromkeys(live.keys() - want.keys())
    new = {key: item for key, item in want.items() if key not in live or not same(live[key], item)}
    return dict(sorted((removed | new).items()))


def same_content(old: Stamp | None, new: Stamp) -> bool:
    """Whether two stamps are equal apart from their commits.

    That an old one lacks the id of the device is no reason to write a twin, unless it gets a uid.
    """
    if old is None or old.digest != new.digest:
        return False
    device = new.device if old.device is None and new.uid is None else old.device
    return replace(old, commit=new.commit, device=device) == new


@lru_cache(_CACHED)
def _encode_owned(owned: frozenset[Path]) -> Mapping[str, str]:
    text = pack(owned)
    chunks = range(0, len(text), _CHUNK)
    return {f"paths{i}": text[start : start + _CHUNK] for i, start in enumerate(chunks)}


def _decode_owned(value: JsonObject) -> frozenset[Path]:
    if text := _joined(value, "paths"):
        return unpack(text)
    text = _joined(value, "owned")
    return frozenset(path for path in _unpack_0_1(text) if not _is_constant(path))


def _joined(value: JsonObject, name: str) -> str:
    chunks: list[str] = []
    while isinstance(chunk := value.get(f"{name}{len(chunks)}"), str):
        chunks.append(chunk)
    return "".join(chunks)


# --- stamps of edgeops 0.1 ----------------------------------------------------------


@lru_cache(_CACHED)
def _unpack_0_1(packed_text: str) -> frozenset[Path]:
    unpacker = zlib.decompressobj()
    try:
        packed = base64.b64decode(packed_text, validate=True)
        text = unpacker.decompress(packed, _MAX_TEXT).decode("utf-8", "surrogatepass")
    except (binascii.Error, zlib.error, ValueError):
        return frozenset()
    if not unpacker.eof:
        return frozenset()
    return frozenset(keys_of(line) for line in text.split("\n") if line.startswith("/"))


def _is_constant(path: Path) -> bool:
    """Whether edgeops 0.1 wrote the value of a path on its own accord.

    Git never named these, so they are not owned: they stay as they are on the hub.
    """
    match path:
        case ("$edgeAgent", "modules", _, *rest):
            return rest in (["type"], ["status"])
        case ("$edgeAgent", *_) | (
            "$edgeHub",
            "schemaVersion" | "storeAndForwardConfiguration",
            *_,
        ):
            return True
    return False
