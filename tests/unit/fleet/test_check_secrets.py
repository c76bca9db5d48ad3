"""Secrets in manifests: references that work, texts that git must not have, and false alarms."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.check_secrets import mentions_secrets, secret_problems
from edgeops.fleet.manifest import parse
from edgeops.fleet.model import Document
from edgeops.source.schemas import packaged_schemas

WORDS = [
    *("db", "user", "Wifi", "Pass", "PASSWORD", "passwd", "passCode", "passphrase", "PWD", "psk"),
    *(
        "secret",
        "Token",
        "authCode",
        "auth",
        "code",
        "apikey",
        "Key",
        "nwk",
        "SKey",
        "PIN",
        "value",
    ),
    *("SharedAccessKey", "AccountKey", "sig=" + "a" * 20, "ghp_" + "A" * 36, "AKIA" + "A" * 16),
    *("https://a:bcd@e", "xoxb-" + "1" * 12, "eyJ" + "a" * 9 + ".eyJ" + "a" * 9 + "." + "a" * 9),
    *("-----BEGIN PRIVATE KEY-----", "github_pat_" + "a" * 24, "AIza" + "a" * 35, "plain", ""),
]

SCHEMAS = packaged_schemas()
HEADS = {
    "Module": {"metadata": {"name": "m"}, "spec": {"image": "m:1"}},
    "Device": {"metadata": {"name": "d"}, "spec": {}},
    "Fleet": {"metadata": {"name": "f"}, "spec": {"hubs": {"local": {}}}},
    "Group": {"metadata": {"name": "g"}, "spec": {"selector": {}}},
    "DeviceSet": {
        "metadata": {"name": "s"},
        "spec": {"template": {"spec": {}}, "devices": [{"name": "d"}]},
    },
}


def manifest(kind, spec, excuses=None):
    head = HEADS[kind]
    metadata = head["metadata"] | ({"notSecret": excuses} if excuses is not None else {})
    value = {"apiVersion": "edgeops/v1", "kind": kind, "metadata": metadata}
    return value | {"spec": head["spec"] | spec}


def check(kind, spec, excuses=None):
    """The problems and warnings, as (pointer, message, hint)."""
    text = json.dumps(manifest(kind, spec, excuses)).encode()
    return [(p.pointer, p.message, p.hint) for p in parse("fleet/a.yaml", text, SCHEMAS)[1]]


def wrong(kind, spec, excuses=None):
    return [pointer for pointer, _, _ in check(kind, spec, excuses)]


ACR = {"fromEnv": "EDGEOPS_SECRET_ACR", "version": 3}
LOGIN = {"address": "acr.example", "username": "pull", "password": ACR}


# --- references -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Module", {"env": {"DB_PASSWORD": ACR, "X": ACR}, "desired": {"a": {"b": ACR}}}),
        ("Device", {"desired": {"wifi": {"psk": ACR}}, "modules": {"env": {"env": {"A": ACR}}}}),
        ("Device", {"edge": {"registryCredentials": {"acr": LOGIN}, "hub": {"env": {"A": ACR}}}}),
        ("Fleet", {"defaults": {"modules": {"desired": {"desired": {"token": ACR}}}}}),
        ("Fleet", {"hubs": {"env": {"hostname": "h.azure-devices.net", "auth": "entra",
                                    "defaults": {"desired": {"token": ACR}}}}}),
        ("DeviceSet", {"template": {"spec": {"desired": {"token": ACR}}}}),
    ],
)  # fmt: skip
def test_where_a_secret_can_stand(kind, spec):
    assert check(kind, spec) == []


@pytest.mark.parametrize(
    ("kind", "spec", "pointer"),
    [
        ("Device", {"tags": {"a": ACR}}, "/spec/tags/a"),
        ("Device", {"desired": {"a": [1, ACR]}}, "/spec/desired/a/1"),
        ("Device", {"desired": ACR}, "/spec/desired"),
        ("Device", {"variables": {"a": ACR}}, "/spec/variables/a"),
        ("Module", {"createOptions": {"Hostname": ACR}}, "/spec/createOptions/Hostname"),
        ("Module", {"image": ACR}, "/spec/image"),
        ("Module", {"routes": {"up": ACR}}, "/spec/routes/up"),
        ("Device", {"edge": {"registryCredentials": {"a": LOGIN | {"username": ACR}}}},
         "/spec/edge/registryCredentials/a/username"),
    ],
)  # fmt: skip
def test_where_no_secret_can_stand(kind, spec, pointer):
    ((at, message, _),) = check(kind, spec)
    assert (at, message) == (pointer, "a secret cannot be used here")


@pytest.mark.parametrize(
    ("reference", "below", "message"),
    [
        ({"fromEnv": "GITHUB_TOKEN", "version": 1}, "/fromEnv", "`GITHUB_TOKEN` is not the var"),
        ({"fromEnv": "EDGEOPS_SECRET_a", "version": 1}, "/fromEnv", "is not the variable of a"),
        ({"fromEnv": "EDGEOPS_SECRET_${x}", "version": 1}, "/fromEnv", "is not the variable of"),
        ({"fromEnv": 5, "version": 1}, "/fromEnv", "`5` is not the variable of a secret"),
        ({"fromEnv": "EDGEOPS_SECRET_A"}, "", "the secret EDGEOPS_SECRET_A needs `version`"),
        ({"fromEnv": "EDGEOPS_SECRET_A", "version": 0}, "/version", "must be a whole number"),
        ({"fromEnv": "EDGEOPS_SECRET_A", "version": "1"}, "/version", "must be a whole number"),
        ({"fromEnv": "EDGEOPS_SECRET_A", "version": True}, "/version", "must be a whole number"),
        ({"fromEnv": "EDGEOPS_SECRET_A", "version": 2_000_000}, "/version", "from 1 to 1,000,000"),
        ({"fromEnv": "EDGEOPS_SECRET_A", "version": 1, "x": 1}, "/x", "unknown key `x`"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "pointer"),
    [
        ("Device", "/spec/desired/wifi/psk"),
        ("Module", "/spec/env/DB_PASSWORD"),
        ("Device", "/spec/edge/registryCredentials/acr/password"),
    ],
)
def test_a_reference_that_cannot_be_read_is_one_problem(kind, pointer, reference, below, message):
    spec = {
        "/spec/desired/wifi/psk": {"desired": {"wifi": {"psk": reference}}},
        "/spec/env/DB_PASSWORD": {"env": {"DB_PASSWORD": reference}},
        "/spec/edge/registryCredentials/acr/password": {
            "edge": {"registryCredentials": {"acr": LOGIN | {"password": reference}}}
        },
    }[pointer]
    ((at, said, _),) = check(kind, spec)
    assert (at, message in said) == (pointer + below, True)


def test_an_object_of_the_module_itself_is_left_alone():
    assert check("Device", {"desired": {"a": {"fromEnv": "HOME", "type": "path"}}}) == []


def test_why_only_some_variables_are_read():
    ((_, _, hint),) = check("Module", {"env": {"A": {"fromEnv": "GITHUB_TOKEN", "version": 1}}})
    assert "carry off the tokens of a workflow" in hint


# --- texts ----------------------------------------------------------------------------

RANDOM = "0bdca2dca9bd4756b48f3e3f1fe136bf"
CONNECTION = "Server=tcp:sql;User ID=sa;Password=hunter22;"


@pytest.mark.parametrize(
    ("kind", "spec", "pointer"),
    [
        ("Module", {"env": {"DB_PASSWORD": "x"}}, "/spec/env/DB_PASSWORD"),
        ("Module", {"env": {"DB_PASSWORD": "123456"}}, "/spec/env/DB_PASSWORD"),
        ("Module", {"env": {"DB_PASSWORD": "x-${site}"}}, "/spec/env/DB_PASSWORD"),
        ("Module", {"env": {"TOPIC_KEY": RANDOM}}, "/spec/env/TOPIC_KEY"),
        ("Module", {"env": {"PIN": "1234"}}, "/spec/env/PIN"),
        ("Module", {"env": {"SQL": CONNECTION}}, "/spec/env/SQL"),
        ("Module", {"env": {"A": "AccountName=a;AccountKey=short"}}, "/spec/env/A"),
        ("Device", {"desired": {"radio": {"NwkSKey": "a1"}}}, "/spec/desired/radio/NwkSKey"),
        ("Device", {"desired": {"password": {"value": "x"}}}, "/spec/desired/password/value"),
        ("Device", {"desired": {"passwords": ["x"]}}, "/spec/desired/passwords/0"),
        ("Device", {"desired": {"env": [{"name": "DB_PASS", "value": "x"}]}},
         "/spec/desired/env/0/value"),
        ("Device", {"tags": {"wifi": {"psk": "x"}}}, "/spec/tags/wifi/psk"),
        ("Device", {"variables": {"dbPassword": "x"}}, "/spec/variables/dbPassword"),
        ("DeviceSet", {"devices": [{"name": "d", "variables": {"psk": "x"}}]},
         "/spec/devices/0/variables/psk"),
        ("Device", {"edge": {"registryCredentials": {"acr": LOGIN | {"password": "x"}}}},
         "/spec/edge/registryCredentials/acr/password"),
        ("Module", {"createOptions": {"Env": ["A=1", "SA_PASSWORD=x"]}},
         "/spec/createOptions/Env/1"),
        ("Module", {"createOptions": {"Env": {"add": ["SA_PASSWORD=x"]}}},
         "/spec/createOptions/Env/add/0"),
        ("Module", {"createOptions": {"Cmd": ["run", "--db-password=x"]}},
         "/spec/createOptions/Cmd/1"),
        ("Module", {"createOptions": {"Cmd": ["run", "--token", "x1"]}},
         "/spec/createOptions/Cmd/2"),
        ("Module", {"createOptions": {"Cmd": [f"--sql={CONNECTION}"]}},
         "/spec/createOptions/Cmd/0"),
    ],
)  # fmt: skip
def test_a_text_that_is_a_secret_is_one_problem_that_does_not_show_it(kind, spec, pointer):
    ((at, message, hint),) = check(kind, spec)
    assert (at, message) == (pointer, "holds a secret, which git must not have")
    assert "fromEnv: EDGEOPS_SECRET_" in hint
    assert f"if it is not a secret, list {pointer} in metadata.notSecret" in hint
    assert "hunter22" not in hint


@pytest.mark.parametrize(
    ("kind", "spec", "hint"),
    [
        ("Module", {"env": {"dbPassword": "x"}},
         "write {fromEnv: EDGEOPS_SECRET_DB_PASSWORD, version: 1}, and give the value to the sync"),
        ("Device", {"edge": {"registryCredentials": {"acr": LOGIN | {"password": "x"}}}},
         "write {fromEnv: EDGEOPS_SECRET_ACR, version: 1}"),
        ("Module", {"createOptions": {"Env": ["DB_PASS=x"]}}, "move it to `env` of the module"),
        ("Device", {"variables": {"psk": "x"}},
         "write {fromEnv: EDGEOPS_SECRET_PSK, version: 1} where the variable is used"),
        ("Device", {"tags": {"psk": "x"}}, "env and desired properties can refer to a secret"),
    ],
)  # fmt: skip
def test_what_to_do_about_it(kind, spec, hint):
    assert hint in check(kind, spec)[0][2]


@pytest.mark.parametrize(
    "value",
    ["", " ", "${db}", "${a}${b}", "$DB_PASSWORD", "%DB_PASSWORD%", "/run/secrets/db", "./key.pem",
     "C:\\keys\\a.pem", "https://login.example/token", "true", "None", "disabled"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["DB_PASSWORD", "API_KEY", "token"])
def test_values_that_are_not_secrets(name, value):
    spec = {"env": {name: value}, "createOptions": {"Env": [f"{name}={value}"]}}
    assert check("Module", spec | {"desired": {name: value}}) == []


@pytest.mark.parametrize(
    "spec",
    [
        {"env": {"MAX_TOKEN": "512", "TOPIC_KEY": "rooms.1", "KEY_COUNT": "7", "PASS": "1"}},
        {"desired": {"password": 5, "token": True, "psk": None, "pin": 17, "secret": {}}},
        {"desired": {"token": {"issuer": "https://x.example", "audience": "fleet"}}},
        {"desired": {"columns": [{"name": "id", "value": "primaryKey"}]}},
        {"env": {"HINT": "set Password=${pw} or Password=... or pwd=; in it"}},
        {"createOptions": {"Cmd": ["--password-file", "/run/p", "--token", "--verbose"]}},
        {"createOptions": {"Env": ["PATH=/bin", "PASSWORD_FILE=x"], "Labels": {"key": "v"}}},
    ],
)
def test_other_values_that_are_not_secrets(spec):
    assert check("Module", spec) == []


# --- false alarms -----------------------------------------------------------------------


def test_a_false_alarm_is_named_in_the_manifest():
    spec = {"env": {"API_KEY": "x"}, "desired": {"a": {"token": "x"}, "b/c": {"token": "x"}}}
    excuses = ["/spec/env/API_KEY", "/spec/desired/*/token"]
    assert wrong("Module", spec) == [
        "/spec/env/API_KEY", "/spec/desired/a/token", "/spec/desired/b~1c/token",
    ]  # fmt: skip
    assert check("Module", spec, excuses) == []
    assert wrong("Module", spec, excuses[:1]) == wrong("Module", spec)[1:]


def test_a_public_key_of_an_emulator_is_a_false_alarm_too():
    spec = {"env": {"STORE": "AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtl"}}
    assert wrong("Module", spec) == ["/spec/env/STORE"]
    assert check("Module", spec, ["/spec/env/STORE"]) == []


def test_an_entry_that_matches_nothing_is_a_warning():
    documents, problems = parse(
        "fleet/a.yaml",
        json.dumps(manifest("Module", {"env": {"A": "x"}}, ["/spec/env/A"])).encode(),
        SCHEMAS,
    )
    assert len(documents) == 1
    ((problem),) = problems
    assert (problem.warning, problem.pointer) == (True, "/metadata/notSecret/0")
    assert problem.message == "`/spec/env/A` matches nothing that looks like a secret"


@pytest.mark.parametrize("excuses", ["x", [5], ["env/A"], [None], {}])
def test_excuses_of_the_wrong_form_are_problems(excuses):
    assert wrong("Module", {}, excuses)[0].startswith("/metadata/notSecret")


@pytest.mark.parametrize(
    "text",
    ["Password=" * 7000, "${" * 30000, "%a" * 30000, "a" * 60000 + "=", "--" + "a" * 60000,
     "x://" * 15000 + "@", "/a" * 30000 + "+", "A" * 60000, "Password=\"" * 6000],
)  # fmt: skip
def test_no_text_takes_long(text):
    started = time.perf_counter()
    check("Module", {"env": {"PASSWORD": text}, "createOptions": {"Cmd": [text, text]}})
    assert time.perf_counter() - started < 2


@given(
    st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from(["", "_", "-", ".", "=", "9"])
)
def test_what_mentions_no_secret_holds_none(first: str, second: str, between: str) -> None:
    """Whatever is found in a manifest is seen in its text first."""
    text = f"{first}{between}{second}"
    spec = {
        "desired": {text: "aB3-q9Xz77", "x": text, "y": [text], "name": text, "value": "aB3-q9"}
    }
    document = Document("a.yaml", {"spec": spec}, {"": (1, 1)})
    if secret_problems(document)[0]:
        assert mentions_secrets(json.dumps(spec, ensure_ascii=False))
