"""What of a twin or a configuration stays in a clone, and what becomes `***`."""

from __future__ import annotations

import json

from edgeops.adopt.mask_clone import MaskedCounts, masked_configuration, masked_twin
from edgeops.fleet.create_options import chunks
from edgeops.fleet.model import DesiredDevice
from edgeops.stamp import Stamp, encode
from edgeops.twin import EDGE_AGENT

SECRET = "Hunter2-of-somebody"


def device(**more):
    plain = {"tags": {}, "desired": {}, "modules": {}, "models": {}, "edge_content": {}}
    fixed = {"authentication": None, "protect": False, "edge": True, "labels": {}, "groups": ()}
    return DesiredDevice(name="d", **{**fixed, **plain, **more})


def clone(desired=None, tags=None, git=None, module=None):
    document = {"deviceId": "d", "tags": tags or {}, "properties": {"desired": desired or {}}}
    if module:
        document["moduleId"] = module
    counts = MaskedCounts()
    made = masked_twin(document, git, counts)
    return made["properties"]["desired"], made["tags"], counts


def test_secrets_become_stars_where_they_are():
    desired, tags, counts = clone(
        {"db": {"password": SECRET, "host": "db"}, "at": f"amqps://u:{SECRET}@h"},
        {"apiToken": SECRET, "floor": 3},
    )
    assert desired == {"db": {"password": "***", "host": "db"}, "at": "amqps://u:***@h"}
    assert tags == {"apiToken": "***", "floor": 3}
    assert counts == {"tags": 1, "desired": 2}


def test_what_git_has_in_plain_at_the_same_place_stays():
    git = device(desired={"pairing": {"token": "public"}, "password": "other"})
    live = {"pairing": {"token": "public"}, "password": SECRET, "token": "public"}
    desired, _, counts = clone(live, git=git)
    assert desired == {"pairing": {"token": "public"}, "password": "***", "token": "***"}
    assert counts == {"desired": 2}


def test_a_secret_in_two_parts_of_create_options():
    options = json.dumps({"Env": ["A=" + "x" * 4060, f"DB_PASSWORD={SECRET}", "B=1"]})
    parts = chunks(options)
    assert not [part for part in parts.values() if SECRET in part]
    agent = {"modules": {"m": {"settings": {"image": "m:1", **parts}}}}
    desired, _, counts = clone(agent, module=EDGE_AGENT)
    settings = desired["modules"]["m"]["settings"]
    text = settings["createOptions"] + settings["createOptions01"]
    assert json.loads(text)["Env"][1:] == ["DB_PASSWORD=***", "B=1"]
    assert (counts, settings["image"]) == ({"desired": 1}, "m:1")


def test_create_options_without_secrets_keep_the_parts_that_they_have():
    settings = {"createOptions": '{"Env": ["A=', "createOptions01": '1"]}'}
    agent = {"modules": {"m": {"settings": settings, "env": {"X_TOKEN": {"value": SECRET}}}}}
    desired, _, _ = clone(agent, module=EDGE_AGENT)
    assert desired["modules"]["m"]["settings"] == settings
    assert desired["modules"]["m"]["env"] == {"X_TOKEN": {"value": "***"}}


def test_a_stamp_stays_and_what_only_looks_like_one_does_not():
    owned = frozenset({("desired", "password"), ("tags", "apiToken")})
    stamp = encode(Stamp("f", "c" * 40, "d" * 64, owned=owned, uid="u", device="d"))
    assert clone(tags={"edgeops": stamp})[1] == {"edgeops": stamp}
    assert clone(tags={"edgeops": {**stamp, "password": SECRET}})[1]["edgeops"]["password"] == "***"


def test_times_and_versions_stay_unless_a_key_is_a_secret():
    key = "ghp_" + "a1" * 18
    times = {"$lastUpdated": "2026-11-01T00:00:00Z", "password": {"$lastUpdated": "x"}, key: {}}
    live = {"password": SECRET, key: 1, "$metadata": times, "$version": 9}
    desired, _, _ = clone(live)
    assert desired["$version"] == 9
    assert desired["$metadata"] == {
        "$lastUpdated": "2026-11-01T00:00:00Z",
        "password": {"$lastUpdated": "x"},
        "***": {},
    }


def test_a_configuration_keeps_all_but_its_secrets():
    content = {"deviceContent": {"properties.desired.wifi": {"psk": SECRET, "ssid": "s"}}}
    document = {"id": "c", "priority": 3, "targetCondition": "tags.a = 1", "content": content}
    counts = MaskedCounts()
    made = masked_configuration(document, counts)
    wifi = {"properties.desired.wifi": {"psk": "***", "ssid": "s"}}
    assert made == {**document, "content": {"deviceContent": wifi}, "labels": None}
    assert counts == {"configurations": 1}
