"""The environment of the process of a module, as in its container. No I/O.

A container isolates the machine from the `env` of a deployment; a process does
not, and can read the secrets of the user. So no variable of the user is passed
on, and a deployment cannot set variables that decide which code a process
loads, where it finds files, or whom it trusts.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9_:-]+\Z")  # .NET reads `Section:Key`
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class ModuleIdentity:
    """The device and module of a process, and the host name of its hub."""

    device: str
    module: str
    hub: str


def _names(text: str) -> re.Pattern[str]:
    """A pattern for the names in a text (case-sensitive); `*` matches any rest of a name."""
    return re.compile("|".join(map(fnmatch.translate, text.split())))


# Variables that the dynamic loader, the C library, Python, OpenSSL and the
# packages of the modules read; also those of shells and other interpreters, in
# case one is ever started. The device SDK takes an identity from IOTEDGE_* and
# EdgeHub*.
_REFUSED = {
    "would change which code is loaded": _names(
        """LD_* _RLD* DYLD_* GLIBC_* GCONV_* MALLOC_* PYTHON* _PYTHON* __PYVENV* OMP_TOOL*
        NODE_* PERL* RUBY* GEM_* LUA_* JAVA_* JDK_* _JAVA_* CLASSPATH DOTNET_* CORECLR_*
        BASH* ENV IFS SHELLOPTS PS4 PROMPT_COMMAND ZDOTDIR GIT_*"""
    ),
    "would change where a process finds files": _names(
        """PATH CDPATH HOME PWD OLDPWD SHELL USER LOGNAME TMPDIR TMP TEMP SQLITE_TMPDIR XDG_*
        LOCPATH NLSPATH TZDIR HOSTALIASES LOCALDOMAIN RES_OPTIONS RESOLV_* NIS_PATH GETCONF_DIR"""
    ),
    "would change whom it trusts": _names(
        "OPENSSL_* SSL_* SSLKEYLOGFILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NETRC"
    ),
    "is set by `edgeops device run`": _names(
        """EDGEOPS_CONNECTION_STRING EDGEOPS_CA_FILE IOTEDGE_*
        EdgeHubConnectionString EdgeModuleCACertificateFile"""
    ),
}


def refusal(env: Mapping[str, str]) -> str | None:
    """Why a module with this `env` is not started; None if it is allowed."""
    refused = [
        f"{name[:64]!r}, which {why}" for name, value in env.items() for why in _wrong(name, value)
    ]
    if not refused:
        return None
    more = f"; and {len(refused) - _MOST_NAMED} more" if len(refused) > _MOST_NAMED else ""
    return f"the env of a process may not set {'; '.join(refused[:_MOST_NAMED])}{more}"


def _wrong(name: str, value: str) -> Iterator[str]:
    if not _NAME.match(name):
        yield "is not the name of an environment variable"
    elif not is_text(value):
        yield "has a value that is not text"
    else:
        yield from (why for why, names in _REFUSED.items() if names.match(name))


def is_text(value: str) -> bool:
    """Whether the operating system accepts this as a value or a path."""
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)


def process_environment(
    env: Mapping[str, str], identity: ModuleIdentity, python: Path, home: Path, temporary: Path
) -> dict[str, str]:
    """The environment of a module, except for the EDGEOPS_* variables of `device run`.

    `env` is that of the deployment: it can set LANG, TZ and proxies, but the local
    hub is never reached through a proxy. `home` and `temporary` are folders of the
    module.
    """
    direct = ",".join(filter(None, (env.get("no_proxy") or env.get("NO_PROXY"), identity.hub)))
    return {
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **env,
        "no_proxy": direct,
        "NO_PROXY": direct,
        "PATH": f"{python.parent}:{_SYSTEM_PATH}",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "IOTEDGE_DEVICEID": identity.device,
        "IOTEDGE_MODULEID": identity.module,
    }
