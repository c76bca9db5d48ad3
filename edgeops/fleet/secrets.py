"""Secrets that must not be in git or in any output: found by their unmistakable shapes."""

from __future__ import annotations

import re

_SHORTEST = 16  # no pattern below matches less

# Repeats are bounded, so that no text takes quadratic time.
# Each pattern's group `secret` is what `mask` hides; the rest tells what it was.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "a private key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
            r"(?P<secret>.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
    ),
    (
        "a connection string with its key",
        re.compile(
            r"(?:SharedAccessKey|AccountKey)\s*=\s*(?P<secret>[A-Za-z0-9+/]{8,}={0,2})",
            re.IGNORECASE,
        ),
    ),
    (
        "a shared access signature",
        re.compile(r"(?:\b|\\u0026)sig=(?P<secret>[A-Za-z0-9%+/_-]{16,}={0,2})", re.IGNORECASE),
    ),
    ("a GitHub token", re.compile(r"\b(?P<secret>gh[pousr]_[A-Za-z0-9]{36,})")),
    ("a GitHub token", re.compile(r"\b(?P<secret>github_pat_[A-Za-z0-9_]{22,})")),
    ("an AWS access key", re.compile(r"\b(?P<secret>(?:AKIA|ASIA)[0-9A-Z]{16})\b")),
    ("a Google API key", re.compile(r"\b(?P<secret>AIza[0-9A-Za-z_-]{35})")),
    ("a Slack token", re.compile(r"\b(?P<secret>xox[abeoprs]-[0-9A-Za-z-]{10,})")),
    (
        "a signed token (JWT)",
        re.compile(
            r"\b(?P<secret>eyJ[A-Za-z0-9_-]{8,200}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,})"
        ),
    ),
    (
        "a password in a URL",
        re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@?#]{0,128}:(?P<secret>[^\s/@?#]{3,256})@"),
    ),
)


def find_secret(text: str) -> str | None:
    """What kind of secret a text holds (`a private key`), or None; never the secret itself."""
    if len(text) < _SHORTEST:
        return None
    return next((kind for kind, pattern in _PATTERNS if pattern.search(text)), None)


def mask(text: str) -> str:
    """The text with every secret in it replaced by `***`."""
    if len(text) < _SHORTEST:
        return text
    for _, pattern in _PATTERNS:
        text = pattern.sub(_hide, text)
    return text


def _hide(match: re.Match[str]) -> str:
    start, end = match.span("secret")
    whole = match.start()
    return match[0][: start - whole] + "***" + match[0][end - whole :]
