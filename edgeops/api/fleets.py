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

    The problems of model files count, too; they do not make the fleet invalid. The fleet is checked
    on every hub. Raises `EdgeOpsError` if there is no fleet or no such revision.
    """
    revision = workspace.at(rev)
    resolution = revision.on_every_hub
    every = tuple(sorted((*resolution.problems, *revision.model_problems)))

    def inside(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        return tuple(
            problem
            for problem in problems
            if below in (".", problem.place.file) or problem.place.file.startswith(f"{below}/")
        )

    problems = inside(every)
    elsewhere = len(every) - len(problems)
    return Validation(problems, inside(resolution.warnings), elsewhere, resolution.fleet)


def render(
    workspace: Workspace,
    devices: Sequence[str] = (),
    *,
    rev: str | None = None,
    deployment: bool = False,
) -> dict[str, JsonObject]:
    """The resolved twins of devices by name, or their IoT Edge deployment manifests.

    A deployment manifest is for other tools, so it holds the secrets that the environment has; a
    note says so. All devices of the hub by default. Raises `InvalidFleet`, and `UsageError` for a
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
    rendered = {name: form(fleet.devices[name]) for name in devices or sorted(fleet.devices)}
    return _with_values(workspace, rendered) if deployment else rendered


def render_context(workspace: Workspace, name: str, *, rev: str | None = None) -> bytes:
    """The file of a Context, as devices get it. Raises `InvalidFleet`, and `UsageError` without it.

    So it can be put into a store that edgeops cannot write to.
    """
    from edgeops.fleet.suggest import did_you_mean

    revision = workspace.at(rev)
    if name not in revision.catalog.contexts:
        _ = revision.fleet  # it may be there, but not valid
        hint = did_you_mean(name, revision.catalog.contexts)
        raise UsageError(f"the fleet has no Context `{name}`", hint)
    content = revision.catalog.contexts[name].spec.content
    assert content is not None
    return content


def _with_values(workspace: Workspace, manifests: dict[str, JsonObject]) -> dict[str, JsonObject]:
    """The manifests with the values of secrets, and a note that says which."""
    from edgeops.secret_reference import Secret, secrets_in, with_secrets

    def read(secret: Secret) -> str:
        value = workspace.environ.get(secret.variable)
        return value or f"<{secret.variable} version {secret.version}>"

    named = {secret.variable for _, secret in secrets_in(manifests)}
    if not named:
        return manifests
    missing = sorted(name for name in named if not workspace.environ.get(name))
    held = sorted(named.difference(missing))
    parts = [f"the output holds secrets: {', '.join(held)}"] if held else []
    if missing:
        parts.append(f"not set, so the output names them only: {', '.join(missing)}")
    workspace.observer.note(f"note: {'; '.join(parts)}")
    return {name: with_secrets(manifest, read) for name, manifest in manifests.items()}


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
