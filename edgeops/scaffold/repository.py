"""The files of a new fleet repository: manifests, schemas, workflows and their action.

`files/` has those that only a new repository has; schemas, workflows and the
action are those of edgeops itself (also in the wheel). They name no repository
or registry except those that the user chose: somebody else could register a
name that is free today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from edgeops import __version__
from edgeops.errors import UsageError
from edgeops.scaffold.origin import Origin
from edgeops.source.schemas import schema_folder

WORKFLOWS = ("fleet-hub.yml", "fleet-pr.yml", "fleet-sync.yml", "model.yml", "promote.yml")
ACTION = ".github/actions/edgeops/action.yml"
# A reserved name (RFC 2606): nobody can register it and publish an image there.
NO_REGISTRY = "registry.invalid"

_LOADER = "edgeops-model-loader"
_OURS = re.compile(r"^.*# only in the repository of edgeops\n", re.MULTILINE)
_VERSION = re.compile(r'default: "" # set by `edgeops init`')
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")  # as in schemas/fleet.schema.json
_OWNER = re.compile(r"[a-z0-9](-?[a-z0-9]){0,38}\Z")
_PACKAGE = Path(__file__).parent
# Stored without the dot, or the tools of this repository would use them.
_DOTTED = {"gitignore": ".gitignore", "github": ".github"}


def owner_on_github(name: str) -> str:
    """The owner in lower case, as registries need it. Raises `UsageError` for an invalid name."""
    owner = name.lower()
    if not _OWNER.match(owner):
        raise UsageError(
            f"{owner!r} is not the name of a GitHub owner", "use a name such as contoso"
        )
    return owner


def new_repository(
    name: str, origin: Origin, images: Mapping[str, str], uid: str
) -> dict[str, bytes]:
    """Every file by its path. The fleet gets the uid, and the name if it is valid for a fleet.

    `images` are the image references of the devices, by name; without them, the
    manifests name a registry that cannot exist.
    """
    words = {
        "FLEET_NAME": name if _NAME.match(name) else "fleet",
        "FLEET_UID": uid,
        "LOADER_IMAGE": images.get(_LOADER, f"{NO_REGISTRY}/{_LOADER}:{__version__}"),
        "EDGEOPS_VERSION": __version__,
        "EDGEOPS_INSTALL": _install(origin),
    }
    files = {}
    for path, text in _templates():
        for word, value in words.items():
            text = text.replace(word, value)
        files[path] = text.encode()
    schemas = schema_folder()
    for file in schemas.rglob("*.json"):
        files[f"schemas/{file.relative_to(schemas).as_posix()}"] = file.read_bytes()
    for workflow in WORKFLOWS:
        files[f".github/workflows/{workflow}"] = _shared(f"workflows/{workflow}").encode()
    files[ACTION] = _action(origin.version).encode()
    return dict(sorted(files.items()))


def _install(origin: Origin) -> str:
    """What pip installs to get this edgeops; a wheel on this machine is the user's to name."""
    if origin.released:
        return f"edgeops=={origin.version}"
    return f'"{origin.version}"' if origin.version else "PATH/TO/edgeops  # as it was for `init`"


def _templates() -> Iterator[tuple[str, str]]:
    folder = _PACKAGE / "files"
    for file in folder.rglob("*"):
        if file.is_file():
            first, *rest = file.relative_to(folder).parts
            path = PurePosixPath(_DOTTED.get(first, first), *rest)
            yield str(path), file.read_text(encoding="utf-8")


def _shared(path: str) -> str:
    """A file of .github, without the lines for the repository of edgeops only."""
    inside = _PACKAGE / path
    file = inside if inside.is_file() else _PACKAGE.parents[1] / ".github" / path
    return _OURS.sub("", file.read_text(encoding="utf-8"))


def _action(version: str) -> str:
    text, replaced = _VERSION.subn(f'default: "{version}"', _shared("actions/edgeops/action.yml"))
    assert replaced == 1
    return text
