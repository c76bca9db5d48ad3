"""Exports a trained model: calibrated, compared with Keras, in every form."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgeops.features.series import FloatArray
from edgeops.features.spec import THIS_SERIES
from edgeops.files import write_whole
from edgeops.jsonvalue import JsonObject
from edgeops.training import backend
from edgeops.training.artifact import (
    assemble,
    calibration,
    check_parity,
    metadata,
    parity,
    quantized,
)
from edgeops.training.build import BuildFolder
from edgeops.training.data.load import window_spec
from edgeops.training.fitted import Fitted
from edgeops.training.jobs import network_of
from edgeops.training.judged_by import judging_of, to_properties
from edgeops.training.loss import wape_of
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.predict import keras_milliseconds
from edgeops.training.samples import Experiment
from edgeops.training.training_data import Examples, FloatTensor

_MOST_COMPARED = 5000  # windows
_BATCH = 512


def export(
    data: Experiment,
    folder: BuildFolder,
    fitted: Sequence[Fitted],
    validation: Examples,
    provenance: JsonObject,
    now: str,
) -> JsonObject:
    """Write the files of a model and the facts about them; gives the facts.

    `{files: {form: {size, sha256}}, parity, milliseconds: {file, keras}, weights:
    {job: sha256}, trainedAt, validationWape, model, provenance}`; `model` is the spec of
    model.yaml, `trainedAt` is `now` or when these weights were first exported,
    `milliseconds` is the time of one forecast of the
    last form, and of `predict` of one network in Keras.
    Raises `EdgeOpsError` when the export differs from the trained networks.
    """
    recipe = data.model.recipe
    backend.start(recipe.training)
    network, properties = network_of(data.model), _metadata(data)
    outward = 0.0
    if recipe.calibration.kind == "cqr" and len(network.quantiles) > 1:
        outward = calibration(network, fitted, validation, recipe.calibration.coverage)
    exact = assemble(network, fitted, properties, outward)
    if said := to_properties(judging_of(data, OnnxModel(exact))):
        exact = assemble(network, fitted, {**properties, **said}, outward)
    difference = parity(network, fitted, _compared(data), exact)
    check_parity(difference, recipe.export.parity)
    files = {}
    content = exact
    for form in recipe.export.formats:
        content = exact if form == "onnx" else quantized(exact)
        write_whole(folder.file(form), content)
        files[form] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    window = validation.windows[:1]
    weights = {result.job.name: result.sha256 for result in fitted}
    facts = {
        "files": files,
        "parity": difference,
        "milliseconds": {
            "file": OnnxModel(content).milliseconds(window),
            "keras": keras_milliseconds(network, fitted[0], window),
        },
        "weights": weights,
        "trainedAt": _first_exported(folder, weights) or now,
        "validationWape": wape_of(network.quantiles, validation, _ratios(exact, validation)),
        "model": data.model.spec,
        "provenance": provenance,
    }
    write_whole(folder.facts, json.dumps(facts, indent=2).encode() + b"\n")
    return facts


def _first_exported(folder: BuildFolder, weights: JsonObject) -> str | None:
    """When the same weights were exported here before."""
    try:
        facts = json.loads(folder.facts.read_bytes())
        return str(facts["trainedAt"]) if facts["weights"] == weights else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ratios(exact: bytes, validation: Examples) -> FloatArray:
    return OnnxModel(exact).ratio(validation.windows, _BATCH).astype(np.float64)


def provenance(data: Experiment, commit: str | None, environ: Mapping[str, str]) -> JsonObject:
    """The `provenance` of a release file: data, software, machine, command, commit and run."""
    training = data.model.recipe.training
    facts: JsonObject = {
        "modelFile": data.model.sha256,
        "data": data.dataset.sha256,
        "files": dict(data.digests),
        "framework": {"backend": training.backend, **backend.versions(training.backend)},
        "python": platform.python_version(),
        "processor": f"{platform.machine()}, {_processor()}",
        "threads": training.threads,
        "command": f"edgeops model train {data.model.name}",
    }
    if data.model.newer_data is not None:
        facts["split"] = data.model.spec["split"]
    if data.dataset.attribution:
        facts["attribution"] = data.dataset.attribution
    if weather := data.model.recipe.data.weather:
        facts["weather"] = weather.kind or "unknown"
    if commit:
        facts["commit"] = commit
    run = [environ.get(key) for key in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    if all(run):
        facts["workflowRun"] = "{}/{}/actions/runs/{}".format(*run)
    return facts


def _metadata(data: Experiment) -> dict[str, str]:
    model, quantiles = data.model, data.model.recipe.network.quantiles
    columns = (THIS_SERIES,) if model.recipe.target.is_pooled else data.columns
    dataset = data.dataset
    spec = window_spec(model, columns, dataset.series, data.known, dataset.hour)
    attribution, unit = dataset.attribution, model.recipe.target.unit
    return metadata(model.name, model.sha256, spec, quantiles, attribution, unit)


def _compared(data: Experiment) -> FloatTensor:
    """At most about `_MOST_COMPARED` windows of the test part, evenly spaced."""
    windows = np.concatenate(
        [data.samples(series, "test", len(data.series)).windows for series in data.series]
    )
    return windows[:: -(-len(windows) // _MOST_COMPARED)]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")
