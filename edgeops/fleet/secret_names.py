"""Which names say that their value is a secret, by the words they are made of.

`DB_PASSWORD`, `dbPassword` and `db.password` are the same words. The last one decides, so that
`passwordFile`, `tokenizer` and `keyCount` name no secret.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_PASSWORD = re.compile("(?:.*passw(?:or)?d|passphrase|passcode|(?:db|my|user|admin|mqtt)?pwd|psk)")
_USUALLY = re.compile(
    "(?:db|user|admin|mqtt)?pass|secret|token|authcode"
    "|(?:api|app|apps|nwk|nwks|private|access|account|storage|sas|shared|sharedaccess)key"
)
# A `key` of these is never a column, or the routing key of a message.
_KEY_OF = re.compile(
    "access|account|aes|api|app|auth|encryption|hmac|master|private|sas|shared|signing|storage"
    "|subscription|symmetric|wifi|wpa"
)
_PASS_OF = re.compile("low|high|band|all|by|first|second|single|multi|two|one")  # no secrets
# Every name that says so has one of these in it.
_ANY_OF = ("pass", "pwd", "psk", "secret", "token", "key", "code", "pin")
_VALUE = ("value", "text", "plain")  # behind the words that matter, as in `passwordValue`
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/_-]{20,}={0,2}")
_PIN = re.compile("[0-9]{4,12}")


@lru_cache(4096)
def says_password(name: str) -> bool:
    """Whether a value of this name is a secret even if it is a number."""
    words = _words(name)
    return bool(words) and _PASSWORD.fullmatch(words[-1]) is not None


@lru_cache(4096)
def says_secret(name: str) -> bool:
    """Whether a value of this name is a secret: `DB_PASS`, `psk`, `AppKey`, `AUTH_CODE`."""
    *before, last = _words(name) or ("",)
    above = before[-1] if before else ""
    if last == "pass":
        return _PASS_OF.fullmatch(above) is None
    if last == "secret":
        return above != "pull"  # of Kubernetes: the name of a secret
    if last == "code":
        return above == "auth"
    if last == "key":  # of LoRaWAN: NwkSKey, AppSKey, FNwkSIntKey
        return (
            _KEY_OF.fullmatch(above) is not None or "nwk" in before or before[-2:] == ["app", "s"]
        )
    return says_password(name) or _USUALLY.fullmatch(last) is not None


def may_name_secret(lowered: str) -> bool:
    """Whether `may_be_secret` may hold for a part of a text in lower case; fast."""
    return any(word in lowered for word in _ANY_OF)


@lru_cache(4096)
def may_be_secret(name: str) -> bool:
    """Whether a value of this name can be a secret; for some names its text decides."""
    return says_secret(name) or _words(name)[-1:] in (("key",), ("pin",))


def is_key(name: str, value: str) -> bool:
    """Whether this is a key of whatever kind: a name that ends so, and a random text."""
    return _words(name)[-1:] == ("key",) and _RANDOM.fullmatch(value) is not None


def is_pin(name: str, value: object) -> bool:
    """Whether this is a number that somebody must know, not that of a contact as in `pin: 17`."""
    return _words(name)[-1:] == ("pin",) and _PIN.fullmatch(str(value)) is not None


@lru_cache(4096)
def _words(name: str) -> tuple[str, ...]:
    words = tuple(word.lower() for word in _WORD.findall(name))
    return words[:-1] if len(words) > 1 and words[-1] in _VALUE else words
