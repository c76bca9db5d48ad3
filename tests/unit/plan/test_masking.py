"""Secrets never leave a plan."""

import pytest

from edgeops.plan.masking import masked


@pytest.mark.parametrize(
    "key", ["password", "DB_PASSWORD", "clientSecret", "apiToken", "accountKey", "connectionString"]
)
def test_values_under_a_key_that_names_a_secret(key):
    assert masked({key: "x", "a": [{key: {"value": "x", "on": True, "gone": None}}]}) == {
        key: "***",
        "a": [{key: {"value": "***", "on": True, "gone": None}}],
    }


@pytest.mark.parametrize("key", ["keepVersions", "key", "tokens", "monkey", "sasha"])
def test_other_values_stay(key):
    assert masked({key: "x", "n": 1}) == {key: "x", "n": 1}


def test_texts_that_look_like_a_secret():
    key = "c2VjcmV0" * 5 + "c2U="
    text = f"HostName=h;SharedAccessKeyName=p;SharedAccessKey={key}"
    assert key not in masked({"a": text})["a"]


def test_a_path_may_already_say_that_it_is_secret():
    assert masked("x", ("env", "password", "value")) == "***"
    assert masked("x", ("env",)) == "x"
