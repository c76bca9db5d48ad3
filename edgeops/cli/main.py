"""The command line: the commands, the global options, and the only place where errors are shown.

Only the command that was called is imported and built: typer takes milliseconds for each.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from edgeops import __version__
from edgeops.cli.options import option
from edgeops.cli.settings import GlobalOptions, is_styled
from edgeops.cli.typed_values import convert_only_others
from edgeops.cli.unknown import check_word
from edgeops.errors import EdgeOpsError, ExitCode, Interrupted, UsageError

_FLAGS = {"--no-color", "--quiet", "-q", "--debug"}
_VALUED = {"--repo", "--hub"}


convert_only_others()

# Modules of this package, and their text in `edgeops --help`.
_COMMANDS = {
    "init": "Create a new fleet repository.",
    "import": "Write a fleet from devices on a hub, or from deployment manifests.",
    "validate": "Validate the desired state (offline).",
    "render": "Print resolved twins or deployment manifests.",
    "explain": "Show which file and line set each value of a device.",
    "schema": "Let editors know the names of this fleet.",
    "plan": "Show what a sync would change; writes nothing.",
    "diff": "The same as plan.",
    "sync": "Make the hub match git; --dry-run shows the plan.",
    "history": "Show what was synced to the hub, when and by whom.",
    "rollback": "Bring the fleet of an earlier commit back.",
    "promote": "Move values to the next ring of devices.",
    "forget": "Let go of devices without deleting them.",
    "status": "Show sync, connection and health status.",
}
_GROUPS = {
    "hub": "Run and inspect the local IoT Hub emulator.",
    "device": "List and show devices; run edge devices on this machine.",
    "github": "Run the steps of GitHub workflows: plan comment, approval, pull requests.",
    "model": "Train, evaluate, publish and promote models.",
}

# Module and function of a command, where they are not called as it is.
_PYTHON_NAMES = {"import": "import_fleet", "diff": "plan"}


def _split(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """The global options, which are allowed anywhere, and the other arguments."""
    options, rest, queue = list[str](), list[str](), list(args)
    while queue:
        arg = queue.pop(0)
        if arg == "--":
            rest += [arg, *queue]
            break
        if arg in _FLAGS or (arg.partition("=")[0] in _VALUED and "=" in arg):
            options.append(arg)
        elif arg in _VALUED and queue:
            options += [arg, queue.pop(0)]
        else:
            rest.append(arg)
    return options, rest


class _Commands(TyperGroup):
    """The commands; each is imported and built when it is called, and listed without that."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: dict[str, Any] = dict.fromkeys(_COMMANDS | _GROUPS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """A command with its options and arguments, or None."""
        if cmd_name in self.commands and self.commands[cmd_name] is None:
            self.commands[cmd_name] = _built(cmd_name)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the list of commands for `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl([*_COMMANDS.items(), *_GROUPS.items()])


def _built(name: str) -> Any:
    function = _PYTHON_NAMES.get(name, name)
    module = import_module(f"edgeops.cli.{function}")
    if name in _GROUPS:
        app = module.app
    else:
        app = typer.Typer(rich_markup_mode=None, add_completion=False)
        app.command(name)(getattr(module, function))
    return typer.main.get_command(app)


def program() -> Any:
    """The command `edgeops`, with all commands."""
    app = typer.Typer(
        name="edgeops",
        cls=_Commands,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(edgeops)
    return typer.main.get_command(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgeops {__version__}")
        raise typer.Exit


def edgeops(
    context: typer.Context,
    repo: Annotated[
        str, option("Fleet repository, or a folder in it.", metavar="DIR", envvar="EDGEOPS_REPO")
    ] = ".",
    hub: Annotated[
        str,
        option("Hub of the Fleet manifest, or `local`.", metavar="NAME", envvar="EDGEOPS_HUB"),
    ] = "local",
    no_color: Annotated[bool, option("Print without colour.", "--no-color")] = False,
    quiet: Annotated[bool, option("Show no progress and no notes.", "--quiet", "-q")] = False,
    debug: Annotated[bool, option("Show tracebacks of errors.", "--debug")] = False,
    _version: Annotated[
        bool, option("Show the version.", "--version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Desired state of an IoT fleet in git, synced to Azure IoT Hub twins.

    The global options work before and after the command.

    \b
    Examples:
      edgeops validate                    check fleet/ as it is on disk
      edgeops sync --dry-run              show what HEAD would change on the local hub
      edgeops sync --hub production       make a hub match HEAD
      edgeops explain queen-street-210    show which file and line set each value
      edgeops status                      show sync, connection and health status
    """
    color = _color(["--no-color"] if no_color else [])
    context.obj = GlobalOptions(Path(repo), hub, color=color, quiet=quiet, debug=debug)


def _color(given: Sequence[str]) -> bool:
    return not ("--no-color" in given or os.environ.get("NO_COLOR"))


def run(args: Sequence[str] | None = None) -> int:
    """Run one command line; gives the exit code. Errors are shown on stderr."""
    # typer imports pydantic, whose search for plugins in all packages takes 15 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    given = list(sys.argv[1:] if args is None else args) or ["--help"]
    try:
        options, rest = _split(given)
        if " ".join(rest) in (*_GROUPS, "hub device"):
            rest.append("--help")  # `edgeops hub` lists its commands
        called = rest[0] if rest else ""
        if called not in _COMMANDS | _GROUPS:
            check_word(called)
        code = program().main([*options, *rest], prog_name="edgeops", standalone_mode=False)
        sys.stdout.flush()
        if code == ExitCode.INTERRUPTED:  # typer has swallowed the KeyboardInterrupt
            return _fail(Interrupted("interrupted"), given)
    except BrokenPipeError:  # the reader ended, as in `| head`
        _drop_output()
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return _fail(Interrupted("interrupted"), given)
    except typer.TyperException as error:
        hint = "`edgeops --help` and --help of a command show examples"
        usage = error.exit_code == 2
        message = error.format_message().replace("Value error, ", "")  # a prefix of pydantic's
        return _fail(UsageError(message, hint) if usage else EdgeOpsError(message), given)
    except UnicodeEncodeError as error:
        wrong = next((arg for arg in given if not _is_utf8(arg)), None)
        if wrong is None:
            return _fail(error, given, debug="--debug" in given)
        return _fail(UsageError(f"{wrong!a} is not UTF-8", "names and texts are"), given)
    except Exception as error:
        if isinstance(error, OSError):
            _drop_output()
        return _fail(error, given, debug="--debug" in given)
    return code if isinstance(code, int) else 0


def _is_utf8(arg: str) -> bool:
    """Whether an argument was UTF-8: Python decodes other bytes to lone surrogates."""
    try:
        arg.encode()
    except UnicodeEncodeError:
        return False
    return True


def _drop_output() -> None:
    """Discard buffered output, which cannot be written, so that it is not flushed at exit."""
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends


def _fail(error: Exception, args: Sequence[str], *, debug: bool = False) -> int:
    """Show an error on stderr; gives the exit code."""
    from edgeops.report.failure import failure

    color = is_styled(sys.stderr, _color(args))
    text, code = failure(error, debug=debug, color=color, environ=os.environ)
    typer.echo(text, err=True, nl=bool(text))
    return code


def main() -> None:
    """The `edgeops` program."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # the encoding of a terminal can lack characters
        sys.stdout.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):  # a key can be of another encoding
        sys.stdin.reconfigure(errors="replace")
    sys.exit(run())
