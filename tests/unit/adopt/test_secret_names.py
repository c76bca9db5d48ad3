"""What is a secret, and the variables that stand for them."""

from __future__ import annotations

import pytest

from edgeops.adopt.found import Placeholder
from edgeops.adopt.secret_names import SecretNames, hides_a_secret

KEY = "SharedAccessKey=" + "c2VjcmV0" * 4


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (f"HostName=h;{KEY}", ("m", "desired", "target")),
        ("Server=s;Password=winter24", ("m", "desired", "db")),
        ("--token=abcdef", ("modules", "m", "env", "ARGS")),
        ("winter24", ("modules", "m", "env", "DB_PASSWORD")),
        ("winter24", ("desired", "credentials", "pw")),
        ("x ${REGISTRY_PASSWORD}", ("modules", "m", "env", "A")),
    ],
)
def test_these_must_not_stand_in_git(text, at):
    placeholder = Placeholder("REGISTRY_PASSWORD", "$REGISTRY_PASSWORD", secret=True)
    assert SecretNames({"REGISTRY_PASSWORD": placeholder}).is_secret(text, at)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("/run/secrets/db", ("modules", "m", "env", "DB_PASSWORD_FILE")),
        ("https://login.example", ("m", "desired", "tokenUrl")),
        ("", ("desired", "password")),
        ("info", ("modules", "token-service", "env", "LOG")),
        ("5m", ("token-service", "desired", "every")),
        ("${PASSWORD}", ("modules", "m", "env", "PASSWORD")),  # filled in elsewhere
    ],
)
def test_these_may(text, at):
    assert not SecretNames({}).is_secret(text, at)


def test_secrets_hidden_in_other_values():
    assert hides_a_secret({"Env": ["DB_PASSWORD=winter24"]}, ("createOptions",))
    assert hides_a_secret([{"password": "winter24"}], ("desired", "cameras"))
    assert hides_a_secret(1234, ("desired", "password"))
    assert not hides_a_secret({"Env": ["DB_PASSWORD=${DB_PASSWORD}"]}, ("createOptions",))
    assert not hides_a_secret({"Binds": ["/run/x:/x"], "Tty": True}, ("createOptions",))
    assert not hides_a_secret(30, ("desired", "tokenLifetime"))


def test_equal_secrets_share_a_variable_and_others_do_not():
    names = SecretNames({})
    first = names.reference("one", ("registry", "plant", "password"))
    assert names.reference("one", ("registry", "other", "password")) == first
    assert first == {"fromEnv": "EDGEOPS_SECRET_PLANT", "version": 1}
    second = names.reference("two", ("registry", "plant", "password"))
    assert second["fromEnv"] == "EDGEOPS_SECRET_PLANT_2"
    assert names.reference("${REG_KEY}", ("a", "b"))["fromEnv"] == "EDGEOPS_SECRET_REG_KEY"
    assert names.found["EDGEOPS_SECRET_PLANT"] == ("registry", "plant", "password")
    assert "one" not in repr(names.found)
