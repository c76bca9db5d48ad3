"""`edgeops model publish`: a trained model, or any files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import DataDirs, KeyOption, ModelName, NewerData, OutputOption, option
from edgeops.cli.settings import show, workspace
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from edgeops.publishing.files import ForLabels, Request
    from edgeops.publishing.gather import Given

_OF_FILES = "--format, --metadata and --unpack are for published files"


def publish(
    context: typer.Context,
    name: ModelName,
    version: Annotated[
        str | None, option("Version; the next minor version by default.", metavar="X.Y.Z")
    ] = None,
    file: Annotated[
        list[str] | None,
        option(
            "A file or folder to publish instead of a trained model, the main one first;"
            " NAME= says its name on devices. Repeatable.",
            metavar="[NAME=]PATH",
        ),
    ] = None,
    variant: Annotated[
        list[str] | None,
        option(
            "A file for the devices with these labels only; without labels, for all others."
            " Repeatable.",
            metavar="[LABEL=VALUE,...]:[NAME=]PATH",
        ),
    ] = None,
    format: Annotated[  # noqa: A002 - the name of the option
        str | None, option("Format of the model; by the name of its main file by default.")
    ] = None,
    metadata: Annotated[
        list[str] | None,
        option("A text for the modules that use the model; repeatable.", metavar="KEY=TEXT"),
    ] = None,
    unpack: Annotated[
        bool, option("Publish the files in a .tar, .tar.gz, .tgz or .zip, not the archive.")
    ] = False,
    sign: Annotated[
        bool, option("Sign it with --key, or the key in EDGEOPS_SIGNING_KEY.", "--sign")
    ] = False,
    key: KeyOption = None,
    data_dir: DataDirs = None,
    newer_data: NewerData = None,
    output: OutputOption = "text",
) -> None:
    """Publish the trained and evaluated model if it passes its gates, or any files.

    Uploads the artifact to the store of the hub (--hub), reads it back, and
    writes the release file to models/NAME/releases/, with the model card and a
    copy of an artifact of at most 512 KB. Commit them. A release never changes:
    other bytes need another version. Name the same --data-dir and --newer-data
    as in training. With --file or --variant, files of any format become a
    release; a device gets all of them or none. Exit code 5: a gate was not passed, the version
    exists, or the Fleet trusts signed releases only.

    \b
    Examples:
      edgeops model publish crowdedness-24h
      edgeops model publish crowdedness-24h --version 1.1.0 --hub production
      edgeops model publish vision --file model.onnx --file labels.txt --version 1.0.0
      edgeops model publish vision --variant class=jetson:v.engine --variant :v.onnx
      edgeops model publish vision --file saved_model.tar.gz --unpack --sign
    """
    here = workspace(context)
    if file or variant:
        if data_dir:
            raise UsageError("--data-dir is for trained models", "leave it out with --file")
        request = _request(file or (), variant or (), version, format, metadata or (), unpack)
        done = api.publish_files(here, name, request, sign=sign, key=key)
    elif format or metadata or unpack:
        raise UsageError(_OF_FILES, "name the file: --file PATH")
    else:
        done = api.publish(
            here,
            name,
            version=version,
            data_dirs=data_dir or (),
            newer_data=newer_data,
            sign=sign,
            key=key,
        )
    show(context, report.training_text, done, output)


def _request(
    files: Sequence[str],
    variants: Sequence[str],
    version: str | None,
    model_format: str | None,
    metadata: Sequence[str],
    unpack: bool,
) -> Request:
    from edgeops.publishing.files import Request

    return Request(
        files=tuple(map(_given, files)),
        variants=tuple(map(_for_labels, variants)),
        version=version or None,
        format=model_format,
        metadata=_pairs(metadata, "--metadata"),
        unpack=unpack,
    )


def _given(text: str) -> Given:
    from edgeops.publishing.gather import Given

    name, separator, path = text.partition("=")
    if not separator or os.path.lexists(text):
        return Given(Path(text))
    return Given(Path(path), name)


def _for_labels(text: str) -> ForLabels:
    from edgeops.publishing.files import ForLabels

    labels, separator, file = text.partition(":")
    if not separator:
        raise UsageError(
            f"--variant {text} does not say for which devices",
            "give labels before the file, as in class=jetson:model.engine; :model.onnx is for all"
            " others",
        )
    pairs = [pair for pair in labels.split(",") if pair]
    return ForLabels(_pairs(pairs, "--variant"), _given(file))


def _pairs(texts: Sequence[str], option: str) -> Mapping[str, str]:
    """The texts KEY=VALUE by key. Raises `UsageError`."""
    pairs: dict[str, str] = {}
    for text in texts:
        key, separator, value = text.partition("=")
        if not separator or not key:
            raise UsageError(f"{option}: {text!r} is not KEY=VALUE")
        if key in pairs:
            raise UsageError(f"{option}: {key} is given twice")
        pairs[key] = value
    return pairs
