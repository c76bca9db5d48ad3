"""The devices that were let go, as text."""

from __future__ import annotations

from collections.abc import Iterable

from edgeops.apply.forget import Forgotten


def text(forgotten: Iterable[Forgotten], *, dry_run: bool) -> str:
    """One line for each device; no newline at its end."""
    return "\n".join(_line(each, "would forget" if dry_run else "forgot") for each in forgotten)


def _line(forgotten: Forgotten, verb: str) -> str:
    names = forgotten.modules
    noun = "module" if len(names) == 1 else "modules"
    modules = f" and its {noun} {', '.join(names)}" if names else ""
    return f"{verb} {forgotten.device}{modules}: identity, keys and values stay on the hub"
