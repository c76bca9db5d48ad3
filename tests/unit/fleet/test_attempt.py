"""Where edgeops itself fails: the other findings are told all the same."""

from __future__ import annotations

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.fleet.attempt import attempt
from edgeops.fleet.kind_schemas import KindSchemas
from edgeops.fleet.manifest import parse
from edgeops.fleet.model import Place
from edgeops.fleet.resolve import resolve
from edgeops.source.record import ParsedFile, encode

DEVICE = "kind: Device\nmetadata: {name: %s}\nspec: %s\n"


def test_an_unexpected_exception_becomes_a_problem() -> None:
    result, (problem,) = attempt(lambda: 1 // 0, lambda: Place("a.yaml", 3, 4), "/spec")
    assert result is None
    assert (str(problem.place), problem.pointer) == ("a.yaml:3:4", "/spec")
    assert problem.message == "edgeops could not check this: ZeroDivisionError"
    assert problem.hint == "this is a bug in edgeops; run it with --debug for details"
    assert isinstance(problem.error, ZeroDivisionError)


@pytest.mark.parametrize("error", [EdgeOpsError("x"), FileNotFoundError(), MemoryError()])
def test_an_expected_error_is_raised(error: Exception) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        attempt(fail, lambda: Place("a.yaml"))


def test_a_failure_at_one_device_leaves_the_others(snapshot_of) -> None:
    """Manifests that no schema let through: what a mistake of ours looks like."""
    files = {
        "a.yaml": DEVICE % ("a", "{modules: 5}"),
        "b.yaml": DEVICE % ("b", "{tags: {'k k': 1}}"),
        "g.yaml": "kind: Group\nmetadata: {name: g}\nspec: {selector: {}, rollout: 5}",
    }
    problems = resolve(snapshot_of(files)).problems
    assert {(str(problem.place), bool(problem.error)) for problem in problems} >= {
        ("a.yaml:2:12", True),
        ("b.yaml:3:15", False),
        ("g.yaml:2:12", True),
    }


def test_a_failure_at_one_document_leaves_the_others_and_is_not_remembered() -> None:
    kinds = KindSchemas({"Bad": {"type": "nonsense"}, "Good": {"required": ["x"]}})
    text = b"apiVersion: edgeops/v1\nkind: Bad\n---\napiVersion: edgeops/v1\nkind: Good\n"
    documents, problems = parse("a.yaml", text, kinds)
    assert not documents
    assert [(str(problem.place), bool(problem.error)) for problem in problems] == [
        ("a.yaml:1:1", True),
        ("a.yaml:4:1", False),
    ]
    assert encode(ParsedFile(documents, problems)) is None
    assert encode(ParsedFile(documents, problems[1:])) is not None
