"""The devices that were let go."""

import pytest

from edgeops.apply.forget import Forgotten
from edgeops.report import forget_text


@pytest.mark.parametrize(
    ("modules", "named"),
    [((), "a"), (("opc",), "a and its module opc"), (("b", "c"), "a and its modules b, c")],
)
def test_modules_are_named(modules, named):
    said = forget_text.text([Forgotten("a", modules)], dry_run=False)
    assert said == f"forgot {named}: identity, keys and values stay on the hub"
