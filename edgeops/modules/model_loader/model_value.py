"""One model in the desired properties -> what its slot should hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from edgeops.digest import digest_of_files
from edgeops.modules.model_loader.faults import Code, ModelFault
from edgeops.modules.model_loader.wanted import WantedFile, WantedModel
from edgeops.modules.runtime.slots import OWN, POINTER, is_taken
from edgeops.release import Signature

_MOST_FILES = 50
_MOST_METADATA, _LONGEST_METADATA = 20, 256

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_VERSION = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\Z"
)
_URL = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?([/?][^\s#]*)?\Z")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}\Z")
_FILE_PATH = re.compile(
    r"(?=.{1,128}\Z)[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*\Z"
)
_FORMAT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,31}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_MD5 = re.compile(r"[0-9a-f]{32}\Z")
_KEY = re.compile(r"[0-9a-f]{16}\Z")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{86}==\Z")


def is_integer(value: Any) -> bool:
    """Whether a JSON value is an integer: a number like 2.0 is, true is not."""
    return not isinstance(value, bool) and (
        isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    )


def parse_model(slot: str, value: Any) -> WantedModel | ModelFault:
    """The model in `desired.models.<slot>`, or what is wrong with it; never raises."""
    if not isinstance(value, dict):
        return invalid("must be an object")
    fault = _fault_of_set(value) if "files" in value else _fault_of_single(value)
    if fault is not None:
        return fault
    if "files" in value:
        files = tuple(_file(each, "name") for each in value["files"])
        digest = digest_of_files((file.name, file.size or 0, file.sha256) for file in files)
        if digest != value["sha256"]:
            return invalid("`sha256` is not the digest of `files`: their names, sizes and digests")
    else:
        files = (_file(value, "fileName"),)
        digest = files[0].digest
    signature = value.get("signature")
    return WantedModel(
        slot=slot,
        files=files,
        digest=digest,
        name=value.get("name", ""),
        version=value.get("version", ""),
        format=value.get("format", ""),
        metadata=tuple(sorted(value.get("metadata", {}).items())),
        signature=Signature(signature["key"], signature["value"]) if signature else None,
    )


def unknown_keys(value: Any) -> list[str]:
    """The keys of a model that this loader does not know."""
    if not isinstance(value, dict):
        return []
    files = value.get("files")
    of_files = [
        key
        for file in (files if isinstance(files, list) else [])
        if isinstance(file, dict)
        for key in file
        if key not in _FIELDS_OF_FILE
    ]
    return list(dict.fromkeys([*(key for key in value if key not in FIELDS), *of_files]))


# --- rules -----------------------------------------------------------------------


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and bool(pattern.match(value))


def _is_file_path(value: Any) -> bool:
    return _matches(_FILE_PATH)(value) and not any(map(is_taken, value.split("/")))


def _is_metadata(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= _MOST_METADATA
        and all(
            isinstance(text, str) and len(text) <= _LONGEST_METADATA
            for item in value.items()
            for text in item
        )
    )


def _is_signature(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _matches(_KEY)(value.get("key"))
        and _matches(_SIGNATURE)(value.get("value"))
    )


Rule = tuple[Callable[[Any], bool], str]
FIELDS: dict[str, Rule] = {
    "name": (_matches(_NAME), "1 to 64 letters, digits, _ . or -"),
    "version": (_matches(_VERSION), "a semantic version like 1.0.0"),
    "url": (_matches(_URL), "an https address without user and fragment"),
    "fileName": (
        lambda value: _matches(_FILE_NAME)(value) and not is_taken(value),
        f"a plain file name of letters, digits, _ . + and -, not {POINTER} or {OWN}",
    ),
    "size": (lambda value: is_integer(value) and value >= 1, "the number of bytes, at least 1"),
    "sha256": (_matches(_SHA256), "64 lower-case hexadecimal digits"),
    "md5": (_matches(_MD5), "32 lower-case hexadecimal digits"),
    "format": (_matches(_FORMAT), "1 to 32 letters, digits, . _ + or -"),
    "files": (
        lambda value: isinstance(value, list) and 2 <= len(value) <= _MOST_FILES,
        f"a list of 2 to {_MOST_FILES} files",
    ),
    "metadata": (
        _is_metadata,
        f"at most {_MOST_METADATA} texts of at most {_LONGEST_METADATA} characters",
    ),
    "signature": (_is_signature, "`key` (16 hexadecimal digits) and `value` (base64 of 64 bytes)"),
}
_FIELDS_OF_FILE: dict[str, Rule] = {
    "name": (
        _is_file_path,
        "at most 128 letters, digits, _ . + and -, with / between folders,"
        f" none of them {POINTER} or {OWN}",
    ),
    **{key: FIELDS[key] for key in ("url", "size", "sha256")},
}


def _fault_of_single(value: Mapping[str, Any]) -> ModelFault | None:
    for key in ("url", "fileName"):
        if key not in value:
            return invalid(f"`{key}` is missing")
    if "sha256" not in value and "md5" not in value:
        return ModelFault(Code.NO_CHECKSUM, "has no checksum: `sha256` is missing")
    return _broken_rule(value, FIELDS)


def _fault_of_set(value: Mapping[str, Any]) -> ModelFault | None:
    for key in ("url", "fileName", "size", "md5"):
        if key in value:
            return invalid(f"has both `files` and `{key}`: remove one (null in a patch)")
    if "sha256" not in value:
        return ModelFault(Code.NO_CHECKSUM, "has no checksum: `sha256` is missing")
    fault = _broken_rule(value, FIELDS)
    if fault is not None:
        return fault
    for number, file in enumerate(value["files"], start=1):
        if not isinstance(file, dict):
            return invalid(f"file {number} must be an object")
        for key in _FIELDS_OF_FILE:
            if key not in file:
                return invalid(f"file {number}: `{key}` is missing")
        fault = _broken_rule(file, _FIELDS_OF_FILE)
        if fault is not None:
            return ModelFault(fault.code, f"file {number}: {fault.message}")
    return _clash([file["name"] for file in value["files"]])


def _clash(names: list[str]) -> ModelFault | None:
    """Two names that one folder cannot hold, also where case does not count."""
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            return _unsafe(f"{name} and {seen[name.lower()]} are the same name")
        seen[name.lower()] = name
    for name in names:
        parts = name.split("/")
        for count in range(1, len(parts)):
            folder = "/".join(parts[:count])
            if folder.lower() in seen:
                return _unsafe(f"{seen[folder.lower()]} is a file, and a folder of {name}")
    return None


def _broken_rule(value: Mapping[str, Any], rules: Mapping[str, Rule]) -> ModelFault | None:
    for key, (is_valid, rule) in rules.items():
        if key in value and not is_valid(value[key]):
            of_file = rules is _FIELDS_OF_FILE and key == "name"
            return ModelFault(code_of("fileName" if of_file else key), f"`{key}` must be {rule}")
    return None


def _file(value: Mapping[str, Any], name_key: str) -> WantedFile:
    return WantedFile(
        name=value[name_key],
        url=value["url"],
        size=int(value["size"]) if "size" in value else None,
        sha256=value.get("sha256", ""),
        md5=value.get("md5", "") if name_key == "fileName" else "",
    )


def code_of(key: str) -> Code:
    """The kind of fault when the value of this key breaks its rule."""
    return Code.UNSAFE_FILE_NAME if key == "fileName" else Code.INVALID_DESIRED


def invalid(message: str) -> ModelFault:
    """The fault of a value that cannot be understood."""
    return ModelFault(Code.INVALID_DESIRED, message)


def _unsafe(message: str) -> ModelFault:
    return ModelFault(Code.UNSAFE_FILE_NAME, f"`files`: {message}")
