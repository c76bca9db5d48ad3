"""JSON Schemas of a fleet's own, for the desired properties of its modules."""

from __future__ import annotations

import json
import math
from typing import NoReturn

from edgeops.fleet.model import Document, Place, Problem
from edgeops.fleet.shown import shown
from edgeops.fleet.user_schema import schema_faults
from edgeops.fleet.yaml import MAX_BYTES, too_large


def parse_schema(file: str, data: bytes) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """The schema in a file if it can be used, and what is wrong with it."""
    if len(data) > MAX_BYTES:
        return (), (too_large(file, len(data)),)
    try:
        value = json.loads(data, parse_constant=_refuse, parse_float=_finite, parse_int=_integer)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        return (), (Problem(place, "", f"is not JSON: {error.msg}"),)
    except UnicodeDecodeError:
        return (), (Problem(Place(file), "", "is not UTF-8 text", "save the file as UTF-8"),)
    except RecursionError:
        return (), (Problem(Place(file), "", "is nested too deep"),)
    except ValueError as error:  # also that of an integer of thousands of digits
        text = str(error).partition(";")[0]
        return (), (Problem(Place(file), "", f"is not JSON: {text}"),)
    problems = tuple(
        Problem(Place(file), fault.pointer, f"is not a JSON Schema: {fault.message}", fault.hint)
        for fault in schema_faults(value)
    )
    return (() if problems else (Document(file, value, {}),)), problems


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{shown(text)} is too large a number")
    return value


def _integer(text: str) -> int:
    value = int(text)
    _finite(text)  # keywords calculate with both kinds of numbers
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")
