"""The origin of each value of a device as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from edgeops.fleet.explain import Explained, Overridden
from edgeops.fleet.model import Place
from edgeops.fleet.secrets import masked
from edgeops.jsonvalue import JsonObject, keys_of
from edgeops.report.documents import dump_json
from edgeops.report.style import Line, columns, cyan, dim, render
from edgeops.report.words import show, show_path
from edgeops.secret_reference import in_words


def text(values: Sequence[Explained], *, color: bool = False) -> str:
    """One line per value: path and value, the place that set it, and what that overrode."""
    return render(columns([_row(value) for value in values]), color)


def as_json(values: Sequence[Explained]) -> str:
    """A JSON array with one object per value; places are null for defaults of edgeops."""
    return dump_json([_object(value) for value in values]).rstrip("\n")


def _row(value: Explained) -> Line:
    keys = keys_of(value.path)
    lost = "; ".join(_overridden(overridden, keys) for overridden in value.overrode)
    lost = f"overrode {lost}" if lost else ""
    return [
        f"{show_path(keys)} = {show(value.value, keys)}",
        cyan(str(value.place)) if value.place else dim("default of edgeops"),
        dim("; ".join(filter(None, (_left(value), _written(value, keys), lost)))),
    ]


def _left(value: Explained) -> str:
    return f"not written: ignored ({value.ignored})" if value.ignored else ""


def _written(value: Explained, keys: tuple[str, ...]) -> str:
    """The value before variables were replaced, and who set these."""
    if not value.variables:
        return ""
    said = ", ".join(
        f"{variable.name} = {show(variable.value, (variable.name,), limit=60)}"
        f" ({variable.layer}, {variable.place})"
        for variable in value.variables
    )
    return f"written {show(value.written, keys, limit=60)} with {said}"


def _overridden(overridden: Overridden, keys: tuple[str, ...]) -> str:
    what = "a removal" if overridden.value is None else show(overridden.value, keys, limit=60)
    return f"{what} ({overridden.layer}, {overridden.place})"


def _object(value: Explained) -> JsonObject:
    keys = keys_of(value.path)
    return {
        "pointer": value.path,
        "value": in_words(masked(value.value, keys)),
        "layer": value.layer,
        **_place(value.place),
        "overrode": [
            {
                "value": in_words(masked(overridden.value, keys)),
                "layer": overridden.layer,
                **_place(overridden.place),
            }
            for overridden in value.overrode
        ],
        **_variables(value, keys),
        **({"ignored": asdict(value.ignored)} if value.ignored else {}),
    }


def _variables(value: Explained, keys: tuple[str, ...]) -> JsonObject:
    if not value.variables:
        return {}
    variables = [
        {
            "name": variable.name,
            "value": masked(variable.value, (variable.name,)),
            "layer": variable.layer,
            **_place(variable.place),
        }
        for variable in value.variables
    ]
    return {"written": masked(value.written, keys), "variables": variables}


def _place(place: Place | None) -> JsonObject:
    return asdict(place) if place else {"file": None, "line": None, "column": None}
