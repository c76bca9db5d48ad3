"""Manifests: YAML documents that are valid against the schema of their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from edgeops.fleet import outline, yaml
from edgeops.fleet.attempt import attempt
from edgeops.fleet.check_release import KIND as RELEASE
from edgeops.fleet.check_release import release_problems
from edgeops.fleet.check_secrets import mentions_secrets, secret_problems
from edgeops.fleet.context import KIND as CONTEXT
from edgeops.fleet.context import context_problems
from edgeops.fleet.kind_schemas import KindSchemas
from edgeops.fleet.model import Document, Problem
from edgeops.fleet.shown import shown
from edgeops.fleet.suggest import did_you_mean
from edgeops.fleet.written import as_written

API_VERSION = "edgeops/v1"

# What the schema of a kind cannot say.
_MORE: Mapping[str, Callable[[Document], Iterator[Problem]]] = {
    RELEASE: release_problems,
    CONTEXT: context_problems,
}


def parse(
    file: str, data: bytes, schemas: KindSchemas, read: Callable[[], bytes] | None = None
) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """The valid manifests of a YAML file, and the problems of the others, sorted.

    `file` is the name to use in places. `read` gives the data again, so that the documents need
    not keep it.
    """
    text = data.decode(errors="replace")
    quick = yaml.load_quick(file, data, read or (lambda: data))
    if quick is None:
        documents, problems = yaml.load(file, data)
    elif _are_valid(quick, schemas) and not mentions_secrets(text):
        return quick, ()
    else:
        documents, problems = quick, ()
    all_problems = list(problems)
    if problems:
        lost = outline.of_text(text, schemas.documents)
        all_problems = [replace(problem, spoils=lost) for problem in problems]
    valid = []
    for loaded in documents:
        document, numbers = as_written(loaded)
        reported, failures = attempt(
            partial(_problems, document, schemas), partial(document.place, "")
        )
        reported = (*numbers, *(reported or ()), *failures)
        spoils = (outline.of_value(document.value, schemas.documents),) if reported else ()
        all_problems += [replace(problem, spoils=spoils) for problem in reported]
        if all(problem.warning for problem in reported):
            valid.append(document)
    return tuple(valid), tuple(sorted(all_problems))


def _are_valid(documents: Iterable[Document], schemas: KindSchemas) -> bool:
    """Whether all are surely manifests without problems, unless they hold secrets."""
    return all(_is_valid(document.value, schemas) for document in documents)


def _is_valid(value: Any, schemas: KindSchemas) -> bool:
    if not isinstance(value, dict) or value.get("apiVersion") != API_VERSION:
        return False
    kind = value.get("kind")
    return (
        isinstance(kind, str)
        and kind in schemas.documents
        and kind not in _MORE
        and schemas.of(kind).allows(value)
    )


def _problems(document: Document, schemas: KindSchemas) -> tuple[Problem, ...]:
    secrets, told = secret_problems(document)
    others = (problem for problem in _check(document, schemas) if not _within(problem, told))
    return (*others, *secrets)


def _within(problem: Problem, told: frozenset[str]) -> bool:
    """Whether something better was said of the same value, or of one that it is part of."""
    at = problem.pointer
    return at in told or any(at.startswith(f"{other}/") for other in told)


def _check(document: Document, schemas: KindSchemas) -> Iterator[Problem]:
    value = document.value
    if not isinstance(value, dict):
        message = "is not a manifest: it must be an object"
        yield document.problem("", message, "a manifest has apiVersion, kind, metadata and spec")
        return
    version, kind = value.get("apiVersion"), value.get("kind")
    if version is not None and version != API_VERSION:
        message = f"is `{shown(version)}`; this version of edgeops reads `{API_VERSION}`"
        yield document.problem("/apiVersion", message)
        return
    if kind is None:
        yield document.problem("", "needs `kind`", _known_kinds(schemas))
    elif not isinstance(kind, str) or kind not in schemas.documents:
        hint = did_you_mean(str(kind), schemas.documents) or _known_kinds(schemas)
        yield document.problem("/kind", f"unknown kind `{shown(kind)}`", hint)
    else:
        mismatches = schemas.of(kind).mismatches(value)
        for mismatch in mismatches:
            yield document.problem(mismatch.pointer, mismatch.message, mismatch.hint)
        if kind in _MORE and not mismatches:
            yield from _MORE[kind](document)


def _known_kinds(schemas: KindSchemas) -> str:
    return f"the kinds are {', '.join(sorted(schemas.documents))}"
