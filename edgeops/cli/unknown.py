"""What is meant by words of other tools that are not commands of edgeops."""

from __future__ import annotations

from edgeops.errors import UsageError

_MEANT = {
    "apply": "sync",
    "check": "validate",
    "compare": "plan",
    "delete": "sync --prune",
    "deploy": "sync",
    "describe": "device show",
    "destroy": "sync --prune",
    "drift": "plan --drift-only",
    "get": "status",
    "lint": "validate",
    "list": "device list",
    "log": "history",
    "ls": "device list",
    "publish": "model publish",
    "pull": "import",
    "push": "sync",
    "refresh": "status",
    "release": "promote",
    "remove": "sync --prune",
    "revert": "rollback",
    "rm": "sync --prune",
    "run": "device run",
    "serve": "hub serve",
    "show": "device show",
    "start": "hub serve",
    "state": "device show",
    "template": "render",
    "test": "validate",
    "train": "model train",
    "twin": "device show",
    "undo": "rollback",
    "unmanage": "forget",
    "watch": "status --watch",
}

_SAID_IN_GIT = {
    "ignore": "list JSON pointers under `ignore` in a manifest: `ignore: [/tags/owner]`",
    "move": "change labels, groups or `hubs` in the manifest of the device",
    "pause": "set `paused: true` in the manifest of the device, set or group",
    "rename": "a new name is a new device; `edgeops plan --prune` shows what renaming would do",
    "resume": "remove `paused: true` from the manifest of the device, set or group",
}


def check_word(name: str) -> None:
    """Raise `UsageError` for a word of other tools, with what edgeops calls it."""
    if hint := _SAID_IN_GIT.get(name):
        raise UsageError(f"there is no command `{name}`", hint)
    if meant := _MEANT.get(name):
        raise UsageError(f"there is no command `{name}`", f"did you mean `edgeops {meant}`?")
