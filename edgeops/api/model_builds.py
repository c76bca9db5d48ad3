"""The builds of a model beside each other: what differs, and how good each is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject

T = TypeVar("T")
_MAX_FACTS = 16 * 1024 * 1024  # bytes
_METRICS = ("wape", "wape_vs_seasonal_naive", "wape_vs_lightgbm")


@dataclass(frozen=True, slots=True)
class ModelRun:
    """One build of a model; what is not known, such as before its evaluation, is None.

    `settings` are those of model.yaml in which the builds differ, by their path;
    `metrics` are of the test part; `size` and `published` (versions) of the file that
    is released. `fault` says why an evaluation cannot be read.
    """

    key: str
    trained: str | None
    settings: Mapping[str, Any]
    validation_wape: float | None
    metrics: Mapping[str, float]
    passed: bool | None
    size: int | None
    published: tuple[str, ...]
    files: Mapping[str, str]
    fault: str = ""


def model_runs(workspace: Workspace, name: str) -> tuple[ModelRun, ...]:
    """The builds of a model on this machine, the newest last.

    Raises `EdgeOpsError` for a model without any, and for a name that leads elsewhere.
    """
    from edgeops.training.model_file import name_fault

    folder = workspace.state / "models" / name
    found = [] if name_fault(name) else sorted(folder.glob("*/artifact.json"))
    versions = _versions(workspace, name)
    read = [run for file in found if (run := _run(file, versions)) is not None]
    if not read:
        raise EdgeOpsError(
            f"there is no build of {name} on this machine", f"run `edgeops model train {name}`"
        )
    read.sort(key=lambda pair: (pair[0].trained or "", pair[0].key))
    specs = [dict(_flat(spec)) for _, spec in read]
    paths = {path for spec in specs for path in spec}
    differ = sorted(path for path in paths if len({repr(spec.get(path)) for spec in specs}) > 1)
    return tuple(
        replace(run, settings={path: spec.get(path) for path in differ})
        for (run, _), spec in zip(read, specs, strict=True)
    )


def _run(file: Path, versions: Mapping[str, tuple[str, ...]]) -> tuple[ModelRun, JsonObject] | None:
    """A build and its settings; None if its facts are not of a build."""
    facts = _object(_json(file))
    files, spec = _object(facts.get("files")), _object(facts.get("model"))
    if not files:
        return None
    released = _object([*files.values()][-1])
    metrics, passed, fault = _judged(file.parent / "evaluation" / "scorecard.json")
    digests = _object(_object(facts.get("provenance")).get("files"))
    run = ModelRun(
        file.parent.name,
        _if(str, facts.get("trainedAt")),
        {},
        _if(float, facts.get("validationWape")),
        metrics,
        passed,
        _if(int, released.get("size")),
        versions.get(str(released.get("sha256")), ()),
        {key: str(digest) for key, digest in digests.items()},
        fault,
    )
    return run, {**spec, "data files": {key: sha[:12] for key, sha in run.files.items()}}


def _judged(file: Path) -> tuple[Mapping[str, float], bool | None, str]:
    """The metrics of a scorecard, whether all gates are passed, and what is wrong with it."""
    if not file.exists():
        return {}, None, ""
    card = _object(_object(_json(file)).get("scorecard"))
    metrics, gates = _object(card.get("metrics")), card.get("gates")
    if not metrics or not isinstance(gates, list):
        return {}, None, f"{file.name} is not a scorecard"
    known = ((key, _if(float, metrics.get(key))) for key in _METRICS)
    passed = all(_object(gate).get("passed") is True for gate in gates)
    return {key: value for key, value in known if value is not None}, passed, ""


def _json(file: Path) -> Any:
    from edgeops.plain_file import read_plain

    try:
        return json.loads(read_plain(file.parent, file.name, _MAX_FACTS))
    except (OSError, ValueError, RecursionError):
        return None


def _object(value: Any) -> JsonObject:
    """The value if it is a JSON object; these files can be edited."""
    return value if isinstance(value, dict) else {}


def _if(kind: type[T], value: Any) -> T | None:
    """The value if it is of this kind; a whole number is a `float`, too."""
    kinds: Any = (int, float) if kind is float else kind
    return value if isinstance(value, kinds) and not isinstance(value, bool) else None


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting by its path, such as `training.epochs`."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif path:
        yield path, value


def _versions(workspace: Workspace, name: str) -> Mapping[str, tuple[str, ...]]:
    """The versions of the releases of a model, by the digest of what they hold."""
    from edgeops.source.releases import load_releases

    found: dict[str, tuple[str, ...]] = {}
    for release in load_releases(workspace.root).of(name):
        found[release.sha256] = (*found.get(release.sha256, ()), release.version)
    return found
