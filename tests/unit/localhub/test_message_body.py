"""How an event shows the body of a message: the content type and encoding decide."""

from __future__ import annotations

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.localhub.state.message_body import shown_body


@pytest.mark.parametrize(
    ("payload", "content_type", "encoding", "shown"),
    [
        (b'{"a": 1}', "", "", {"a": 1}),
        (b'{"a": 1}', "application/json; charset=utf-8", "utf-8", {"a": 1}),
        (b'{"a": 1}', "text/plain", "", '{"a": 1}'),
        (b"21.5", "", "", 21.5),
        (b"21.5", "text/plain", "", "21.5"),
        (b"line one\r\nline two\t!", "", "", "line one\r\nline two\t!"),
        ("Grüße".encode(), "", "UTF-8", "Grüße"),
        ("Grüße".encode("utf-16"), "text/plain", "utf-16", "Grüße"),
        ('{"ü": 1}'.encode("utf-32"), "application/json", "utf-32", {"ü": 1}),
        (b"{broken", "application/json", "utf-8", "{broken"),
        (b"a\x00b", "text/plain", "", "a\x00b"),
        (b"", "", "", ""),
    ],
)
def test_json_and_text_are_shown_as_they_are(payload, content_type, encoding, shown):
    assert shown_body(payload, content_type, encoding) == {"body": shown}


@pytest.mark.parametrize(
    ("payload", "content_type", "encoding"),
    [
        (b"\xff", "", ""),
        (b"\x01\x02", "", ""),
        (b'{"a": 1}', "application/octet-stream", ""),
        (b"text", "image/png", ""),
        (b"\xff", "text/plain", "utf-8"),
        (b"odd", "text/plain", "utf-16"),
        (b"text", "text/plain", "base64"),
        (b"text", "text/plain", "punycode"),
        (b"text", "text/plain", "\0"),
    ],
)
def test_everything_else_is_base64(payload, content_type, encoding):
    assert shown_body(payload, content_type, encoding) == {
        "bodyBase64": base64.b64encode(payload).decode()
    }


@given(
    st.binary(max_size=64),
    st.sampled_from(["", "text/plain", "application/json", "image/png"]),
    st.sampled_from(["", "utf-8", "utf-16", "utf-32", "ascii", "nonsense"]),
)
def test_any_bytes_become_json(payload, content_type, encoding):
    orjson.dumps(shown_body(payload, content_type, encoding))
