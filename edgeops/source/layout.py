"""Which files of a repository edgeops reads."""

from __future__ import annotations

from enum import Enum, auto

from edgeops.errors import EdgeOpsError
from edgeops.fleet.catalog import KINDS
from edgeops.fleet.model import Place, Problem

FOLDERS = ("fleet", "models", "schemas")

_KIND_SCHEMAS = frozenset(f"schemas/{kind.lower()}.schema.json" for kind in KINDS)


class Role(Enum):
    """What edgeops reads a file as."""

    MANIFEST = auto()
    SCHEMA = auto()
    MODEL = auto()


def role(path: str) -> Role | None:
    """What edgeops reads the file at a path as (from the root, with `/`); None if it is ignored.

    Hidden files, and a repository's own copies of the schemas of kinds, are ignored.
    """
    parts = path.split("/")
    if path.startswith(".") or "/." in path:
        return None
    if len(parts) == 3 and parts[0] == "models" and parts[2] == "model.yaml":
        return Role.MODEL
    if path.endswith((".yaml", ".yml")):
        in_fleet = parts[0] == "fleet"
        in_releases = len(parts) == 4 and parts[0] == "models" and parts[2] == "releases"
        return Role.MANIFEST if in_fleet or in_releases else None
    if parts[0] == "schemas" and path.endswith(".json") and path not in _KIND_SCHEMAS:
        return Role.SCHEMA
    return None


def unread_problem(path: str) -> Problem | None:
    """The problem of a file that edgeops ignores, though its name says that it holds a manifest."""
    if role(path) is not None or any(part.startswith(".") for part in path.split("/")):
        return None
    folder, _, name = path.rpartition("/")
    stem, _, extension = name.rpartition(".")
    if not stem or role(f"{folder}/a.yaml") is None:
        return None
    if extension.lower() in ("yaml", "yml"):
        message, hint = f"is not read: it ends in .{extension}", f"rename it to {stem}.yaml"
    elif extension.lower() == "json" and path.startswith("fleet/"):
        message = "is not read: manifests are YAML"
        hint = f"rename it to {stem}.yaml: edgeops reads JSON as YAML"
    elif "." in stem and stem.lower().endswith((".yaml", ".yml")):
        message = f"is not read: it ends in .{extension}, not in .yaml"
        return Problem(Place(_text(path)), "", message, "rename or delete it", warning=True)
    else:
        return None
    return Problem(Place(_text(path)), "", message, _text(hint))


def detour_problem(path: str, kind: str) -> Problem | None:
    """The problem of a link or submodule that would hold what edgeops reads.

    It is not followed, since it leads outside the commit. `kind` is what the message calls it.
    """
    below = ("", "/a.yaml", "/a.json", "/model.yaml", "/releases/a.yaml")
    if not any(role(path + end) for end in below):
        return None
    hint = "edgeops reads only regular files of this repository; replace it with a copy"
    return Problem(Place(_text(path)), "", f"is {kind}", hint)


def name_problem(path: str) -> Problem | None:
    """The problem of a file whose name is not UTF-8: git and file systems allow any bytes."""
    if path.isascii() or _text(path) == path or role(path) is None:
        return None
    return Problem(Place(_text(path)), "", "its file name is not UTF-8", "rename the file")


def _text(path: str) -> str:
    """The path with bytes that are not UTF-8 as escapes."""
    return path.encode("utf-8", "backslashreplace").decode()


def no_fleet(where: str) -> EdgeOpsError:
    """The error of a place without a fleet/ folder."""
    return EdgeOpsError(
        f"there is no fleet/ folder in {where}",
        "put manifests into fleet/, as YAML files in any layout",
    )
