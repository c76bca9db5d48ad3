"""What looks like a secret is masked, and other text is left alone."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_secrets import HELD, ORDINARY

from edgeops.fleet.secrets import find_secret, mask, masked, secrets_of

KEY = "c2VjcmV0c2VjcmV0c2VjcmV0"


@pytest.mark.parametrize(
    ("text", "kind", "masked"),
    [
        (
            f"HostName=h.azure-devices.net;SharedAccessKeyName=owner;SharedAccessKey={KEY}=",
            "a connection string with its key",
            "HostName=h.azure-devices.net;SharedAccessKeyName=owner;SharedAccessKey=***",
        ),
        (
            f"AccountName=x;accountkey = {KEY}==;EndpointSuffix=core.windows.net",
            "a connection string with its key",
            "AccountName=x;accountkey = ***;EndpointSuffix=core.windows.net",
        ),
        (
            f"https://x.blob.core.windows.net/m?se=2030&sig={KEY}%3D&sv=1",
            "a shared access signature",
            "https://x.blob.core.windows.net/m?se=2030&sig=***&sv=1",
        ),
        (
            f"SharedAccessSignature sr=h&sig={KEY}&se=1",
            "a shared access signature",
            "SharedAccessSignature sr=h&sig=***&se=1",
        ),
        (
            f"-----BEGIN EC PRIVATE KEY-----\n{KEY}\n-----END EC PRIVATE KEY-----\n",
            "a private key",
            "-----BEGIN EC PRIVATE KEY-----***-----END EC PRIVATE KEY-----\n",
        ),
        (f"-----BEGIN PRIVATE KEY-----{KEY}", "a private key", "-----BEGIN PRIVATE KEY-----***"),
        ("token ghp_" + "a1" * 18, "a GitHub token", "token ***"),
        ("github_pat_" + "a1" * 20, "a GitHub token", "***"),
        ("AKIAIOSFODNN7EXAMPLE", "an AWS access key", "***"),
        (
            f"Bearer eyJhbGciOiJI.eyJzdWIiOiIx.{KEY}",
            "a signed token (JWT)",
            "Bearer ***",
        ),
        (
            "amqps://guest:hunter22@broker.example:5671/",
            "a password in a URL",
            "amqps://guest:***@broker.example:5671/",
        ),
    ],
)
def test_secrets_are_found_and_masked(text: str, kind: str, masked: str) -> None:
    assert find_secret(text) == kind
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "FROM /messages/modules/forecaster/outputs/* INTO $upstream",
        "HostName=h.azure-devices.net;SharedAccessKeyName=owner;SharedAccessKey=***",
        "SharedAccessKey=<key>",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "https://contoso.blob.core.windows.net:443/models/a@1.0.0",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "IOTHUB_CONNECTION_STRING",
        "design=abcdefghijklmnopqrstuvwxyz",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert find_secret(text) is None
    assert mask(text) == text


@pytest.mark.parametrize(
    "piece",
    ["a", "a-", "eyJ-", "eyJaaaaaaaaa.", "a://", "a:b", "sig=", "-----BEGIN PRIVATE KEY-----"],
)
def test_long_text_takes_no_quadratic_time(piece: str) -> None:
    text = piece * (500_000 // len(piece))
    start = time.process_time()
    find_secret(text)
    mask(text)
    assert time.process_time() - start < 3


@given(HELD, st.text(max_size=5), st.text(max_size=5))
def test_no_generated_secret_is_left(held, before, after):
    secret, text = held
    for message in (text, f"cannot use '{text}'", f"{before} {text} {after}", f"a\n{text}"):
        assert not_in(secret, mask(message))
    assert not_in(secret, mask(json.dumps({"message": text})))
    assert mask(mask(text)) == mask(text)


def not_in(secret, text):
    return not any(piece in text for piece in secret.split("\n"))


@given(ORDINARY)
def test_texts_that_people_need_are_left_alone(text):
    assert mask(text) == text
    assert masked({"etag": text, "a": [text]}) == {"etag": text, "a": [text]}
    assert mask(f"wants `{text}`, has 'x'") == f"wants `{text}`, has 'x'"


@pytest.mark.parametrize(
    "text",
    [
        "expected HostName=...;SharedAccessKeyName=...;SharedAccessKey=...: see the portal",
        "the token is not valid: expired",
        "bearer authentication is off",
        "give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`",
        "git@github.com:o/r.git",
        "ssh://git@github.com/o/r.git",
        "http://localhost:8080/@scope/name",
        "set EDGEOPS_SECRET_ACR",
        "keys/releases.pub",
        '"maxTokens": 512',
    ],
)
def test_advice_that_looks_like_a_secret_is_left_alone(text):
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("https://u:pa/ss@h.example/r.git", "https://u:***@h.example/r.git"),
        ("https://u:p@ss@h.example/r.git", "https://u:***@h.example/r.git"),
        ("https://u:p@h.example", "https://u:***@h.example"),
        (f"https://{'a1' * 26}@dev.azure.com/o", "https://***@dev.azure.com/o"),
        ("sig=short&se=1", "sig=***&se=1"),
        ('{"password": "a\\"b", "x": 1}', '{"password": "***", "x": 1}'),
        ("{'clientSecret': 'a', 'x': 1}", "{'clientSecret': '***', 'x': 1}"),
    ],
)
def test_odd_secrets(text, left):
    assert mask(text) == left


def test_secrets_of_the_environment_may_have_any_shape():
    environ = {
        "EDGEOPS_SECRET_ACR": "correct horse",
        "MY_TOKEN": "12345678",
        "API_KEY": "short",
        "TOKEN_FILE": "/run/token-of-the-job",
        "PATH": "/usr/local/bin",
        "PWD": "/home/ana/fleet",
        "DB_PASSWORD": "correct horse battery",
    }
    known = secrets_of(environ)
    assert known == ("correct horse battery", "correct horse", "12345678")
    text = "correct horse battery, correct horse, 12345678, short, /run/token-of-the-job"
    assert mask(text, known) == "***, ***, ***, short, /run/token-of-the-job"


@pytest.mark.parametrize(
    "key", ["password", "DB_PASSWORD", "clientSecret", "apiToken", "accountKey", "connectionString"]
)
def test_values_under_a_key_that_names_a_secret(key):
    assert masked({key: "x", "a": [{key: {"value": "x", "on": True, "gone": None}}]}) == {
        key: "***",
        "a": [{key: {"value": "***", "on": True, "gone": None}}],
    }


@pytest.mark.parametrize("key", ["keepVersions", "key", "tokens", "tokenizer", "monkey", "sasha"])
def test_other_values_stay(key):
    assert masked({key: "x", "n": 1}) == {key: "x", "n": 1}


def test_texts_and_keys_that_look_like_a_secret():
    text = f"HostName=h;SharedAccessKeyName=p;SharedAccessKey={KEY}"
    assert KEY not in str(masked({"a": text, text: [text]}))


def test_a_path_may_already_say_that_it_is_secret():
    assert masked("x", ("env", "password", "value")) == "***"
    assert masked("x", ("env",)) == "x"


def test_a_reference_to_a_secret_stays_under_a_name_that_hides_values():
    reference = {"fromEnv": "EDGEOPS_SECRET_ACR", "version": 3}
    value = {"password": reference, "login": {"token": {"value": reference}}}
    assert masked(value) == value
    assert masked(reference, ("password",)) == reference
    assert masked({"password": {**reference, "value": "x"}}) == {
        "password": {"fromEnv": "***", "version": "***", "value": "***"}
    }


def test_the_secrets_that_manifests_name_are_known_whatever_their_name():
    environ = {"EDGEOPS_SECRET_DB_URL": "short", "EDGEOPS_SECRET_X": "abc", "PIN": "1234567890"}
    assert secrets_of(environ) == ("short",)


@pytest.mark.parametrize("key", ["DB_PASS", "pwd", "psk", "AppKey", "NwkSKey", "AUTH_CODE"])
def test_values_under_the_names_of_fields_and_radios(key):
    assert masked({key: "x", "pin": 17, "keyboard": "us"}) == {
        key: "***",
        "pin": 17,
        "keyboard": "us",
    }
    assert masked("x", ("env", key, "value")) == "***"


def test_pins_and_random_keys():
    key = "0bdca2dca9bd4756b48f3e3f1fe136bf"
    assert masked({"pin": "1234", "TRAINING_KEY": key, "routingKey": "a.b"}) == {
        "pin": "***",
        "TRAINING_KEY": "***",
        "routingKey": "a.b",
    }


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("DB_PASS=abc;x", "DB_PASS=***;x"),
        ('{"Env": ["pwd=abcd"]}', '{"Env": ["pwd=***"]}'),
        ('{"psk": "abc", "bypass": "abc"}', '{"psk": "***", "bypass": "abc"}'),
        ('{\\"AUTH_CODE\\": \\"abc\\"}', '{\\"AUTH_CODE\\": \\"***\\"}'),
        ("bypass=all compass=north", "bypass=all compass=north"),
    ],
)
def test_short_names_of_secrets_in_texts(text, left):
    assert mask(text) == left
