"""What a command imports: every key press of a user waits for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
import typer

from edgeops.cli.command_tree import command_tree
from edgeops.cli.main import program

_COMMANDS_AT_START = {
    "edgeops.cli.main",
    "edgeops.cli.options",
    "edgeops.cli.settings",
    "edgeops.cli.typed_values",
    "edgeops.cli.unknown",
}


def _imported(*arguments: str) -> set[str]:
    """The modules that a command line has imported when it ends."""
    code = "import sys; from edgeops.cli.main import run; run(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_help_lists_commands_without_importing_them() -> None:
    imported = _imported("--help")

    assert {name for name in imported if name.startswith("edgeops.cli.")} == _COMMANDS_AT_START
    assert "pydantic" not in imported


def test_a_command_is_imported_when_it_is_called(tmp_path: Path) -> None:
    imported = _imported("--repo", str(tmp_path), "validate", "fleet", "-o", "json")

    assert "edgeops.cli.validate" in imported
    assert not {"edgeops.cli.sync", "pydantic", "jsonschema", "git", "rich"} & imported


def test_defaults_are_taken_without_pydantic(tmp_path: Path) -> None:
    for arguments in (["sync", "--dry-run"], ["status"]):
        imported = _imported("--repo", str(tmp_path), *arguments)

        assert f"edgeops.cli.{arguments[0]}" in imported
        assert "pydantic" not in imported


def test_every_command_of_the_list_exists() -> None:
    tree = command_tree()

    assert tree[""]["commands"] == sorted(program().commands)
    assert all(command in tree for command in tree[""]["commands"])


def _words(*arguments: str) -> list[object]:
    """What a command of typer gets for arguments."""
    got: list[object] = []
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command()
    def command(
        names: Annotated[list[str], typer.Argument()],
        folder: Path = Path(),
        often: int = 1,
        seconds: float = 3,
        labels: Annotated[list[str] | None, typer.Option()] = None,
    ) -> None:
        got.extend([names, folder, often, seconds, labels])

    app([*arguments], standalone_mode=False)
    return got


def test_values_have_the_types_of_their_parameters() -> None:
    default = _words("one", "two")
    assert default == [["one", "two"], Path(), 1, 3.0, None]
    assert isinstance(default[3], float)
    given = _words("a", "--folder", "b", "--often", "2", "--seconds", "5", "--labels", "c")
    assert given == [["a"], Path("b"), 2, 5.0, ["c"]]
    assert isinstance(given[3], float)


@pytest.mark.parametrize("arguments", [(), ("a", "--often", "x")])
def test_absent_and_wrong_values_are_told(arguments: tuple[str, ...]) -> None:
    with pytest.raises(typer.TyperException, match=r"Missing parameter|valid integer"):
        _words(*arguments)
