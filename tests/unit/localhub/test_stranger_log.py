"""Strangers are heard of, and cannot fill the log or forge its lines."""

from __future__ import annotations

import logging

import pytest

from edgeops.localhub.stranger_log import MAX_WARNINGS, SECONDS, StrangerLog, shown


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log(clock):
    return StrangerLog(logging.getLogger("strangers"), clock=clock)


def test_a_warning_is_given_once_a_minute(log, clock, caplog):
    for _ in range(3):
        log.warn("wrong key")
    clock.now += SECONDS
    log.warn("wrong key")
    assert caplog.messages == ["wrong key", "2 more clients were refused", "wrong key"]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_different_warnings_are_bounded_too(log, clock, caplog):
    for number in range(1000):
        log.warn(f"wrong key {number}")
    assert len(caplog.messages) == MAX_WARNINGS
    clock.now += SECONDS
    log.warn("100% wrong")
    assert caplog.messages[MAX_WARNINGS:] == [
        f"{1000 - MAX_WARNINGS} more clients were refused",
        "100% wrong",
    ]


def test_what_a_client_sent_is_one_short_line_of_ascii():
    assert shown("d1") == "'d1'"
    assert shown("a\nWARNING \x1b[31m\u202eb") == r"'a\nWARNING \x1b[31m\u202eb'"
    assert len(shown("x" * 10_000)) < 250


@pytest.mark.parametrize(
    "text",
    [
        "SharedAccessSignature sr=h%2Fdevices%2Fd1&sig=c2VjcmV0%3D&se=1",
        "HostName=h;DeviceId=d1;SharedAccessKey=c2VjcmV0",
        "h/d1/?sharedaccesskey=c2VjcmV0&SIG=c2VjcmV0",
    ],
)
def test_a_token_or_key_in_the_wrong_place_is_not_shown(text):
    assert "c2VjcmV0" not in shown(text)
    assert "d1" in shown(text)
