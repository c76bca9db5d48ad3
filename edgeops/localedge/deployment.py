"""Parses the desired properties of `$edgeAgent` into the modules to run. No I/O.

Source: "Properties of the IoT Edge agent and IoT Edge hub module twins",
Microsoft Learn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.limits import is_edge_module_id
from edgeops.localedge.environment import is_text, refusal

MODULES_OF_OURS: Mapping[str, str] = {
    # last part of the image name -> the Python module that its container runs
    "edgeops-model-loader": "edgeops.modules.model_loader",
    "edgeops-forecaster": "edgeops.modules.forecaster",
}
NONE: Mapping[str, str] = {}
_POLICIES = ("never", "on-failure", "on-unhealthy", "always")


class BadDeployment(Exception):
    """The deployment cannot be run; the text is for `lastDesiredStatus.description`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Bind:
    """A storage binding: a folder of the host, and its path in the container."""

    source: PurePosixPath
    target: PurePosixPath


@dataclass(frozen=True, slots=True)
class WantedModule:
    """A module of the deployment.

    `program` is the Python module, or the file of a program, that stands in for
    its container; None if there is none. `refused` is the reason why it is not
    run as a process, although a container could run it.
    """

    name: str
    image: str
    program: str | None
    running: bool = True
    restart_policy: str = "always"
    startup_order: int = 0
    env: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[Bind, ...] = ()
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """The modules to run, in the order of starting."""

    version: int
    modules: tuple[WantedModule, ...]


def parse_deployment(desired: Any, programs: Mapping[str, str] = NONE) -> Deployment:
    """The deployment in the desired properties of `$edgeAgent`.

    `programs` are files of Python programs for modules, by their names. Raises
    `BadDeployment` with the codes of edgeAgent: 400 invalid, 412 schema version
    not supported, 417 no deployment set.
    """
    document = desired if isinstance(desired, dict) else {}
    version = document.get("$version")
    if not any(not key.startswith("$") for key in document):
        raise BadDeployment(417, "no deployment is set for this device")
    schema = str(document.get("schemaVersion", ""))
    if schema.partition(".")[0] != "1":
        raise BadDeployment(412, f"schemaVersion {schema[:16]!r} is not 1.x")
    modules = document.get("modules", {})
    if not isinstance(modules, dict):
        raise BadDeployment(400, "modules must be an object")
    wanted = [_module(name, value, programs) for name, value in modules.items()]
    wanted = [replace(module, refused=_refusal(module, wanted)) for module in wanted]
    wanted.sort(key=lambda module: (module.startup_order, module.name))
    return Deployment(version if isinstance(version, int) else 0, tuple(wanted))


def _module(name: str, value: Any, programs: Mapping[str, str]) -> WantedModule:
    settings = value.get("settings") if isinstance(value, dict) else None
    if not isinstance(settings, dict):
        raise BadDeployment(400, f"module {name}: settings are missing")
    image = settings.get("image")
    if not isinstance(image, str) or not image:
        raise BadDeployment(400, f"module {name}: settings.image is missing")
    policy = value.get("restartPolicy", "always")
    if policy not in _POLICIES:
        raise BadDeployment(400, f"module {name}: restartPolicy must be one of {_POLICIES}")
    order = value.get("startupOrder", 0)
    program = programs.get(name) or MODULES_OF_OURS.get(_image_name(image))
    options = _create_options(name, settings)
    return WantedModule(
        name=name,
        image=image,
        program=program,
        running=value.get("status", "running") == "running",
        restart_policy=policy,
        startup_order=order if isinstance(order, int) else 0,
        env=_environment(value.get("env")),
        binds=_binds(name, options) if program else (),  # other modules can have any volume
    )


def _refusal(module: WantedModule, others: Iterable[WantedModule]) -> str | None:
    """Why a module of edgeops is not started; its name is also the name of its folder."""
    if module.program is None:
        return None
    if not is_edge_module_id(module.name):
        return "IoT Edge allows 1 to 128 letters, digits, - and _ in the name of a module"
    for other in others:
        if other.program and other.name < module.name and other.name.lower() == module.name.lower():
            return (
                f"its name differs from {other.name} only by case: both could get the same folder"
            )
    return refusal(module.env)


def _image_name(image: str) -> str:
    """The last part of an image reference without tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def _environment(env: Any) -> Mapping[str, str]:
    if not isinstance(env, dict):
        return {}
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, entry in env.items()
        if isinstance(entry, dict) and (value := entry.get("value")) is not None
    }


def _binds(name: str, options: JsonObject) -> tuple[Bind, ...]:
    host = options.get("HostConfig")
    binds = host.get("Binds") if isinstance(host, dict) else None
    if not isinstance(binds, list | None):
        raise BadDeployment(400, f"module {name}: HostConfig.Binds must be a list")
    return tuple(_bind(name, text) for text in binds or ())


def _create_options(name: str, settings: JsonObject) -> JsonObject:
    # edgeAgent concatenates createOptions, createOptions01, createOptions02, ...
    keys = sorted(key for key in settings if key.startswith("createOptions"))
    text = "".join(str(settings[key]) for key in keys)
    try:
        options = json.loads(text or "{}")
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise BadDeployment(400, f"module {name}: createOptions is not a JSON object")
    return options


def _bind(name: str, text: Any) -> Bind:
    source, _, rest = str(text).partition(":")
    bind = Bind(PurePosixPath(source), PurePosixPath(rest.partition(":")[0]))
    paths = (bind.source, bind.target)
    if (
        not all(path.is_absolute() and ".." not in path.parts for path in paths)
        or len(bind.target.parts) < 2  # the root belongs to the container
        or not is_text(str(text))
    ):
        raise BadDeployment(400, f"module {name}: {str(text)[:128]!r} is not a storage binding")
    return bind
