"""What was found, as a hub would have it, and the way back."""

from __future__ import annotations

import json

from edgeops.adopt.live import found_of, known_values, live_of
from edgeops.jsonvalue import same
from edgeops.twin import LiveDevice, Twin

from .conftest import agent

OPTIONS = {"Env": ["A=${B}", "C=$D"]}
LIVE = LiveDevice(
    Twin("gateway", tags={"a": "${b} $${c}"}, desired={"x": ["${y}"]}, edge=True),
    {
        "$edgeAgent": Twin(
            "gateway",
            "$edgeAgent",
            desired=agent(
                good={"settings": {"createOptions": json.dumps(OPTIONS)}},
                bad={"settings": {"createOptions": "{", "image": "${x}"}},
            ),
            configurations=("base",),
        ),
        "camera": Twin("gateway", "camera", desired={"fps": 5}, tags={"t": "${u}"}),
    },
)


def test_a_live_device_comes_back_with_the_same_meaning():
    found = found_of(LIVE, "the hub")
    again = live_of(found, {"b": "wrong", "B": "wrong"})
    assert again.twin == LIVE.twin
    assert again.modules["camera"] == LIVE.modules["camera"]
    modules = again.desired("$edgeAgent")["modules"]
    assert json.loads(modules["good"]["settings"]["createOptions"]) == OPTIONS
    assert modules["bad"] == LIVE.desired("$edgeAgent")["modules"]["bad"]
    assert again.modules["$edgeAgent"].configurations == ("base",)


def test_texts_are_written_for_manifests():
    found = found_of(LIVE, "the hub")
    assert found.tags == {"a": "$${b} $$${c}"}
    good = found.modules["$edgeAgent"]["modules"]["good"]
    assert same(good["settings"]["createOptions"], {"Env": ["A=$${B}", "C=$D"]})


def test_values_of_variables(read):
    text = '{"modulesContent": {"$edgeAgent": {"properties.desired": {"a": ${TTL}, "b": "${OTHER}",'
    text += '"c": "x ${OPEN}", "d": ${WORD}, "e": "${TTL}"}}}}'
    found = read(text, values={"TTL": "7200", "OTHER": "7200", "WORD": "a b"})
    values = known_values(found.placeholders)
    assert values == {
        "TTL": 7200,
        "OTHER": "7200",
        "OPEN": "${OPEN}",
        "WORD": "a b",
        "TTL_2": "7200",
    }
    live = live_of(found.devices[0], values)
    assert live.desired("$edgeAgent") == {
        "a": 7200,
        "b": "7200",
        "c": "x ${OPEN}",
        "d": "a b",
        "e": "7200",
    }
