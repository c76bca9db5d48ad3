"""Why there is no plan, for a pull request."""

import pytest

from edgeops.api.workspace import InvalidFleet
from edgeops.errors import EdgeOpsError, Refused
from edgeops.fleet.model import Place, Problem
from edgeops.report.markdown import COMMENT_LIMIT
from edgeops.report.planned import no_plan

KEY = "c2VjcmV0" * 5


def test_an_invalid_state_lists_its_problems():
    problem = Problem(Place("fleet/a.yaml", 3, 5), "/spec", "`edg` is not known", "is it `edge`?")
    assert no_plan(InvalidFleet("HEAD is not valid", "mend it", (problem,))) == (
        "### edgeops: the desired state is not valid\n"
        "\n"
        "- `fleet/a.yaml:3:5`: `` `edg` is not known `` (hint: ``is it `edge`?``)\n"
        "\n"
        "> [!CAUTION]\n"
        "> `HEAD is not valid` (hint: `mend it`)"
    )


def test_a_refusal_and_other_errors():
    assert no_plan(Refused("too many deletes")) == (
        "### edgeops: the plan is refused\n\n> [!CAUTION]\n> `too many deletes`"
    )
    assert "### edgeops: there is no plan\n" in no_plan(EdgeOpsError("no token"))


def test_secrets_are_masked_and_long_lists_end_in_a_count():
    secret = f"SharedAccessKey={KEY}"
    problems = [
        Problem(Place(f"fleet/{n}.yaml"), "", f"{secret} {'x' * 500}") for n in range(3_000)
    ]
    text = no_plan(InvalidFleet(secret, secret, tuple(problems)))
    assert KEY not in text
    assert len(text) < COMMENT_LIMIT
    assert "- and 2,950 more" in text


@pytest.mark.slow
def test_the_longest_texts_fit():
    text = "😀" * 5_000
    many = [Problem(Place(f"{n}{text}"), "", text, text) for n in range(99)]
    assert len(no_plan(InvalidFleet(text, text, tuple(many))).encode()) < COMMENT_LIMIT


def test_text_cannot_break_out():
    nasty = "`\n</details> @octocat\n> [!NOTE]"
    text = no_plan(InvalidFleet(nasty, nasty, (Problem(Place(nasty), "", nasty, nasty),)))
    assert len(text.splitlines()) == 6
