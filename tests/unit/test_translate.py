"""Exceptions of libraries as ours."""

import pytest
import requests

from edgeops.errors import EdgeOpsError, Refused
from edgeops.translate import doing, reaching, translate


def test_the_first_rule_that_fits_makes_the_error():
    rules = (KeyError, lambda error: Refused(f"no {error.args[0]}")), (LookupError, RuntimeError)
    with pytest.raises(Refused, match="no x") as caught, translate(*rules):
        {}["x"]
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(RuntimeError), translate(*rules):
        [][1]


def test_other_exceptions_and_the_end_of_a_program_pass():
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), translate((KeyError, EdgeOpsError)):
            raise error


def test_a_file_that_cannot_be_opened(tmp_path):
    with (
        pytest.raises(EdgeOpsError, match=r"^cannot read plan\.json: No such file") as caught,
        doing("read plan.json", "look again"),
    ):
        (tmp_path / "plan.json").open()
    assert caught.value.hint == "look again"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (requests.exceptions.SSLError(), "its certificate is not trusted"),
        (requests.exceptions.ReadTimeout(), "x.example cannot be reached$"),
    ],
)
def test_a_place_that_cannot_be_reached(error, message):
    with pytest.raises(Refused, match=message), reaching("x.example", Refused):
        raise error
