"""Finds and masks secrets, which must not be in git or in any output.

Some texts are secrets by their shape (`find_secret` finds them in git); others by a name next to
them, as in `"password": "..."` or `Authorization: Bearer ...`. `mask` hides both in texts, `masked`
in JSON values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeops.fleet.secret_names import is_key, is_pin, says_secret
from edgeops.secret_reference import PREFIX, is_secret

MASKED = "***"

_SHORTEST = 5  # no pattern below matches a shorter text
_MOST_PASSES = 8  # what stands before a masked secret may now look like one, as in a:b:c@d
_SHORTEST_KNOWN = 8  # shorter values of the environment also occur in ordinary words
_SHORTEST_OURS = 4  # of the secrets that manifests name

# The start of a word, also in escaped text: \n, \u0026, %26.
_START = (
    r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\x[0-9A-Fa-f]{2})"
    r"|(?<=%[0-9A-Fa-f]{2}))"
)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The pattern of a kind of secret.

    Every text that matches contains one of the `hints` (lower case), which are fast to find. `mask`
    hides the group `secret`; the rest shows what it was.
    """

    kind: str
    hints: frozenset[str]
    source: str
    flags: int

    @property
    def regex(self) -> re.Pattern[str]:
        """Compiled on demand (and cached by re): all of them would add 10 ms to each start."""
        return re.compile(self.source, self.flags)


def _pattern(kind: str, hints: str, regex: str, flags: int = 0) -> _Pattern:
    return _Pattern(kind, frozenset(hints.split()), regex, flags)


# Repeats are bounded, so that no text takes quadratic time.
_SHAPES: tuple[_Pattern, ...] = (
    _pattern(
        "a private key",
        "-----begin",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<secret>.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
        re.DOTALL,
    ),
    _pattern(
        "a connection string with its key",
        "accesskey accountkey",
        r"(?:SharedAccessKey|AccountKey)\s*(?:=|%3D)\s*"
        r"(?P<secret>[A-Za-z0-9+/]{8,}(?:%2[BF][A-Za-z0-9+/]*)*(?:=|%3D){0,2})",
        re.IGNORECASE,
    ),
    _pattern(
        "a shared access signature",
        "sig= sig%3d",
        rf"(?=sig){_START}sig(?:=|%3D)(?P<secret>[A-Za-z0-9%+/_-]{{16,}}={{0,2}})",
        re.IGNORECASE,
    ),
    _pattern(
        "a GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_",
        rf"(?=gh){_START}(?P<secret>gh[pousr]_(?:[A-Za-z0-9]{{36,}}|[0-9]*_?eyJ[\w.-]{{20,}}))",
    ),
    _pattern(
        "a GitHub token",
        "github_pat_",
        rf"(?=github){_START}(?P<secret>github_pat_[A-Za-z0-9_]{{22,}})",
    ),
    _pattern(
        "an AWS access key",
        "akia asia",
        rf"(?=A[KS]IA){_START}(?P<secret>A[KS]IA[0-9A-Z]{{16}})\b",
    ),
    _pattern("a Google API key", "aiza", rf"(?=AIza){_START}(?P<secret>AIza[0-9A-Za-z_-]{{35}})"),
    _pattern(
        "a Slack token", "xox", rf"(?=xox){_START}(?P<secret>xox[abeoprs]-[0-9A-Za-z-]{{10,}})"
    ),
    _pattern(
        "a signed token (JWT)",
        "eyj",
        rf"(?=eyJ){_START}(?P<secret>eyJ[A-Za-z0-9_-]{{8,200}}"
        r"\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,})",
    ),
    _pattern(
        "a password in a URL",
        "://",
        r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@?#]{0,128}:(?P<secret>[^\s/@?#]{3,256})@",
    ),
)

_SAYS_SO = (
    r"(?:passw(?:or)?d|passphrase|secret|credential|connection_?string"
    r"|(?:access|account|api|private|primary|secondary|shared|symmetric)_?key|token(?!s|iz))"
)
_NAMES_A_SECRET = re.compile(
    rf"{_SAYS_SO}|access_?signature|^authorization$|(?:^|_)(?:sas|sig)$", re.IGNORECASE
)
# PWD is the folder that a shell is in.
_FILE_OR_PLACE = re.compile(r"_(?:FILE|PATH|DIR|URL|NAME)$|^PWD$", re.IGNORECASE)

# Names that say so only as whole words.
_SHORT_NAME = r"(?<![A-Za-z0-9])(?:[A-Za-z0-9]{1,40}[_.-]){0,6}(?:pass|pwd|psk|auth_?code)"
_SHORT_HINTS = "pass pwd psk auth"

_HINTS = "passw signature passphrase secret credential connection key token"
_NAME = rf"(?:{_SAYS_SO}|access_?signature)(?!_?name)[\w-]{{0,40}}"


def _named(hints: str, regex: str) -> _Pattern:
    return _pattern("", hints, regex, re.IGNORECASE)


# Texts that are secrets because of a name next to them.
_NAMED: tuple[_Pattern, ...] = (
    _named(
        "authorization",
        r"authorization\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?(?:(?:bearer|basic|token)\s{1,4})?"
        r"(?P<secret>[^\"'\\\r\n,;]{3,})",
    ),
    _named("sig= sig%3d", rf"(?=sig){_START}sig(?:=|%3D)(?P<secret>[^\s\"'&;,<>\\]+)"),
    _pattern("", "bearer", r"\bBearer\s{1,4}(?P<secret>[^\s\"',;]{4,})"),
    _named(
        "bearer basic",
        rf"(?=b){_START}(?:bearer|basic)(?:\s|%20){{1,4}}(?P<secret>[A-Za-z0-9._~+/%=-]{{16,}})",
    ),
    # A password with any characters, but not a port as in http://host:80/a@b. A URL that was
    # treated as a path has one slash.
    _named(
        ":/", r":/{1,2}[^\s/:@?#]{0,128}:(?!\d{1,5}[/?#])(?P<secret>(?:(?!://)[^\s\"'<>]){1,256})@"
    ),
    _named(":/", r":/{1,2}(?P<secret>[^\s/:@?#\"'<>]{32,256})@"),  # a token instead of a user
    _named(_HINTS, rf"{_NAME}=(?!\.\.\.)(?P<secret>[^\s\"'&;,<>(){{}}\[\]\\`$]{{4,}})"),
    _named(_HINTS, rf"{_NAME}\s{{0,4}}=\s{{0,4}}\"(?P<secret>[^\"]{{4,}})"),
    _named(_HINTS, rf"{_NAME}\s{{0,4}}=\s{{0,4}}'(?P<secret>[^']{{4,}})"),
    _named(_HINTS, rf"{_NAME}\"\s{{0,4}}:\s{{0,4}}\"(?P<secret>(?:[^\"\\]|\\.)+)"),
    _named(_HINTS, rf"{_NAME}'\s{{0,4}}:\s{{0,4}}'(?P<secret>(?:[^'\\]|\\.)+)"),
    _named(_SHORT_HINTS, rf"{_SHORT_NAME}=(?P<secret>[^\s\"'&;,<>(){{}}\[\]\\`$]{{3,}})"),
    _named(
        _SHORT_HINTS, rf"{_SHORT_NAME}\\{{0,8}}\"\s{{0,4}}:\s{{0,4}}\\{{0,8}}\"(?P<secret>[^\"\\]+)"
    ),
    _named(  # JSON in JSON
        _HINTS, rf"{_NAME}\\+\"\s{{0,4}}:\s{{0,4}}\\+\"(?P<secret>[^\"]+?)\\+\""
    ),
)

_ALL = _SHAPES + _NAMED
_SHAPE_HINTS = tuple(sorted(frozenset[str]().union(*(pattern.hints for pattern in _SHAPES))))
_ALL_HINTS = tuple(sorted(frozenset[str]().union(*(pattern.hints for pattern in _ALL))))


def find_secret(text: str) -> str | None:
    """The kind of secret in a text (`a private key`), or None; never the secret itself."""
    patterns = _that_may_match(_SHAPES, text)
    return next((pattern.kind for pattern in patterns if pattern.regex.search(text)), None)


def may_have_secret_shape(lowered: str) -> bool:
    """Whether `find_secret` may find something in a part of a text in lower case; fast."""
    return any(hint in lowered for hint in _SHAPE_HINTS)


def holds_private_key(data: bytes) -> bool:
    """Whether a line of a file begins a private key in PEM, of any kind."""
    return re.search(rb"^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY", data, re.MULTILINE) is not None


def mask(text: str, known: Iterable[str] = ()) -> str:
    """The text with every secret in it replaced by `***`; `known` are secrets of any shape."""
    for secret in known:
        text = text.replace(secret, MASKED)
    for _ in range(_MOST_PASSES):
        before = text
        for pattern in _that_may_match(_ALL, text):
            text = pattern.regex.sub(_hide, text)
        if text == before:
            break
    return text


def may_hold_secret(text: str) -> bool:
    """Whether a text has a word that can stand before a secret, or in one; fast."""
    return bool(_that_may_match(_ALL, text))


def _that_may_match(patterns: Sequence[_Pattern], text: str) -> list[_Pattern]:
    """The patterns with a hint in a text: usually none, which is found fast."""
    if len(text) < _SHORTEST:
        return []
    lowered = text.lower()
    hints = {hint for hint in _ALL_HINTS if hint in lowered}
    return [pattern for pattern in patterns if not hints.isdisjoint(pattern.hints)] if hints else []


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of the environment whose names say that they are secrets, the longest first."""
    values = {
        value
        for name, value in environ.items()
        if len(value) >= _SHORTEST_OURS
        and (
            name.startswith(PREFIX)
            or (
                len(value) >= _SHORTEST_KNOWN
                and names_a_secret(name)
                and not _FILE_OR_PLACE.search(name)
            )
        )
    }
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def masked(value: Any, path: Sequence[str] = ()) -> Any:
    """A JSON value without secrets.

    Values under a key such as `password` or `apiToken` become `***`, and so do secrets in any text;
    references to secrets stay. `path` are the keys above the value, which may also name a secret.
    """
    if any(map(names_a_secret, path)) or (path and _is_named(path[-1], value)):
        return _hidden(value, mask)
    return _masked(value, mask)


def masked_by_key(value: Any) -> Any:
    """Like `masked`, but without searching texts, which may be long."""
    return _masked(value, str)


def names_a_secret(key: str) -> bool:
    """Whether the value under a key of this name is a secret."""
    return bool(_NAMES_A_SECRET.search(key)) or says_secret(key)


def _is_named(key: str, value: Any) -> bool:
    return (
        names_a_secret(key) or is_pin(key, value) or (isinstance(value, str) and is_key(key, value))
    )


def _masked(value: Any, text: Callable[[str], str]) -> Any:
    if is_secret(value):
        return value
    if isinstance(value, dict):
        return {
            text(key): (_hidden if _is_named(key, item) else _masked)(item, text)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item, text) for item in value]
    return text(value) if isinstance(value, str) else value


def _hidden(value: Any, text: Callable[[str], str]) -> Any:
    # Empty objects, null and booleans are not secrets.
    if is_secret(value):
        return value
    if isinstance(value, dict):
        return {text(key): _hidden(item, text) for key, item in value.items()}
    return value if value is None or isinstance(value, bool) else MASKED


def _hide(match: re.Match[str]) -> str:
    start, end = match.span("secret")
    whole = match.start()
    return match[0][: start - whole] + MASKED + match[0][end - whole :]
