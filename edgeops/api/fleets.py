"""The desired state of a fleet, without a hub: validate, render and explain it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.api.workspace import Workspace
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from edgeops.fleet.explain import Explained
    from edgeops.fleet.model import DesiredFleet, Problem
    from edgeops.jsonvalue import JsonObject


@dataclass(frozen=True, slots=True)
class Validation:
    """The chosen problems and warnings, the number of other problems, and the valid fleet."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    elsewhere: int
    fleet: DesiredFleet | None


def validate(workspace: Workspace, *, rev: str | None = None, below: str = ".") -> Validation:
    """What is wrong with the desired state at a revision, or on disk: all, or `below` a path.

    It is checked on every hub. Raises `EdgeOpsError` if there is no fleet or no such revision.
    """
    resolution = workspace.at(rev).on_every_hub

    def inside(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        return tuple(
            problem
            for problem in problems
            if below in (".", problem.place.file) or problem.place.file.startswith(f"{below}/")
        )

    problems = inside(resolution.problems)
    elsewhere = len(resolution.problems) - len(problems)
    return Validation(problems, inside(resolution.warnings), elsewhere, resolution.fleet)


def render(
    workspace: Workspace,
    devices: Sequence[str] = (),
    *,
    rev: str | None = None,
    deployment: bool = False,
) -> dict[str, JsonObject]:
    """The resolved twins of devices by name, or their IoT Edge deployment manifests.

    All devices of the hub by default. Raises `InvalidFleet`, and `UsageError` for a
    device that does not exist or is on another hub.
    """
    from edgeops.fleet.edge import deployment_manifest, render_device
    from edgeops.fleet.hubs import on_another_hub
    from edgeops.fleet.suggest import did_you_mean

    fleet = workspace.at(rev).fleet
    for name in devices:
        if name in fleet.elsewhere:
            raise on_another_hub(name, fleet.elsewhere[name])
        if name not in fleet.devices:
            raise UsageError(f"the fleet has no device `{name}`", did_you_mean(name, fleet.devices))
    form = deployment_manifest if deployment else render_device
    return {name: form(fleet.devices[name]) for name in devices or sorted(fleet.devices)}


def explain(
    workspace: Workspace, device: str, pointer: str = "", *, rev: str | None = None
) -> tuple[Explained, ...]:
    """Which file and line set each value of a device below a JSON pointer, and what it overrode.

    The values are those on the hub of the workspace. Raises `InvalidState`, and
    `UsageError` for a device or value that does not exist.
    """
    from edgeops.fleet.explain import explain as explain_device

    snapshot = workspace.at(rev).snapshot
    url = workspace.local_artifacts_url
    return explain_device(snapshot, device, pointer, hub=workspace.hub, local_artifacts_url=url)
