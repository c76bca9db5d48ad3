"""What is meant by words of other tools that are not commands of edgeops."""

from __future__ import annotations

from edgeops.errors import UsageError

_MEANT = {
    "apply": "sync",
    "check": "validate",
    "delete": "sync --prune",
    "deploy": "sync",
    "get": "status",
    "lint": "validate",
    "list": "device list",
    "log": "history",
    "ls": "device list",
    "publish": "model publish",
    "pull": "import",
    "push": "sync",
    "remove": "sync --prune",
    "revert": "rollback",
    "rm": "sync --prune",
    "serve": "hub serve",
    "show": "device show",
    "template": "render",
    "test": "validate",
    "train": "model train",
    "undo": "rollback",
}


def check_word(name: str) -> None:
    """Raise `UsageError` for a word of other tools, with what edgeops calls it."""
    if meant := _MEANT.get(name):
        raise UsageError(f"there is no command `{name}`", f"did you mean `edgeops {meant}`?")
