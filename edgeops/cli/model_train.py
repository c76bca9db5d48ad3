"""`edgeops model data` and `train`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from edgeops import api, report
from edgeops.cli.options import DataDirs, ModelName, NewerData, OutputOption, option
from edgeops.cli.settings import say, show, workspace


def data(
    context: typer.Context,
    name: ModelName,
    data_dir: DataDirs = None,
    newer_data: NewerData = None,
    output: OutputOption = "text",
) -> None:
    """Report the quality of a model's data: missing, zero, broken and repaired hours.

    \b
    Examples:
      edgeops model data crowdedness-24h
      edgeops model data my-model --data-dir /mnt/counts -o json
    """
    quality = api.data_quality(
        workspace(context), name, data_dirs=data_dir or (), newer_data=newer_data
    )
    show(context, report.data_text, quality, output)


def train(
    context: typer.Context,
    name: ModelName,
    horizon: Annotated[
        int | None, option("Only the network of this horizon (`horizons.models: each`).", min=1)
    ] = None,
    shard: Annotated[
        str | None, option("Only every N-th training, starting at the I-th.", metavar="I/N")
    ] = None,
    jobs: Annotated[
        int | None, option("Parallel trainings; by default one per core.", "--jobs", "-j", min=1)
    ] = None,
    backend: Annotated[
        Literal["loky", "dask", "ray"],
        option("Processes of this machine (loky), or an existing Dask or Ray cluster."),
    ] = "loky",
    data_dir: DataDirs = None,
    newer_data: NewerData = None,
) -> None:
    """Train a model as its model.yaml says, and export it to ONNX.

    Finished trainings are not repeated, and an interrupted training continues
    after its last epoch; on the same machine, both end with the same weights,
    bit for bit. Results are stored in .edgeops/models/.

    \b
    Examples:
      edgeops model train crowdedness-24h
      edgeops model train crowdedness-horizons --jobs 4
      edgeops model train my-model --data-dir /mnt/counts
      edgeops model train my-model --newer-data /mnt/newest    as of now, whatever the split was
      edgeops model train crowdedness-horizons --shard 1/6     in a workflow matrix
      DASK_SCHEDULER_ADDRESS=tcp://10.0.0.5:8786 edgeops model train street-24h --backend dask
    """
    done = api.train(
        workspace(context),
        name,
        horizon=horizon,
        shard=shard,
        processes=jobs,
        engine=backend,
        data_dirs=data_dir or (),
        newer_data=newer_data,
        trained=lambda fitted: say(report.training_text.network_line(fitted)),
    )
    for line in report.training_text.export_lines(done):
        say(line)
