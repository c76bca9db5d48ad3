from __future__ import annotations

import time

import pytest

from edgeops.fleet.secrets import find_secret, mask

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
