"""The files of a model in a plan: how many, how large and which, rather than fifty URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgeops.fleet.secrets import mask
from edgeops.fleet.shown import printable
from edgeops.report.words import count, size

_Files = Sequence[Mapping[str, Any]]

_TYPES = {"name": str, "url": str, "size": int, "sha256": str}
_NAMED = 3  # files


def is_file_list(path: Sequence[str | int], value: Any) -> bool:
    """Whether this is `desired.models.<slot>.files` of a twin, as edgeops writes it."""
    return (
        len(path) == 4
        and (path[0], path[1], path[3]) == ("desired", "models", "files")
        and isinstance(value, list)
        and bool(value)
        and all(map(_is_file, value))
    )


def files_in_words(files: _Files) -> str:
    """`3 files, 71 KB: model.onnx, labels.txt, words.txt`."""
    return f"{_sum(files)}: {_few([file['name'] for file in files])}"


def change_in_words(old: _Files, new: _Files) -> tuple[str, str]:
    """Before and after, with what happens to which file: `3 files, 71 KB: model.onnx changes`."""
    what = _few(list(_differences(old, new)))
    if not what:
        moved = {file["name"]: file["url"] for file in old}
        same_places = all(moved[file["name"]] == file["url"] for file in new)
        what = "in another order" if same_places else "at other URLs"
    return _sum(old), f"{_sum(new)}: {what}"


def _differences(old: _Files, new: _Files) -> Iterator[str]:
    before = {file["name"]: (file["size"], file["sha256"]) for file in old}
    after = {file["name"]: (file["size"], file["sha256"]) for file in new}
    yield from (f"{name} changes" for name in after if before.get(name, after[name]) != after[name])
    yield from (f"{name} is new" for name in after if name not in before)
    yield from (f"{name} goes" for name in before if name not in after)


def _sum(files: _Files) -> str:
    return f"{count(len(files), 'file')}, {size(sum(file['size'] for file in files))}"


def _few(texts: Sequence[str]) -> str:
    more = [f"{len(texts) - _NAMED} more"] * (len(texts) > _NAMED)
    return printable(mask(", ".join([*texts[:_NAMED], *more])))


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and all(
        type(value.get(key)) is wanted for key, wanted in _TYPES.items()
    )
