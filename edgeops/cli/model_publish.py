"""`edgeops model publish`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.api.stores import artifact_store, artifact_target
from edgeops.cli.model_extra import DataDirs, extra_train
from edgeops.cli.settings import Output, Settings, say, settings, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from edgeops.training.model_file import ModelFile
    from edgeops.training.publish import Published


def publish(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The folder of the model in models/.")],
    version: Annotated[
        str | None,
        typer.Option(help="major.minor.patch; the next minor version by default.", metavar="X.Y.Z"),
    ] = None,
    data_dir: DataDirs = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Form of the output.")
    ] = Output.TEXT,
) -> None:
    """Publish the trained and evaluated model, if its gates let it through.

    The artifact goes to the store of the hub (--hub) and is read back. Then the
    release file is written to models/NAME/releases/, with the model card and
    an artifact of at most 512 KB beside it. Commit them. A release never
    changes: other bytes need another version. Exit code 5: a gate said no, or
    the version is taken.

    Name the folders again that the model was trained with (--data-dir).

    \b
    Examples:
      edgeops model publish crowdedness-24h
      edgeops model publish crowdedness-24h --version 1.1.0 --hub production
      edgeops model publish my-model --data-dir /mnt/counts
    """
    options = settings(context)
    with extra_train():
        from edgeops.training.model_file import load_model_file

        model = load_model_file(workspace(options).root, name, data_dir or ())
        _publish(options, model, version, output)


def _publish(options: Settings, model: ModelFile, version: str | None, output: Output) -> None:
    from edgeops.report.progress import progress
    from edgeops.training.build import latest_build
    from edgeops.training.publish import publish

    root, build = model.root, latest_build(model)
    where = workspace(options)
    store = artifact_store(where, artifact_target(where))
    with progress(
        "publishing",
        sys.stderr,
        clock=time.monotonic,
        quiet=options.quiet,
        color=options.color,
        unit="bytes",
    ) as told:
        done = publish(build, root=root, store=store, version=version, progress=told)
    if output is Output.JSON:
        typer.echo(_as_json(done, root), nl=False)
    else:
        for line in _text(done, root):
            say(line)


def _text(done: Published, root: Path) -> tuple[str, str]:
    from edgeops.report.words import size

    release, file = done.release, done.file.relative_to(root)
    what = f"{release.reference}, {size(release.size)}, sha256 {release.sha256}"
    if not done.new:
        return what, f"is a release already, see {file}; the store has it"
    return what, f"published; commit {file.parent}"


def _as_json(done: Published, root: Path) -> str:
    from edgeops.report.documents import dump_json

    release = done.release
    return dump_json(
        {
            "name": release.name,
            "version": release.version,
            "file": done.file.relative_to(root).as_posix(),
            "url": done.url,
            "size": release.size,
            "sha256": release.sha256,
            "new": done.new,
        }
    )
