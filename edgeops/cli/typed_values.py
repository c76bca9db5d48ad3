"""Takes the values of a command line that need no conversion without pydantic.

typer imports pydantic for any value, which takes longer than all else that it does: 0.2 s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

from typer.core import TyperArgument, TyperOption


def convert_only_others() -> None:
    """Make typer take a value as it is that has the type of its option or argument."""
    TyperArgument.process_value = _sparing(TyperArgument.process_value)  # type: ignore[assignment, method-assign]
    TyperOption.process_value = _sparing(TyperOption.process_value)  # type: ignore[assignment, method-assign]


def _sparing(convert: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    def process_value(parameter: Any, context: Any, value: Any) -> Any:
        if value not in (None, ()) or parameter.required:
            # No part of typer's public API.
            descriptor = getattr(parameter, "type_descriptor", None)
            annotation: Any = getattr(descriptor, "annotation", None)
            if annotation is float and type(value) is int:  # a default
                value = float(value)
            elif not _is_typed(value, annotation):
                return convert(parameter, context, value)
        return parameter.callback(context, parameter, value) if parameter.callback else value

    return process_value


def _is_typed(value: Any, annotation: Any) -> bool:
    """Whether a value surely is what pydantic would make of it."""
    if get_origin(annotation) is Literal:
        return value in get_args(annotation)
    if get_origin(annotation) is list and isinstance(value, list | tuple):
        (inner,) = get_args(annotation)
        return len(value) > 0 and all(_is_typed(item, inner) for item in value)
    return type(value) is annotation
