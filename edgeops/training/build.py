"""The files of a build of a model, in `.edgeops/models/<name>/<key>/`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from edgeops.digest import digest_file
from edgeops.errors import EdgeOpsError
from edgeops.features.known import known_columns
from edgeops.jsonvalue import JsonObject
from edgeops.source.state import STATE
from edgeops.training.backend import weight_versions
from edgeops.training.data.find import data_files
from edgeops.training.evaluate.scorecard import Scorecard
from edgeops.training.fitted import Fitted, load
from edgeops.training.model_file import ModelFile
from edgeops.training.training_data import Job
from edgeops.translate import doing

# Increment when the same model file would give other weights.
_LAYOUT = 3
_NOT_TRAINED = (
    *("gates", "useCases", "export", "calibration", "seeds", "baselines", "retraining", "notes"),
)
FILES = {"onnx": "model.onnx", "onnx-int8": "model-int8.onnx"}


@dataclass(frozen=True, slots=True)
class BuildFolder:
    """The build folder of one model file and one data set; the gates do not affect it."""

    path: Path

    def job(self, job: Job) -> Path:
        """The path of the result of a job."""
        return self.path / "jobs" / f"{job.name}.npz"

    def checkpoint(self, job: Job) -> Path:
        """The path of the checkpoint of a running job."""
        return self.path / "jobs" / f"{job.name}.checkpoint.npz"

    def fitted(self, job: Job) -> Fitted | None:
        """The result of a job, None before it is done."""
        return load(self.job(job))

    def file(self, form: str) -> Path:
        """The path of the exported model in a form of `export.formats`."""
        return self.path / FILES[form]

    @property
    def facts(self) -> Path:
        """The path of the JSON file that describes the exported files; see `export`."""
        return self.path / "artifact.json"

    @property
    def evaluation(self) -> Path:
        """The folder of the scorecard, the forecasts, the plots and the model card."""
        return self.path / "evaluation"


@dataclass(frozen=True, slots=True)
class Build:
    """A trained, exported and evaluated model, ready to be published."""

    folder: Path
    artifact: Path
    scorecard: Scorecard
    provenance: JsonObject
    context: tuple[str, ...] = ()  # the columns that a device must be told ahead


def build_folder(model: ModelFile, data_sha256: str) -> BuildFolder:
    """The build folder of a model file and the data with this digest.

    Other versions of the packages that make features and weights give another one.
    """
    inputs = {key: value for key, value in model.spec.items() if key not in _NOT_TRAINED}
    text = json.dumps(
        [_LAYOUT, inputs, data_sha256, weight_versions(model.recipe.training.backend)],
        sort_keys=True,
    )
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    return BuildFolder(model.root / STATE / "models" / model.name / key)


def latest_build(model: ModelFile) -> Build:
    """The build of the current model file. Raises `EdgeOpsError` when a step is missing."""
    from edgeops.training.evaluate.scorecard_json import from_json

    name = model.name
    folder = build_folder(model, data_files(model).sha256)
    facts = facts_of(folder, name)
    card = folder.evaluation / "scorecard.json"
    try:
        evaluated = json.loads(card.read_bytes())
        inputs, scorecard = evaluated["inputs"], evaluated["scorecard"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _not_evaluated(name) from error
    if inputs != evaluation_key(model, facts):
        raise _not_evaluated(name)
    return Build(
        folder.path,
        folder.file(released_form(model)),
        from_json(scorecard),
        facts["provenance"],
        known_columns(model.recipe.features),
    )


def facts_of(folder: BuildFolder, name: str) -> JsonObject:
    """The facts that `export` wrote about the files of a model.

    Raises `EdgeOpsError` when the model is not exported, or a file has changed since.
    """
    again = f"run `edgeops model train {name}`"
    try:
        facts: JsonObject = json.loads(folder.facts.read_bytes())
        exported = {folder.file(form): file["sha256"] for form, file in facts["files"].items()}
        _ = facts["parity"], facts["milliseconds"]["file"], facts["provenance"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{name} is not trained with the current model.yaml and data"
        raise EdgeOpsError(message, again) from error
    for file, sha256 in exported.items():
        with doing(f"read the artifact {file}", again):
            now = digest_file(file).sha256
        if now != sha256:
            raise EdgeOpsError(f"{file} has changed since it was exported", again)
    return facts


def released_form(model: ModelFile) -> str:
    """The exported form that is published: the last one of `export.formats`."""
    return model.recipe.export.formats[-1]


def evaluation_key(model: ModelFile, facts: JsonObject) -> str:
    """A digest of everything that a scorecard depends on: the files and the judging sections."""
    judged = {key: model.spec.get(key) for key in ("gates", "useCases", "baselines", "notes")}
    files = {form: file["sha256"] for form, file in facts["files"].items()}
    return hashlib.sha256(json.dumps([judged, files], sort_keys=True).encode()).hexdigest()


def _not_evaluated(name: str) -> EdgeOpsError:
    hint = f"run `edgeops model evaluate {name}`"
    return EdgeOpsError(f"{name} has not been evaluated since its last change", hint)
