"""A deployment's `env` in a process of this machine: what it may not set, and what comes of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.localedge.environment import ModuleIdentity, process_environment, refusal

WHOSE = ModuleIdentity("a", "forecaster", "localhost")
HARMLESS = {
    "EDGEOPS_STORAGE": "/models",
    "EDGEOPS_LOAD_TEST": "off",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "https_proxy": "http://proxy.example:3128",
    "TZ": "Pacific/Auckland",
    "LANG": "de_DE.UTF-8",
    "OMP_NUM_THREADS": "1",
    "LOG_LEVEL": "debug",
    "_": "",
    "ENVIRONMENT": "production",
    "HOMEPAGE": "x",
    "MY_PATH": "x",
    "ld_preload": "another variable: names are told apart by case",
}


def test_harmless_variables_are_taken():
    assert refusal(HARMLESS) is None
    assert refusal({}) is None


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (
            """LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT LD_ DYLD_INSERT_LIBRARIES GLIBC_TUNABLES
            GCONV_PATH MALLOC_TRACE PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONINSPECT
            PYTHONWARNINGS PYTHONBREAKPOINT PYTHONPLATLIBDIR PYTHONUSERBASE PYTHON_GIL
            _PYTHON_SYSCONFIGDATA_NAME __PYVENV_LAUNCHER__ OMP_TOOL_LIBRARIES NODE_OPTIONS
            PERL5OPT PERL5LIB RUBYOPT RUBYLIB JAVA_TOOL_OPTIONS _JAVA_OPTIONS BASH_ENV ENV IFS
            SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND GIT_SSH_COMMAND""",
            "would change which code is loaded",
        ),
        (
            """PATH CDPATH HOME TMPDIR TMP TEMP SHELL XDG_CONFIG_HOME LOCPATH HOSTALIASES TZDIR
            RES_OPTIONS RESOLV_HOST_CONF RESOLV_OVERRIDE_TRIM_DOMAINS NIS_PATH GETCONF_DIR""",
            "would change where a process finds files",
        ),
        (
            """OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES SSL_CERT_FILE SSL_CERT_DIR
            SSLKEYLOGFILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NETRC""",
            "would change whom it trusts",
        ),
        (
            """IOTEDGE_DEVICEID IOTEDGE_WORKLOADURI IOTEDGE_ EdgeHubConnectionString
            EDGEOPS_CONNECTION_STRING EDGEOPS_CA_FILE""",
            "is set by `edgeops device run`",
        ),
        ("a.b A+B a/b BASH_FUNC_ls%%", "is not the name of an environment variable"),
    ],
)
def test_variables_that_reach_beyond_the_process_are_refused_by_name(names, why):
    for name in names.split():
        reason = refusal({"EDGEOPS_STORAGE": "/models", name: "x"})
        assert reason == f"the env of a process may not set {name!r}, which {why}"


@pytest.mark.parametrize("name", ["", "A=B", "LD_PRELOAD=/x\0", "A B", "A\n", "Ä", "\ud800"])
def test_text_that_is_not_the_name_of_a_variable_is_refused(name):
    assert "is not the name of an environment variable" in str(refusal({name: "x"}))


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_text_that_is_not_a_value_is_refused(value):
    assert str(refusal({"A": value})).endswith("'A', which has a value that is not text")


def test_a_long_list_of_reasons_is_cut():
    reason = refusal({f"LD_{number}": "" for number in range(1000)} | {"LD_" + "x" * 5000: ""})
    assert reason is not None
    assert reason.endswith("'LD_4', which would change which code is loaded; and 996 more")
    assert len(str(refusal({"LD_" + "x" * 5000: ""}))) < 200


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True) | st.sampled_from(
    [*HARMLESS, "LD_PRELOAD", "PATH", "PYTHONPATH", "HOME", "SSL_CERT_FILE", "IOTEDGE_X"]
)


@given(st.dictionaries(NAMES | st.text(max_size=5), st.text(max_size=5)))
def test_an_env_that_is_taken_changes_nothing_that_is_ours(env):
    if refusal(env) is not None:
        bad = [name for name, value in env.items() if refusal({name: value})]
        assert bad, "it is refused for what one of its variables is"
        return
    made = process_environment(env, WHOSE, Path("/venv/bin/python"), Path("/h"), Path("/t"))
    without = process_environment({}, WHOSE, Path("/venv/bin/python"), Path("/h"), Path("/t"))
    theirs = env.keys() - {"no_proxy", "NO_PROXY"}
    assert {name: made[name] for name in theirs} == {name: env[name] for name in theirs}
    ours = without.keys() - {"LANG", "TZ", "no_proxy", "NO_PROXY"}
    assert {name: made[name] for name in ours} == {name: without[name] for name in ours}
    assert made.keys() == env.keys() | without.keys()


def test_the_whole_environment_of_a_module():
    made = process_environment({}, WHOSE, Path("/venv/bin/python"), Path("/d/home"), Path("/d/tmp"))
    assert made == {
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PATH": "/venv/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/d/home",
        "TMPDIR": "/d/tmp",
        "IOTEDGE_DEVICEID": "a",
        "IOTEDGE_MODULEID": "forecaster",
        "no_proxy": "localhost",
        "NO_PROXY": "localhost",
    }


@pytest.mark.parametrize(
    ("env", "direct"),
    [
        ({"HTTPS_PROXY": "http://p:1"}, "localhost"),
        ({"NO_PROXY": "a.example"}, "a.example,localhost"),
        ({"NO_PROXY": "a.example", "no_proxy": "b.example"}, "b.example,localhost"),
    ],
)
def test_the_local_hub_is_never_looked_for_behind_a_proxy(env, direct):
    made = process_environment(env, WHOSE, Path(sys.executable), Path("/h"), Path("/t"))
    assert (made["no_proxy"], made["NO_PROXY"]) == (direct, direct)
