"""Forecasts of a released file, on windows that are made as the file itself says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgeops.artifacts.version import precedence
from edgeops.errors import EdgeOpsError
from edgeops.features.spec_json import from_json
from edgeops.features.window import WindowBuilder
from edgeops.plain_file import is_absent, read_plain
from edgeops.release import ModelRelease
from edgeops.source.releases import load_releases
from edgeops.training.forecasts import Forecasts
from edgeops.training.onnx_run import MAX_BYTES, OnnxModel, counts
from edgeops.training.samples import Experiment, Samples

_OTHER = "bring the published file back, or judge with `--no-champion`"
_MOST_STEPS = 168  # as `window.steps` in schemas/model.schema.json


@dataclass(frozen=True, slots=True)
class Champion:
    """The content of a released model file, which a new one is compared with."""

    version: str
    content: bytes


def last_release(
    root: Path, state: Path, name: str, note: Callable[[str], None]
) -> Champion | None:
    """The newest release of a model, if its file is in git or in the store of the local hub.

    Raises `EdgeOpsError` when what is there is not what was published.
    """
    releases = load_releases(root)
    newest = max(releases.of(name), key=lambda release: precedence(release.version), default=None)
    if newest is None:
        return None
    places = [(root, releases.copy(newest.reference).relative_to(root).as_posix())]
    if newest.path is not None:
        places.append((state / "artifacts", newest.path))
    others = []
    for folder, path in places:
        content = _published(folder, path, newest)
        if content is not None and hashlib.sha256(content).hexdigest() == newest.sha256:
            return Champion(newest.version, content)
        others += [folder / path] * (content is not None)
    if others:
        raise EdgeOpsError(f"{others[0]} is not what was published as {newest.reference}", _OTHER)
    note(f"{newest.reference} is not on this machine: the model is judged without a champion")
    return None


def _published(folder: Path, path: str, release: ModelRelease) -> bytes | None:
    """What is at a place of a released file; None where there is nothing."""
    try:
        return read_plain(folder, path, MAX_BYTES)
    except OSError as error:
        if is_absent(error):
            return None
        message = f"cannot read {folder / path}, published as {release.reference}: {error.strerror}"
        raise EdgeOpsError(message, _OTHER) from error


def champion_forecasts(champion: Champion, data: Experiment, samples: Samples) -> Forecasts:
    """What a released model says at the origins of some samples.

    Its features and window may differ from ours, its horizon and interval may
    not. Raises `EdgeOpsError`.
    """
    model = OnnxModel(champion.content, f"version {champion.version}")
    says = model.metadata
    try:
        spec = from_json(json.loads(says["window_spec"]))
        quantiles = tuple(json.loads(says["quantiles"]))
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise EdgeOpsError(
            f"version {champion.version} has no valid window specification",
            "it cannot be the champion: judge with `--no-champion`",
        ) from error
    if spec.steps > _MOST_STEPS or spec.level_hours > len(data.dataset.series):
        raise EdgeOpsError(
            f"version {champion.version} needs windows that are longer than the data",
            "it cannot be the champion: judge with `--no-champion`",
        )
    if (spec.horizon, spec.interval) != (samples.actual.shape[1], samples.interval):
        raise EdgeOpsError(
            f"version {champion.version} forecasts {spec.horizon} steps of {spec.interval} h",
            "it cannot be the champion of another horizon: judge with `--no-champion`",
        )
    if spec.is_pooled:
        spec = spec.of_series(samples.series)
    windows = WindowBuilder(spec).windows(data.dataset.series, samples.rows, data.known)
    return samples.forecasts(counts(model.ratio(windows.values), windows.scale), quantiles)
