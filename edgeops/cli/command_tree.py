"""The commands with their options and arguments as plain values, which completion can keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# By the path of a command, such as `model promote`: its `commands`, its `options` by name with
# None for a flag or else the value, and its `arguments`. A value is {"name", "choices", "many"}.
Tree = dict[str, dict[str, Any]]


def fingerprint() -> str:
    """It changes with the code of the command line."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return "/".join(f"{file.stem}:{file.stat().st_mtime_ns}" for file in files)


def command_tree() -> Tree:
    """The tree of this program. Imports all of the command line."""
    import typer

    from edgeops.cli.main import program

    tree: Tree = {}

    def add(path: str, command: Any) -> None:
        context = typer.Context(command)
        commands = command.list_commands(context) if hasattr(command, "commands") else []
        tree[path] = {"commands": sorted(commands), "options": {}, "arguments": []}
        for parameter in command.params:
            value = {
                "name": parameter.name,
                "choices": _choices(parameter, context),
                "many": parameter.nargs == -1,
            }
            if parameter.param_type_name == "argument":
                tree[path]["arguments"].append(value)
                continue
            flag = getattr(parameter, "is_flag", False) or getattr(parameter, "count", False)
            for name in (*parameter.opts, *parameter.secondary_opts):
                tree[path]["options"][name] = None if flag else value
        tree[path]["options"] |= {"--help": None, "-h": None}
        for name in commands:
            add(f"{path} {name}".strip(), command.get_command(context, name))

    add("", program())
    return tree


def _choices(parameter: Any, context: Any) -> list[str]:
    items = parameter.shell_complete(context, "")
    return [str(item.value) for item in items if item.type == "plain"]
