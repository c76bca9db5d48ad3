"""Twin values and paths as short, safe text."""

import pytest

from edgeops.report.values import show, show_path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (60, "60"),
        (-36.848899, "-36.848899"),
        (True, "true"),
        (None, "null"),
        ("60", '"60"'),
        ({}, "{}"),
        ([1, {"a": None}], '[1, {"a": null}]'),
        ("Kōwhai", '"Kōwhai"'),
        ("line\nbreak", '"line\\nbreak"'),
        ("\u202e\x9b", '"\\u202e\\u009b"'),
    ],
)
def test_values_are_json_on_one_line(value, text):
    assert show(value) == text


def test_json_inside_a_text_needs_no_backslashes():
    assert show('{"Binds": ["/a:/b"]}') == """'{"Binds": ["/a:/b"]}'"""
    assert show("""it's "so\"""") == '"it\'s \\"so\\""'


def test_long_values_are_cut_and_say_how_long_they_are():
    assert show("a" * 1000, limit=5) == '"aaaa… (1,002 chars)'


def test_secrets_are_masked_by_key_and_by_shape():
    assert show("hunter2", ("desired", "password")) == "***"
    assert show("x", ("$edgeAgent", "modules", "m", "env", "API_TOKEN", "value")) == "***"
    assert show({"user": "a", "password": "b"}) == '{"user": "a", "password": "***"}'
    assert "abcd" not in show("HostName=h;SharedAccessKeyName=n;SharedAccessKey=abcdabcdabcd=")


def test_a_secret_is_masked_before_the_value_is_cut():
    secret = "HostName=h;SharedAccessKeyName=n;SharedAccessKey=abcdabcdabcd="
    assert "abcd" not in show("x" * 10 + ";" + secret, limit=60)


def test_paths_have_dots_and_quote_what_would_mislead():
    assert show_path(("$edgeAgent", "modules", "model_loader")) == "$edgeAgent.modules.model_loader"
    assert show_path(("desired", "a.b", "c d")) == 'desired."a.b"."c d"'
