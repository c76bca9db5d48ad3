"""Placeholders become variables, and whatever else a text holds stays what it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.adopt.found import Use
from edgeops.adopt.placeholders import ALL, SURE, Rules, Variables, escape, fill, filled
from edgeops.fleet.model import Place

TEXTS = st.text(alphabet="${}ab_<>#A{ ") | st.text()


def use() -> Use:
    return Use(Place("a.json"), "/a")


def translated(text: str, *path: str, rules: Rules | None = None) -> str:
    return Variables().translate(text, rules or Rules(), use, path)


@given(TEXTS)
def test_an_escaped_text_stands_for_itself(text):
    assert fill(escape(text), {"a": "wrong", "A": "wrong"}) == text


@given(st.lists(TEXTS), st.sampled_from([ALL, SURE, frozenset()]))
def test_variables_filled_with_their_spellings_give_the_text_again(texts, spellings):
    variables, rules = Variables(), Rules(spellings=spellings)
    manifest = [variables.translate(text, rules, use, ()) for text in texts]
    originals = {name: entry.original for name, entry in variables.found().items()}
    # `$X` and `${X}` are one variable: where both occur, one of the two spellings is used.
    one_spelling = all("$A" not in text and "$a" not in text for text in texts)
    if one_spelling:
        assert filled(manifest, originals) == texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acr.io/x:${VERSION}", "acr.io/x:${VERSION}"),
        ("$ADDRESS/x", "${ADDRESS}/x"),
        ("$CONTAINER_REGISTRY_PASSWORD_acr", "${CONTAINER_REGISTRY_PASSWORD_acr}"),
        ("${MODULES.cam-1.amd64.debug}", "${MODULES_cam_1_amd64_debug}"),
        ("{{ address }}:{{port}}", "${address}:${port}"),
        ("${{ port }}", "${port}"),
        ("#{acr.user}#", "${acr_user}"),
        ("rtsp://__HOST__/1", "rtsp://${HOST}/1"),
        ("<Architecture>/<Build.Number>", "${Architecture}/${Build_Number}"),
        ("<Not needed if this is 'x'. See https://y>", "${Not_needed_if_this_is_x_See_https_y}"),
        ("FROM /* INTO $upstream", "FROM /* INTO $upstream"),
        ("$upstream:443/agent", "$upstream:443/agent"),
        ("$Default", "$Default"),
        ("${VAR:-default}", "$${VAR:-default}"),
        ("{{.ImageName}} {{json .}}", "{{.ImageName}} {{json .}}"),
        ("A__B__C", "A__B__C"),
        ("<a href='x'>text</a>", "<a href='x'>text</a>"),
        ("<b>text</b>", "<b>text</b>"),
        ("cat <in >out", "cat <in >out"),
    ],
)
def test_spellings(text, expected):
    assert translated(text) == expected


def test_conditions_of_routes_compare():
    route = "FROM /* WHERE a<b AND c>d INTO $upstream"
    assert translated(route, "properties.desired", "routes", "x") == route
    assert translated(route, "properties.desired.routes.x") == route
    assert translated("${ROUTE}", "properties.desired", "routes", "x") == "${ROUTE}"


def test_the_shell_of_a_container_expands_its_own_variables():
    text = "echo $HOME ${HOME}"
    path = ("createOptions", "Cmd", "2")
    assert translated(text, *path) == "echo $HOME $${HOME}"
    assert translated(text, *path, rules=Rules(template=True)) == "echo ${HOME} ${HOME}"
    assert translated(text, *path, rules=Rules({"HOME": "/x"})) == "echo ${HOME} ${HOME}"


def test_what_a_hub_returned_has_no_placeholders():
    assert translated("${A} $B <c>", rules=Rules(spellings=frozenset())) == "$${A} $B <c>"


def test_a_name_that_the_caller_knows_is_a_placeholder():
    assert translated("$port", rules=Rules({"port": "80"})) == "${port}"


def test_names_are_unique_also_without_regard_to_case():
    variables = Variables()
    texts = ["${a.b}", "${a_b}", "${A-B}", "{{a_b}}", "${a_b}", "$a_b", "${1}"]
    rules = Rules({"a_b": "1"})
    names = [variables.translate(text, rules, use, ()) for text in texts]
    assert names == ["${a_b}", "${a_b_2}", "${A_B_3}", "${a_b_4}", "${a_b_2}", "${a_b_2}", "$${1}"]


def test_one_name_with_two_values_is_two_variables():
    variables = Variables()
    first = variables.translate("${SITE}", Rules({"SITE": "a"}), use, ())
    second = variables.translate("${SITE}", Rules({"SITE": "b"}), use, ())
    assert (first, second) == ("${SITE}", "${SITE_2}")
    assert {name: entry.value for name, entry in variables.found().items()} == {
        "SITE": "a",
        "SITE_2": "b",
    }


def test_a_secret_never_has_a_value():
    variables = Variables()
    variables.translate("${ACR_PASSWORD}", Rules({"ACR_PASSWORD": "hunter2"}), use, ())
    assert variables.found()["ACR_PASSWORD"].value is None
    assert variables.found()["ACR_PASSWORD"].secret


def test_a_dollar_before_a_placeholder_belongs_to_its_value():
    variables = Variables()
    text = variables.translate("it costs $${PRICE}", Rules({"PRICE": "5"}), use, ())
    assert text == "it costs ${PRICE}"
    assert fill(text, {"PRICE": variables.found()["PRICE"].value}) == "it costs $5"


def test_a_text_that_is_a_variable_takes_its_type():
    assert fill("${ttl}", {"ttl": 7200}) == 7200
    assert fill("${ttl}s", {"ttl": 7200}) == "7200s"
    assert fill("${other}", {"ttl": 7200}) == "${other}"


def test_a_key_cannot_hold_a_variable():
    assert Variables().in_key("$ACR_NAME", Rules(), ()) == ("ACR_NAME", True)
    assert Variables().in_key("$ACR_NAME", Rules({"ACR_NAME": "acr"}), ()) == ("acr", False)
