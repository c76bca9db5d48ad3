"""Completes a command line: names of the fleet, commands, options and their choices.

A key press runs this instead of the program, so it imports little, never prints an error, never
starts a hub and reads no more than the files of the fleet. Names that a shell would not take
literally are left out: whoever wrote the manifest must not write the user's command line.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, suppress
from pathlib import Path
from typing import Any, NamedTuple

from edgeops.cli.command_tree import Tree, fingerprint

_GLOBAL = {"--repo": "EDGEOPS_REPO", "--hub": "EDGEOPS_HUB"}
_LITERAL = re.compile(r"[A-Za-z0-9_./@:=%+,-]+\Z")
_BREAKS = re.compile(r"[=:@]+\Z")  # where bash splits words (COMP_WORDBREAKS)
# Which names a value is one of, by the name of the argument or option.
_KINDS = {
    "by": ("keys",),
    "calendar": ("contexts",),
    "device": ("devices",),
    "devices": ("devices",),
    "group": ("groups",),
    "hub": ("hubs",),
    "model": ("models",),
    "models": ("models", "releases"),
    "module": ("modules",),
    "name": ("models",),
    "pointer": ("pointers",),
    "reference": ("releases",),
    "references": ("releases", "contexts"),
    "release": ("releases",),
    "releases": ("models", "releases"),
    "slot": ("slots",),
    "source": ("hubs",),
    "summary": ("keys",),
    "target": ("devices", "labels"),
    "to": ("groups",),
}
_REVISIONS = frozenset({("rollback", "to")})  # no names of the fleet
_OPTION_NAMES_ONLY = frozenset({"name"})  # `import --name` is a new name


class Typed(NamedTuple):
    """What stands before the word to complete: global options, command, its arguments."""

    options: Mapping[str, str]
    path: str
    arguments: tuple[str, ...]
    valued: str  # the option whose value comes next, or ""
    literal: bool  # after `--`


def complete(environ: Mapping[str, str]) -> int:
    """Print what completes the command line of a shell; gives the exit code."""
    found: list[str] = []
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere), suppress(Exception):
        shell = environ["_EDGEOPS_COMPLETE"].removeprefix("complete_")
        words, start, cut = _words(shell, environ)
        found = [word[cut:] for word in candidates(words, start, environ)]
        if shell == "zsh":
            found = [_zsh(found)]
        elif shell in ("powershell", "pwsh"):
            found = [f"{word}::: " for word in found]
        elif shell == "fish" and environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
            return 0 if found else 1
    sys.stdout.write("".join(f"{word}\n" for word in found))
    return 0


def candidates(words: Sequence[str], start: str, environ: Mapping[str, str]) -> list[str]:
    """What can stand for a word that begins with `start`, after these words, sorted."""
    tree = _tree(environ)
    typed = read(words, tree)
    node = tree[typed.path]
    option, equals, value = start.partition("=")
    if equals and not typed.valued and option in node["options"] | tree[""]["options"]:
        inner = candidates([*words, option], value, environ)
        return [f"{option}={word}" for word in inner]
    if typed.valued:
        found = _values(_option(typed.valued, node, tree) or {}, typed, environ, argument=False)
    elif start.startswith("-") and not typed.literal:
        found = [name for name in {**node["options"], **tree[""]["options"]} if name[:2] == "--"]
    elif node["commands"]:
        found = [] if typed.arguments else node["commands"]
    else:
        found = _values(_argument(node, len(typed.arguments)), typed, environ, argument=True)
    return sorted(word for word in {*found} if word.startswith(start) and _LITERAL.match(word))


def read(words: Sequence[str], tree: Tree) -> Typed:
    """The command and the arguments in the words before the one to complete."""
    options: dict[str, str] = {}
    path, arguments, valued, literal = "", list[str](), "", False
    for word in words:
        name, equals, value = word.partition("=")
        if valued:
            options[valued] = word
            valued = ""
        elif literal or not word.startswith("-"):
            below = f"{path} {word}".strip()
            if word in tree[path]["commands"]:
                path = below
            else:
                arguments.append(word)
        elif word == "--":
            literal = True
        elif equals:
            options[name] = value
        elif _option(word, tree[path], tree) is not None:
            valued = word
    return Typed(options, path, tuple(arguments), valued, literal)


def _option(name: str, node: Mapping[str, Any], tree: Tree) -> dict[str, Any] | None:
    """The value that an option takes; None for a flag, or an option that does not exist."""
    value: dict[str, Any] | None = {**tree[""]["options"], **node["options"]}.get(name)
    return value


def _argument(node: Mapping[str, Any], number: int) -> dict[str, Any]:
    arguments: list[dict[str, Any]] = node["arguments"]
    if number < len(arguments):
        return arguments[number]
    return arguments[-1] if arguments and arguments[-1]["many"] else {}


def _values(
    value: Mapping[str, Any], typed: Typed, environ: Mapping[str, str], *, argument: bool
) -> Sequence[str]:
    name = value.get("name", "")
    if value.get("choices"):
        choices: list[str] = value["choices"]
        return choices
    if not argument and (name in _OPTION_NAMES_ONLY or (typed.path, name) in _REVISIONS):
        return ()
    if name == "health":
        from edgeops.health.device import HealthState

        return [state.value for state in HealthState]
    kinds = _KINDS.get(name, ())
    if not kinds:
        return ()
    from edgeops.api.names import device_pointers, fleet_names
    from edgeops.source.root import find_root

    repo, hub = (typed.options.get(name, environ.get(of, "")) for name, of in _GLOBAL.items())
    root = find_root(Path(repo or "."))
    if kinds == ("pointers",):
        return device_pointers(root, environ, typed.arguments[0], hub or "local")
    names = fleet_names(root, environ)
    if kinds == ("keys",):
        return [label.partition("=")[0] for label in names["labels"]]
    return [name for kind in kinds for name in names[kind] if name not in typed.arguments]


def _tree(environ: Mapping[str, str]) -> Tree:
    """The commands, from the cache if the program is still the same."""
    from edgeops.source.cache import cache_folder, remembered

    def find() -> Tree:
        from edgeops.cli.command_tree import command_tree

        return command_tree()

    folder, now = cache_folder(Path(__file__).parent, environ), fingerprint().encode() + b"\n"
    tree: Tree = remembered(folder, "complete/commands", now, find)
    return tree


def _words(shell: str, environ: Mapping[str, str]) -> tuple[list[str], str, int]:
    """The words before the one to complete, its start, and how much of it the shell has already."""
    if shell == "bash":
        return _bash_words(environ["COMP_WORDS"].split("\n"), int(environ["COMP_CWORD"]))
    line = environ.get("_TYPER_COMPLETE_ARGS", "")
    words = line.split()[1:]
    start = words.pop() if words and not line[-1:].isspace() else ""
    return words, start, 0


def _bash_words(words: Sequence[str], current: int) -> tuple[list[str], str, int]:
    """Bash takes `ring=canary` for three words, and replaces the last one only."""
    joined: list[str] = []
    glue = False
    for word in [*words, ""][1 : current + 1]:
        parts = bool(_BREAKS.match(word))
        if joined and (glue or parts):
            joined[-1] += word
        else:
            joined.append(word)
        glue = parts
    start = joined.pop() if joined else ""
    last = [*words, ""][current]
    return joined, start, len(start) if _BREAKS.match(last) else len(start) - len(last)


def _zsh(found: Sequence[str]) -> str:
    """A command that zsh evaluates; all candidates are literal (see `_LITERAL`)."""
    if not found:
        return "_files"
    listed = "\n".join('"{}"'.format(word.replace(":", r"\\:")) for word in found)
    return f"_arguments '*: :(({listed}))'"
