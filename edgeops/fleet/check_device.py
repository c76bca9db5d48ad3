"""Checks whether the hub and IoT Edge will accept a resolved device.

A finding has a path in the device document; the file and line are looked up afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeops import limits
from edgeops.fleet.check_ports import port_findings
from edgeops.fleet.check_schema import SchemaChecker
from edgeops.fleet.create_options import binds, compact, create_options
from edgeops.fleet.edge import SYSTEM_MODULES, containers, deployed, routes
from edgeops.fleet.finding import Finding
from edgeops.fleet.image import image_fault
from edgeops.fleet.layers import FROM, Path
from edgeops.fleet.model import ACCESS, MODEL_LOADER, DesiredModule
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject, keys_of
from edgeops.release import ModelRelease
from edgeops.secret_reference import secrets_in, with_secrets
from edgeops.twin import EDGE_AGENT, EDGE_HUB

# Half of the limit of `$edgeAgent`, which all modules share.
CREATE_OPTIONS_BYTES = limits.DESIRED_BYTES // 2


def section_findings(path: Path, value: JsonObject, max_bytes: int) -> Iterator[Finding]:
    """The hub limits that a section of a twin (at `path` in the device document) exceeds."""
    for violation in limits.check_section(value, max_bytes):
        at = (*path, *keys_of(violation.pointer))
        yield Finding(at, f"`{'/'.join(at)}` {violation.message}", violation.hint)


def module_findings(
    modules: Mapping[str, DesiredModule],
    schemas: Mapping[str, Any],
    checker: SchemaChecker,
    models: Mapping[str, ModelRelease],
) -> Iterator[Finding]:
    """Findings about the number and desired properties of a device's modules.

    `models` are the releases in the desired properties of the model_loader, by slot.
    """
    if len(modules) > limits.MODULES_PER_DEVICE:
        yield Finding(
            ("modules",),
            f"{len(modules)} modules; a device has at most {limits.MODULES_PER_DEVICE}",
        )
    for name, module in modules.items():
        at = ("modules", name, "desired")
        for finding in section_findings(at, module.desired, limits.DESIRED_BYTES):
            too_large = name == MODEL_LOADER and finding.path == at
            yield _blamed_on_files(finding, models, module.desired) if too_large else finding
        if name == MODEL_LOADER and ACCESS in module.desired:
            yield Finding(
                (*at, ACCESS),
                f"`{ACCESS}` is reserved for the temporary read access that sync gives a device",
                "remove it; a value in git is not a secret",
            )
        models = module.desired.get("models", {})
        if name == MODEL_LOADER and not isinstance(models, dict):
            yield Finding(
                (*at, "models"),
                f"is `{shown(models)}`; it must be an object",
                "list each slot in it, or omit it: it is filled from `models` of the device",
            )
            continue  # the schema would report it again
        schema = schemas.get(module.spec.get("schema", ""))
        if schema is not None:
            # A secret is a text, of which the schema can know nothing else.
            secrets = tuple(path for path, _ in secrets_in(module.desired))
            desired = with_secrets(module.desired, str) if secrets else module.desired
            for mismatch in checker.mismatches(desired, schema):
                below = keys_of(mismatch.pointer)
                if any(below[: len(secret)] == secret for secret in secrets):
                    continue
                path = (*at, *below)
                hint = (
                    mismatch.hint or f"see {module.spec['schema']} for the properties of `{name}`"
                )
                yield Finding(path, mismatch.message, hint)


def _blamed_on_files(
    finding: Finding, models: Mapping[str, ModelRelease], desired: JsonObject
) -> Finding:
    """That a twin is too large, said of its largest model if that has several files."""
    sizes = {slot: limits.size(desired["models"][slot]) for slot in models}
    largest = max(sizes, key=lambda slot: (sizes[slot], slot), default="")
    if not largest or len(models[largest].files) == 1:
        return finding
    release = models[largest]
    return Finding(
        (*finding.path, "models", largest),
        f"{finding.message}; the list of the {len(release.files)} files of `{release.reference}`"
        f" takes {sizes[largest]:,} of them",
        "publish small files as one archive, or give them shorter names",
    )


def edge_findings(
    modules: Mapping[str, DesiredModule],
    runtime: JsonObject,
    content: Mapping[str, JsonObject],
    defaults: Mapping[str, JsonObject],
) -> Iterator[Finding]:
    """Findings about the deployment of an edge device."""
    modules = containers(modules)
    for name, module in modules.items():
        if not module.spec.get("image"):
            yield Finding(
                ("modules", name),
                f"module `{name}` has no image, which an IoT Edge device needs",
                f"set `image` in the Module `{module.spec.get(FROM, name)}`",
                absence=True,
            )
        yield from _container_findings(("modules", name), name, module.spec)
    for key, name in SYSTEM_MODULES.items():
        yield from _container_findings(("edge", key), name, runtime.get(key, {}))
    yield from _image_findings(modules, runtime, content[EDGE_AGENT])
    yield from _route_findings(modules, runtime)
    yield from port_findings(modules, runtime)
    for section, whole in deployed(content, defaults).items():
        for violation in limits.check_section(whole, limits.DESIRED_BYTES):
            path = _source(section, keys_of(violation.pointer), modules, runtime)
            subject = section if not violation.pointer else "/".join(path)
            yield Finding(path, f"`{subject}` {violation.message}", violation.hint)


def _image_findings(
    modules: Mapping[str, DesiredModule], runtime: JsonObject, agent: JsonObject
) -> Iterator[Finding]:
    for section in ("systemModules", "modules"):
        for name, module in agent.get(section, {}).items():
            image = module.get("settings", {}).get("image")
            fault = image_fault(image) if image else None
            if fault:
                path = _source(EDGE_AGENT, (section, name, "settings", "image"), modules, runtime)
                yield Finding(path, fault.message, fault.hint, warning=fault.warning)


def _container_findings(at: Path, name: str, spec: JsonObject) -> Iterator[Finding]:
    own = binds(spec)
    if own is None:
        yield Finding(
            (*at, "createOptions", "HostConfig"),
            "`HostConfig.Binds` must be a list of strings",
            "as in `HostConfig: {Binds: [/source:/target]}`",
        )
        return
    if spec.get("storage") and isinstance(spec.get("createOptions"), str):
        yield Finding(
            (*at, "storage"),
            f"createOptions of `{name}` are text, to which its storage cannot be added",
            "write createOptions as an object, or the storage as HostConfig.Binds in the text",
        )
    taken = {_target(bind.split(":")[1]) for bind in own if ":" in bind}
    for index, mount in enumerate(spec.get("storage", ())):
        target = _target(mount["target"])
        if target in taken:
            yield Finding(
                (*at, "storage", str(index), "target"),
                f"module `{name}` mounts `{target}` twice",
                "give each storage its own target",
            )
        taken.add(target)
    total = len(compact(create_options(spec) or {}))
    if total > CREATE_OPTIONS_BYTES:
        yield Finding(
            (*at, "createOptions"),
            f"createOptions of `{name}` are {total:,} bytes; "
            f"more than {CREATE_OPTIONS_BYTES:,} leave no room for other modules",
            "move what is large into the image or into storage",
        )


def _target(path: str) -> str:
    return path.rstrip("/") or "/"


def _route_findings(modules: Mapping[str, DesiredModule], runtime: JsonObject) -> Iterator[Finding]:
    seen: dict[str, tuple[Path, Any]] = {}
    for path, name, text in routes(modules, runtime):
        first, first_text = seen.setdefault(name, (path, text))
        if text != first_text:
            owner = "`edge.routes`" if first[0] == "edge" else f"module `{first[1]}`"
            yield Finding(
                path,
                f"route `{name}` is already defined by {owner} with a different text",
                "give one of them another name",
            )


def _source(
    section: str, path: Path, modules: Mapping[str, DesiredModule], runtime: JsonObject
) -> Path:
    """The path in the device document from which a path in the edge content comes."""
    if section == EDGE_HUB:
        sources = {name: at for at, name, _ in routes(modules, runtime)}
        return sources.get(path[1], ("edge",)) if path[:1] == ("routes",) else ("edge",)
    if path[:1] == ("systemModules",):
        at: Path = ("edge", *(key for key, name in SYSTEM_MODULES.items() if name == path[1]))
    elif path[:1] in ((), ("modules",)):
        at = path[:2] or ("modules",)
    else:
        return ("edge",)
    if path[2:3] == ("settings",):  # createOptions are split, so they always fit
        return (*at, "image")
    return (*at, *path[2:4]) if path[2:3] == ("env",) else at
