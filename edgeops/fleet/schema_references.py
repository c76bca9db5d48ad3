"""Checks that the references in a JSON Schema refer to schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, EMPTY_REGISTRY

from edgeops.fleet.metaschema import Metaschema
from edgeops.fleet.schema_parts import parts
from edgeops.fleet.schema_words import OWN_REFERENCES, Mismatch
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import pointer

if TYPE_CHECKING:
    from referencing._core import Resolver

    SchemaResolver = Resolver[Any]

_ABSENT = object()


def reference_faults(document: Any, metaschema: Metaschema) -> Iterator[Mismatch]:
    """References to targets that do not exist or are not schemas.

    `document` is valid against the metaschema, which does not check the values of unknown keywords.
    """
    schemas = list(parts(document))
    checked = {id(part): known for _, part, known in schemas}
    names = {at: part["$id"] for at, part, _ in schemas if isinstance(part.get("$id"), str)}
    if bad := [Mismatch(f"{at}/$id", "is not a URI") for at in names if not _is_uri(names[at])]:
        yield from bad
        return
    bases = _bases(document, names)
    for at, part, _ in schemas:
        for keyword in ("$ref", "$dynamicRef"):
            reference = part.get(keyword)
            if not isinstance(reference, str):
                continue
            here = at + pointer(keyword)
            target = _target(_nearest(bases, at), reference)
            if target is _ABSENT:
                # If only its own `$id` hides it, the error is reported when the schema is used.
                if _target(bases[""], reference) is _ABSENT:
                    text = f"`{shown(reference)}` is not in this schema"
                    yield Mismatch(here, text, OWN_REFERENCES)
            elif not isinstance(target, bool) and id(target) not in checked:
                yield Mismatch(here, f"`{shown(reference)}` is not a schema")
            elif isinstance(target, dict) and not checked[id(target)]:
                checked[id(target)] = True
                for fault in metaschema.faults(target):
                    text = f"`{shown(reference)}` is not a schema: {fault.message}"
                    yield Mismatch(here, text, fault.hint)


def _is_uri(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


def _bases(document: Any, names: Mapping[str, str]) -> dict[str, SchemaResolver]:
    """Resolvers of references: of the root and of each part with an `$id`, by pointer."""
    root = DRAFT202012.create_resource(document)
    base = root.id() or ""
    bases = {"": EMPTY_REGISTRY.with_resource(base, root).crawl().resolver(base)}
    for at, name in names.items():
        if at:
            part = DRAFT202012.create_resource({"$id": name})
            bases[at] = _nearest(bases, at).in_subresource(part)
    return bases


def _nearest(bases: dict[str, SchemaResolver], at: str) -> SchemaResolver:
    while at not in bases:
        at = at.rpartition("/")[0]
    return bases[at]


def _target(base: SchemaResolver, reference: str) -> Any:
    try:
        return base.lookup(reference).contents
    except (Unresolvable, ValueError, TypeError):
        return _ABSENT
