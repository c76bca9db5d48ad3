"""Which models have become worse on devices than they were when they were published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.api.extras import extra
from edgeops.api.listing import devices_at
from edgeops.api.live import DeviceScore, live_models, published_wape
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.training.decay import Decay
    from edgeops.training.model_file import ModelFile


@dataclass(frozen=True, slots=True)
class ModelDecay:
    """A model with its newest release on devices (`name@version`), and how that does there.

    `release` is empty if git gives no device one.
    """

    model: str
    release: str
    decay: Decay

    @property
    def has_decayed(self) -> bool:
        """Whether the model should be trained again."""
        from edgeops.training.decay import LiveStanding

        return self.decay.standing is LiveStanding.DECAYED


def decayed_models(
    workspace: Workspace, names: Sequence[str] = (), *, rev: str = "HEAD"
) -> list[ModelDecay]:
    """How the named models do on devices, by default all with `retraining` in model.yaml.

    Judged is the newest release that git gives to a device at the revision: one that is on its way
    may be the answer to the decay of the one before. Raises `UsageError` for a model that does not
    exist or has no `retraining`, `InvalidModel`, and as `list_devices`.
    """
    with extra("device"):  # numpy
        from edgeops.training.decay import decay_of
        from edgeops.training.recipe import RetrainingSection

        files = _judged(workspace, names)
        if not files:
            return []
        revision = workspace.at(rev)
        seen = devices_at(revision, with_rings=True)
        scores = [
            score
            for release in live_models(revision.catalog, seen).releases
            for score in release.devices
        ]
        found = []
        for model in files:
            release = _newest(model.name, scores)
            retraining = model.recipe.retraining or RetrainingSection()
            published = published_wape(revision.catalog, release, retraining.metric)
            models = [s.model for s in scores if s.release == release and s.model]
            found.append(ModelDecay(model.name, release, decay_of(models, published, retraining)))
        return found


def _judged(workspace: Workspace, names: Sequence[str]) -> list[ModelFile]:
    from edgeops.training.matrix import model_names
    from edgeops.training.model_file import load_model_file

    root = workspace.root
    files = [load_model_file(root, name) for name in names or model_names(root)]
    for model in files if names else ():
        if model.recipe.retraining is None:
            raise EdgeOpsError(
                f"models/{model.name}/model.yaml does not say when the model has decayed",
                "add `retraining: {decay: 1.15}` to its `spec`",
            )
    return [model for model in files if model.recipe.retraining is not None]


def _newest(model: str, scores: Sequence[DeviceScore]) -> str:
    """The newest release of a model that git gives to a device; "" if there is none."""
    from edgeops.artifacts.version import precedence

    wanted = {score.release.rpartition("@")[::2] for score in scores if score.wanted}
    versions = [version for name, version in wanted if name == model]
    return f"{model}@{max(versions, key=precedence)}" if versions else ""
