"""Checks release files for what a JSON Schema cannot say: names that agree, variants that count."""

from __future__ import annotations

from collections.abc import Iterator

from edgeops.fleet.model import Document, Problem
from edgeops.jsonvalue import JsonObject

KIND = "ModelRelease"

_RESERVED = ("current.json", "own")  # on the device: of the loader, and of the modules


def release_problems(document: Document) -> Iterator[Problem]:
    """The problems and warnings of a release file that is valid against its schema."""
    spec = document.value["spec"]
    yield from _name_problems(document, "/spec", spec)
    variants = spec.get("variants", ())
    for index, variant in enumerate(variants):
        at = f"/spec/variants/{index}"
        yield from _name_problems(document, at, variant)
        for other, earlier in enumerate(variants[:index]):
            if earlier["when"].items() <= variant["when"].items():
                yield _never_chosen(document, at, variant, f"/spec/variants/{other}", earlier)
                break


def _never_chosen(
    document: Document, at: str, variant: JsonObject, other: str, earlier: JsonObject
) -> Problem:
    place = document.place(other)
    if variant["when"] == earlier["when"]:
        message = f"this variant is for the same devices as the one at {place}"
        return document.problem(f"{at}/when", message, "remove one of them")
    return document.warning(
        f"{at}/when",
        f"this variant is never chosen: the one at {place} fits all its devices, and comes first",
        "put it first",
    )


def _name_problems(document: Document, at: str, holder: JsonObject) -> Iterator[Problem]:
    """Files that a device cannot have under their names, at one time in one folder."""
    first: dict[str, str] = {}  # the pointer of each name, without regard to case
    named = [
        (f"{at}/files/{i}/name", file["name"]) for i, file in enumerate(holder.get("files", ()))
    ]
    if "fileName" in holder:
        named.append((f"{at}/fileName", holder["fileName"]))
    for where, name in named:
        lower = name.lower()
        if reserved := next((part for part in lower.split("/") if part in _RESERVED), None):
            message = f"`{name}` has the part `{reserved}`, which devices need for something else"
            yield document.problem(where, message, "rename it")
        other = first.setdefault(lower, where)
        if other is not where:
            yield document.problem(
                where,
                f"`{name}` is already the name of the file at {document.place(other)}"
                " (upper and lower case are the same)",
                "give each file a name of its own",
            )
    for where, name in named if len(named) == 1 else ():
        if "/" in name:
            yield document.problem(
                where,
                f"`{name}` has a folder in its name, which only one of several files can have",
                f"name it `{name.rpartition('/')[2]}`",
            )
    for where, name in named:
        parts = name.lower().split("/")
        folders = ("/".join(parts[:length]) for length in range(1, len(parts)))
        if folder := next((folder for folder in folders if folder in first), None):
            yield document.problem(
                where,
                f"`{name}` needs the folder `{folder}`,"
                f" which is the name of the file at {document.place(first[folder])}",
                "rename one of them",
            )
