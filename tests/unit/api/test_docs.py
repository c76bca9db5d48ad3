"""docs/python.md says what works."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs/python.md"


@pytest.mark.slow
def test_the_examples_of_the_python_docs_run(with_hub, root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    fleets, _, _ = PAGE.read_text().partition("## Models")  # these in tests/e2e/test_model_pipeline
    code = "\n".join(re.findall(r"```python\n(.*?)```", fleets, re.DOTALL))
    exec(compile(code, PAGE.name, "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "b create-device {'identity': {'authentication': 'sas', 'edge': False}}"
    assert printed[-3:] == [
        "set()",
        "[('a', <Status.APPLIED: 'applied'>), ('b', <Status.APPLIED: 'applied'>)]",
        "[('a', True, <HealthState.UNKNOWN: 'Unknown'>),"
        " ('b', True, <HealthState.UNKNOWN: 'Unknown'>)]",
    ]
