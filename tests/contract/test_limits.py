"""What Azure takes and refuses, as facts with their sources: the product and the local hub agree.

Each has rules of its own, so that an error in one of them shows here. Where Microsoft's sources
disagree or are silent, both take the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from edgeops import limits
from edgeops.localhub.limits import MAX_MODULES, size_of, valid_id
from edgeops.localhub.state import identities, twins
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.moment import Moment

LEARN = "Understand and use device twins, Microsoft Learn"
REGISTRY = "Understand the identity registry, Microsoft Learn"
IOT_EDGE = "ReportedPropertiesValidator, Azure/iotedge"
NULL = "answer of the service in Azure/azure-iot-sdk-csharp#1741"
HASH = "answer of the service in Azure/azure-iot-sdk-java#243"
SDK = "idRegex of RegistryManager, Azure/azure-iot-sdk-csharp"
SILENT = "no source, or two that disagree"

TAKEN, REFUSED = True, False
MOMENT = Moment(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), new_key=lambda: "key")


@dataclass(frozen=True)
class Fact:
    """Whether the hub takes a value of tags, desired and reported properties."""

    what: str
    section: dict[str, Any]
    taken: bool
    source: str


def levels(count: int, inner: Any = 1) -> Any:
    """A value in so many objects, one in another."""
    return inner if count == 0 else {"k": levels(count - 1, inner)}


def lists(count: int) -> Any:
    """A number in so many lists, one in another."""
    return 1 if count == 0 else [lists(count - 1)]


def key(character: str) -> dict[str, Any]:
    return {"outer": {f"a{character}b": 1}}


FACTS = (
    Fact("no values", {}, TAKEN, LEARN),
    Fact("each kind", {"b": True, "i": 1, "f": 0.5, "t": "x", "o": {"k": 1}}, TAKEN, LEARN),
    Fact("empty values", {"t": "", "o": {}, "a": []}, TAKEN, IOT_EDGE),
    # arrays
    Fact("an array of each kind", {"a": [True, 1, 0.5, "x", {"k": [1]}, []]}, TAKEN, IOT_EDGE),
    Fact("an array of 5.9 KB", {"a": [{"id": "x" * 35, "ms": 1}] * 125}, TAKEN, IOT_EDGE),
    Fact("an array of many texts", {"a": ["x" * 70] * 100}, TAKEN, IOT_EDGE),
    Fact("null in an array", {"a": [1, None]}, REFUSED, IOT_EDGE),
    Fact("null in an array of arrays", {"a": [[1], [None]]}, REFUSED, IOT_EDGE),
    Fact("null in an object in an array", {"a": [{"b": None}]}, REFUSED, NULL),
    Fact("null deeper in an array", {"a": [{"b": {"c": None}}]}, REFUSED, IOT_EDGE),
    Fact("null in an object", {"a": {"b": None}}, TAKEN, LEARN),
    # depth
    Fact("ten levels around a property", levels(11), TAKEN, LEARN),
    Fact("eleven levels", levels(12), REFUSED, LEARN),
    Fact("an empty object at level ten", levels(10, {}), TAKEN, IOT_EDGE),
    Fact("an empty object at level eleven", levels(11, {}), REFUSED, IOT_EDGE),
    Fact("ten arrays", {"a": lists(10)}, TAKEN, IOT_EDGE),
    Fact("eleven arrays", {"a": lists(11)}, REFUSED, IOT_EDGE),
    Fact("an array at level ten", levels(10, [1]), TAKEN, IOT_EDGE),
    Fact("an array at level eleven", levels(11, [1]), REFUSED, IOT_EDGE),
    Fact("an object at level ten in arrays", {"a": [[levels(8)]]}, TAKEN, IOT_EDGE),
    Fact("an object at level eleven in arrays", {"a": [[levels(9)]]}, REFUSED, IOT_EDGE),
    # texts
    Fact("a text of 4 KB", {"a": "x" * 4096}, TAKEN, LEARN),
    Fact("a text of 4 KB and a byte", {"a": "x" * 4097}, REFUSED, LEARN),
    Fact("a text of 4 KB in UTF-8", {"a": "ä" * 2048}, TAKEN, LEARN),
    Fact("a text of more in UTF-8", {"a": "ä" * 2048 + "x"}, REFUSED, LEARN),
    Fact("a text of more in an array", {"a": [{"b": "x" * 4097}]}, REFUSED, IOT_EDGE),
    Fact("a text with its line breaks above 4 KB", {"a": "x\n" * 2049}, REFUSED, IOT_EDGE),
    Fact("control characters in a text", {"a": "\x00\n\x7f\x9f"}, TAKEN, SILENT),
    Fact("an env value of 4 KB", {"env": {"A": {"value": "x" * 4096}}}, TAKEN, LEARN),
    Fact("an env value of more", {"env": {"A": {"value": "x" * 4097}}}, REFUSED, LEARN),
    # keys
    Fact("a key of 1 KB", {"k" * 1024: 1}, TAKEN, LEARN),
    Fact("a key of more", {"k" * 1025: 1}, REFUSED, LEARN),
    Fact("a key of more in UTF-8", {"ä" * 513: 1}, REFUSED, LEARN),
    Fact("a key of more in an array", {"a": [{"k" * 1025: 1}]}, REFUSED, IOT_EDGE),
    *(Fact(f"a key with {c!r}", key(c), REFUSED, LEARN) for c in ". $\x00\n\t\x1f\x80\x9f"),
    Fact("a key with DEL", key("\x7f"), REFUSED, IOT_EDGE),
    Fact("a key with '#'", key("#"), REFUSED, HASH),
    Fact("a key with '.' in an array", {"a": [key(".")]}, REFUSED, IOT_EDGE),
    *(Fact(f"a key with {c!r}", key(c), TAKEN, LEARN) for c in "-_:/+*%&?!()[]{}<>=@;,"),
    *(Fact(f"a key with {c!r}", key(c), TAKEN, LEARN) for c in "'\"\\|~^`äß😀"),
    Fact("a key with a space of Unicode", key("\u2003"), TAKEN, SILENT),
    Fact("an empty key", {"": 1}, TAKEN, SILENT),
    Fact("keys that differ in case", {"a": 1, "A": 2}, TAKEN, LEARN),
    # numbers
    Fact("the largest integer", {"a": 4503599627370495}, TAKEN, LEARN),
    Fact("a larger integer", {"a": 4503599627370496}, REFUSED, LEARN),
    Fact("the smallest integer", {"a": -4503599627370496}, TAKEN, LEARN),
    Fact("a smaller integer", {"a": -4503599627370497}, REFUSED, LEARN),
    Fact("a larger integer in an array", {"a": [[4503599627370496]]}, REFUSED, IOT_EDGE),
    Fact("an integer of 64 bits", {"a": 2**63 - 1}, REFUSED, LEARN),
    Fact("a large number that is not an integer", {"a": 1e300}, TAKEN, IOT_EDGE),
)  # fmt: skip


# What the hub counts of a section: "Device twin size" in LEARN.
COUNTED = (
    ({"key": "text"}, 7),
    ({"ä": "ā😀"}, 8),
    ({"a": 4503599627370495, "b": 0.5}, 18),
    ({"a": True, "b": False}, 10),
    ({"a": {"bc": {"def": "x"}}}, 7),
    ({"a": "1\n2\x00\x1f\x80\x9f"}, 3),
)

LARGEST = (("tags", 8 * 1024), ("desired", 32 * 1024), ("reported", 32 * 1024))  # LEARN

IDS = (
    ("d", TAKEN, REGISTRY),
    ("x" * 128, TAKEN, REGISTRY),
    ("x" * 129, REFUSED, REGISTRY),
    ("", REFUSED, REGISTRY),
    *((f"a{character}", TAKEN, SDK) for character in "09AZaz-:.+%_#*?!(),=@;$'"),
    *((f"a{character}", REFUSED, SDK) for character in " /\\&\"<>[]{}|^~`\n\x00\x7fä😀"),
    (".", REFUSED, "RFC 3986: a URL has no such path"),
    ("..", REFUSED, "RFC 3986: a URL has no such path"),
    ("...", TAKEN, SDK),
)  # fmt: skip


def of_size(size: int) -> dict[str, Any]:
    """A section of so many bytes, as the hub counts."""
    return {f"{n:04}": "x" * min(1020, size - n * 1024 - 4) for n in range(-(-size // 1024))}


def by_the_product(section: dict[str, Any], most: int = limits.TAGS_BYTES) -> bool:
    return not list(limits.check_section(section, most))


def status_of(name: str, section: dict[str, Any]) -> int:
    """What the local hub answers to a section of that name."""
    device = identities.device_created("d", {}, MOMENT, ()).save[0]
    try:
        twins.patched(device, {name: section}, MOMENT)
    except HubFault as fault:
        return fault.status
    return 200


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.what)
def test_a_fact(fact: Fact) -> None:
    assert by_the_product(fact.section) == fact.taken, fact.source
    for name in ("tags", "desired", "reported"):
        assert status_of(name, fact.section) == (200 if fact.taken else 400), fact.source


@pytest.mark.parametrize(("section", "size"), COUNTED)
def test_the_size_of_a_section(section: dict[str, Any], size: int) -> None:
    assert (limits.size(section), size_of(section)) == (size, size)


@pytest.mark.parametrize(("name", "most"), LARGEST)
def test_the_largest_section(name: str, most: int) -> None:
    for section, taken in ((of_size(most), TAKEN), (of_size(most + 5), REFUSED)):
        assert status_of(name, section) == (200 if taken else 403)
        if name != "reported":
            bound = limits.TAGS_BYTES if name == "tags" else limits.DESIRED_BYTES
            assert by_the_product(section, bound) == taken


@pytest.mark.parametrize(("name", "taken", "source"), IDS)
def test_an_id(name: str, taken: bool, source: str) -> None:
    assert (limits.is_id(name), valid_id(name)) == (taken, taken), source


def test_the_most_modules_of_a_device() -> None:
    assert limits.MODULES_PER_DEVICE == MAX_MODULES == 50  # IoT Hub quotas and throttling


def test_the_sdk_meets_the_same_facts(registry: Any) -> None:
    from azure.iot.hub.models import Twin, TwinProperties
    from msrest.exceptions import HttpOperationError

    registry.create_device_with_sas("d1", None, None, "enabled")

    def status(twin: Twin) -> int:
        try:
            registry.replace_twin("d1", twin)
        except HttpOperationError as error:
            return int(error.response.status_code)
        return 200

    for fact in FACTS:
        expected = 200 if fact.taken else 400
        assert status(Twin(tags=fact.section)) == expected, fact.what
        properties = TwinProperties(desired=fact.section)
        assert status(Twin(properties=properties)) == expected, fact.what
