"""Masks the secrets in what a clone takes from a hub.

What edgeops' rules call a secret becomes `***`, in its place in a longer text. A value that git has
in plain at the same place is no secret to who has the repository, and stays: so a plan against the
clone is the plan against the hub.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import count, takewhile
from typing import Any

from edgeops.adopt.options import OPTIONS
from edgeops.fleet.create_options import chunks
from edgeops.fleet.model import DesiredDevice
from edgeops.fleet.secrets import MASKED, mask, masked
from edgeops.jsonvalue import JsonObject, same
from edgeops.stamp import TAG, decode, encode

_HUB_KEYS = ("$metadata", "$version")
_SECTIONS = ("desired", "reported")


# How many values were masked, by where: tags, desired, reported, configurations.
MaskedCounts = Counter[str]


def masked_twin(
    document: Mapping[str, Any], device: DesiredDevice | None, counts: MaskedCounts
) -> JsonObject:
    """The document of a twin without secrets; `device` is what git says of its device."""
    module = document.get("moduleId")
    result = dict(document)
    if isinstance(reason := document.get("statusReason"), str):
        result["statusReason"] = mask(reason)
    if isinstance(tags := document.get("tags"), dict):
        known = device.tags if device and module is None else {}
        result["tags"] = _with_stamp(tags, _masked(tags, known, "tags", counts))
    if isinstance(properties := document.get("properties"), dict):
        desired = _known_desired(device, module) if device else {}
        result["properties"] = {
            name: _masked_section(section, desired if name == "desired" else {}, name, counts)
            for name, section in properties.items()
            if name in _SECTIONS
        }
    return result


def masked_configuration(document: Mapping[str, Any], counts: MaskedCounts) -> JsonObject:
    """The document of a configuration without secrets in its content and labels."""
    parts = {name: document.get(name) for name in ("content", "labels")}
    hidden = {name: _masked(part, {}, "configurations", counts) for name, part in parts.items()}
    return {**document, **hidden}


def _known_desired(device: DesiredDevice, module: Any) -> JsonObject:
    """What git says of the desired properties of a device (module None) or module."""
    if module is None:
        return device.desired
    if module in device.edge_content:
        return device.edge_content[module]
    return device.modules[module].desired if module in device.modules else {}


def _with_stamp(tags: JsonObject, hidden: JsonObject) -> JsonObject:
    """The masked tags with the stamp as it is: it has paths, and no values."""
    stamp = decode(tags)
    is_stamp = stamp is not None and same(encode(stamp), tags[TAG])
    return {**hidden, TAG: tags[TAG]} if is_stamp else hidden


def _masked_section(section: Any, known: JsonObject, place: str, counts: MaskedCounts) -> Any:
    if not isinstance(section, dict):
        return section
    values = {key: item for key, item in section.items() if key not in _HUB_KEYS}
    hidden = _masked(values, known, place, counts)
    if hidden is values:
        return section
    result = {**hidden, **{key: section[key] for key in _HUB_KEYS if key in section}}
    if isinstance(metadata := section.get("$metadata"), dict):
        result["$metadata"] = _keys_masked(metadata)
    return result


def _keys_masked(metadata: JsonObject) -> JsonObject:
    """The times of values, whose keys are those of the section."""
    return {
        mask(key): _keys_masked(item) if isinstance(item, dict) else item
        for key, item in metadata.items()
    }


def _masked(value: Any, known: Any, place: str, counts: MaskedCounts) -> Any:
    whole = _joined(value)
    hidden = masked(whole)
    if same(whole, hidden):  # as most are
        return value
    result = _kept(whole, hidden, _joined(known))
    if number := _changed(whole, result):
        counts[place] += number
    return _parted(value, whole, result)


def _kept(value: Any, hidden: Any, known: Any) -> Any:
    """The masked value, with those values that git has in plain."""
    if same(value, hidden):
        return value
    if _alike(value, hidden):
        git = known if isinstance(known, dict) else {}
        pairs = zip(value, hidden, strict=True)
        return {
            shown: _kept(value[key], hidden[shown], git.get(key) if shown == key else None)
            for key, shown in pairs
        }
    if known is not None and same(value, known):
        return value
    return _hidden_items(value) if isinstance(value, list) and hidden == MASKED else hidden


def _hidden_items(value: Any) -> Any:
    """What is below the name of a secret, in its form: a plan treats a list unlike a text."""
    if isinstance(value, list):
        return list(map(_hidden_items, value))
    if isinstance(value, dict):
        return {mask(key): _hidden_items(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool) else MASKED


def _alike(value: Any, hidden: Any) -> bool:
    """Whether both are objects with the same keys, some perhaps masked."""
    return isinstance(value, dict) and isinstance(hidden, dict) and len(value) == len(hidden)


def _changed(value: Any, hidden: Any) -> int:
    """How many values and keys were masked."""
    if _alike(value, hidden):
        pairs = zip(value.items(), hidden.items(), strict=True)
        return sum((key != shown) + _changed(a, b) for (key, a), (shown, b) in pairs)
    if isinstance(value, list) and isinstance(hidden, list):
        return sum(map(_changed, value, hidden))
    return 0 if same(value, hidden) else 1


# --- createOptions: a text in several parts, where a secret can be in two of them ----------


def _part(index: int) -> str:
    return f"{OPTIONS}{index:02}" if index else OPTIONS


def _parts(value: JsonObject) -> list[str]:
    """The keys of the parts of a text; empty if it is whole."""
    keys = list(takewhile(lambda key: isinstance(value.get(key), str), map(_part, count())))
    return keys if len(keys) > 1 else []


def _joined(value: Any) -> Any:
    """The value with texts in several parts as one."""
    if not isinstance(value, dict):
        return value
    parts = _parts(value)
    whole = {key: _joined(item) for key, item in value.items() if key not in parts[1:]}
    return {**whole, OPTIONS: "".join(value[key] for key in parts)} if parts else whole


def _parted(value: Any, whole: Any, result: Any) -> Any:
    """The masked value with its texts in parts again; those that are not masked as they were."""
    if same(whole, result):
        return value
    if not (isinstance(value, dict) and _alike(whole, result)):
        return result
    parts = _parts(value)
    parted: JsonObject = {}
    for (key, item), (shown, hidden) in zip(whole.items(), result.items(), strict=True):
        if key == OPTIONS and parts and isinstance(hidden, str):
            same_text = same(item, hidden)
            parted |= {name: value[name] for name in parts} if same_text else chunks(hidden)
        else:
            parted[shown] = _parted(value.get(key), item, hidden)
    return parted
