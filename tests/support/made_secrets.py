"""Secrets as services make them, in the places where they turn up; and what only looks odd."""

from __future__ import annotations

import base64
from urllib.parse import quote

from hypothesis import strategies as st

_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_KEY = st.binary(min_size=32, max_size=64).map(lambda key: base64.b64encode(key).decode())
_QUOTED = _KEY.map(lambda key: quote(key, safe=""))
_URL_SAFE = st.binary(min_size=24, max_size=60).map(
    lambda token: base64.urlsafe_b64encode(token).decode().rstrip("=")
)


def _letters(length: int) -> st.SearchStrategy[str]:
    return st.text(_ALNUM, min_size=length, max_size=length)


def _json(length: int) -> st.SearchStrategy[str]:
    return _letters(length).map(
        lambda text: "eyJ" + base64.b64encode(text.encode()).decode().rstrip("=")
    )


_GITHUB = st.builds(
    "{}_{}".format, st.sampled_from(["ghp", "ghs", "gho", "ghu", "ghr"]), _letters(36)
)
_JWT = st.builds("{}.{}.{}".format, _json(12), _json(60), _URL_SAFE)
_PASSWORD = st.text(_ALNUM + "!$%*+-.=_~", min_size=8, max_size=40).map(lambda text: text + "x9")

# (secret, text that holds it)
HELD = st.one_of(
    st.tuples(
        _KEY, st.just("HostName=h.azure-devices.net;SharedAccessKeyName=o;SharedAccessKey={}")
    ),
    st.tuples(_KEY, st.just("HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey={}")),
    st.tuples(_KEY, st.just("AccountName=a;AccountKey={};EndpointSuffix=core.windows.net")),
    st.tuples(_QUOTED, st.just("SharedAccessSignature sr=h%2Fdevices%2Fd&sig={}&se=1&skn=p")),
    st.tuples(_QUOTED, st.just("https://a.blob.core.windows.net/c/f?sv=1&sp=r&sig={}")),
    st.tuples(_QUOTED, st.just('{{"url": "https://a.example/f?se=1\\u0026sig={}"}}')),
    st.tuples(
        _GITHUB, st.sampled_from(["{}", "token {} is bad", "https://{}@github.com/o/r", "%20{}"])
    ),
    st.tuples(_letters(60).map("github_pat_".__add__), st.just("{}")),
    st.tuples(_JWT, st.sampled_from(["{}", "Bearer {}", "ghs_12345_{}"])),
    st.tuples(_URL_SAFE, st.sampled_from(["Authorization: Bearer {}", "authorization=bearer {}"])),
    st.tuples(_KEY, st.sampled_from(["Authorization: Basic {}", "AUTHORIZATION: basic {}"])),
    st.tuples(_PASSWORD, st.sampled_from(["https://u:{}@h.example/r.git", "amqps://:{}@h:5671"])),
    st.tuples(
        _KEY,
        st.sampled_from(
            ['"primaryKey": "{}"', "{{'primaryKey': '{}'}}", '\\"primaryKey\\":\\"{}\\"']
        ),
    ),
    st.tuples(_letters(20), st.sampled_from(['"password":"{}"', "DB_PASSWORD={}", "--token={}"])),
    st.tuples(
        st.lists(_letters(64), min_size=2, max_size=4).map("\n".join),
        st.just("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----"),
    ),
).map(lambda pair: (pair[0], pair[1].format(pair[0])))

_HEX = "0123456789abcdef"


def _hex(length: int) -> st.SearchStrategy[str]:
    return st.text(_HEX, min_size=length, max_size=length)


# What is long and odd, and says things that people need.
ORDINARY = st.one_of(
    _hex(64),
    _hex(64).map("sha256:".__add__),
    _hex(64).map("registry.example/loader@sha256:".__add__),
    _hex(40),
    _hex(7),
    _hex(32).map("md5 ".__add__),
    st.integers(0, 2**64 - 1).map(lambda n: base64.b64encode(n.to_bytes(8, "big")).decode()),
    st.uuids().map(str),
    st.builds("crowdedness-{}h@{}.{}.0".format, *[st.integers(0, 99)] * 3),
    st.builds("https://{}.blob.core.windows.net:443/models/m@1.0.0/m.onnx".format, _letters(12)),
    st.builds("FROM /messages/modules/{}/outputs/* INTO $upstream".format, _letters(12)),
    st.builds("desired.models.{}.sha256".format, _letters(12)),
    st.builds("HostName={}.azure-devices.net;SharedAccessKeyName=iothubowner".format, _letters(9)),
    st.datetimes().map(str),
)
