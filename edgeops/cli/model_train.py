"""`edgeops model train`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.options import DataDirs, ModelName, option
from edgeops.cli.settings import say, settings, workspace

if TYPE_CHECKING:
    from edgeops.training.fitted import Fitted


class Backend(StrEnum):
    """Where trainings run."""

    LOKY = "loky"
    DASK = "dask"
    RAY = "ray"


def train(
    context: typer.Context,
    name: ModelName,
    horizon: Annotated[
        int | None, option("Only the network of this horizon (`horizons.models: each`).", min=1)
    ] = None,
    shard: Annotated[
        str | None, option("Only every N-th training, from the I-th on.", metavar="I/N")
    ] = None,
    jobs: Annotated[
        int | None, option("Trainings at once; as many as there are cores.", "--jobs", "-j", min=1)
    ] = None,
    backend: Annotated[
        Backend, option("Processes of this machine, or an existing Dask or Ray cluster.")
    ] = Backend.LOKY,
    data_dir: DataDirs = None,
) -> None:
    """Train a model as its model.yaml says, and export it to ONNX.

    What is trained already is not trained again, and a training that was cut
    off goes on after its last epoch; both end with the same weights, to the
    bit, on the same machine. Results are in .edgeops/models/.

    Paths in model.yaml start at the folder of the repository. What is not there
    is looked for below each --data-dir. Links are not followed.

    \b
    Examples:
      edgeops model train crowdedness-24h
      edgeops model train crowdedness-horizons --jobs 4
      edgeops model train my-model --data-dir /mnt/counts
      edgeops model train crowdedness-horizons --shard 1/6     in a workflow matrix
      DASK_SCHEDULER_ADDRESS=tcp://10.0.0.5:8786 edgeops model train street-24h --backend dask
    """
    from edgeops.api import models

    done = models.train(
        workspace(settings(context)),
        name,
        horizon=horizon,
        shard=shard,
        processes=jobs,
        engine=backend.value,
        data_dirs=data_dir or (),
        trained=_say,
    )
    if not done.files:
        typer.echo("exported once all trainings are done: run it again without the option")
        return

    from edgeops.report.words import size

    for file in done.files:
        say(f"{file.path}  {size(file.size)}  sha256 {file.sha256}")
    typer.echo(f"differs from Keras by at most {done.parity:.1e}")


def _say(fitted: Fitted) -> None:
    best = min(fitted.history)
    epoch = fitted.history.index(best) + 1
    say(
        f"{fitted.job.name}  weights {fitted.sha256[:12]}  validation error {best:.2%}"
        f" (epoch {epoch} of {len(fitted.history)})"
    )
