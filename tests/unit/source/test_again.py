"""A run that resolves only what changed finds the same as one that resolves everything."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.fleet.model import DesiredFleet, Snapshot
from edgeops.source.again import Resolved, Wanted, resolve_listing
from edgeops.source.listing import Listing

Files = dict[str, str]


def manifest(kind: str, name: str, spec: str, labels: str = "", more: str = "") -> str:
    metadata = f"{{name: {name}, labels: {{{labels}}}}}" if labels else f"{{name: {name}{more}}}"
    return f"apiVersion: edgeops/v1\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n"


def device(name: str, labels: str, spec: str = "{}") -> str:
    return manifest("Device", name, spec, labels)


def devices(name: str, *members: str, template: str = "{labels: {site: a}, spec: {}}") -> str:
    return manifest("DeviceSet", name, f"{{template: {template}, devices: [{', '.join(members)}]}}")


EU = "eu: {hostname: eu.azure-devices.net, auth: entra"
STORE = ", artifacts: {url: 'https://models.example/'}"
FILE = f"path: m/1/m.onnx, size: 5, sha256: {'ab' * 32}, md5: {'ab' * 16}"
RELEASE = f"{{format: onnx, fileName: m.onnx, {FILE}}}"
ONE_SITE = f"{{variants: [{{when: {{site: a}}, format: onnx, files: [{{name: m, {FILE}}}]}}]}}"

# The first text of each file is the usual one; an empty one is no file.
TEXTS: dict[str, tuple[str, ...]] = {
    "fleet/fleet.yaml": (
        manifest("Fleet", "f", f"{{hubs: {{{EU}{STORE}}}}}}}"),
        manifest("Fleet", "f", f"{{hubs: {{{EU}}}}}}}"),  # without a store
        manifest("Fleet", "f", f"{{hubs: {{{EU}, defaults: {{desired: {{at: '${{x}}'}}}}}}}}}}"),
        manifest(
            "Fleet",
            "f",
            f"{{hubs: {{{EU}{STORE}}}}}, uid: abcdefgh, defaults: {{tags: {{at: '${{x}}'}}}}}}",
        ),
        "kind: Fleet\n  x: [",
        "",
    ),
    "fleet/a.yaml": (
        manifest("Group", "a", "{selector: {matchLabels: {site: a}}, tags: {g: a}}"),
        manifest("Group", "a", "{selector: {matchLabels: {site: b}}, tags: {g: b}}"),
        manifest("Group", "a", "{selector: {}, modules: {cam: {env: {A: '${none}'}}}}"),
        manifest("Group", "a", "{selector: {matchLabels: {site: c}}, hubs: [eu], paused: true}"),
        manifest("Group", "a", "{selector: {}, hubs: [nowhere], contexts: {c: days}}"),
        manifest("Group", "a", "{selector: {}, modules: {one: {from: cam}, model_loader: {}}}"),
        "kind: Group\n  x: [",
        "",
    ),
    "fleet/b.yaml": (
        manifest("Group", "b", "{selector: {matchLabels: {row: '1'}}, desired: {b: 1}}"),
        manifest("Group", "b", "{selector: {}, tags: {g: b}}"),  # clashes with a
        manifest("Group", "b", "{selector: {}, tags: {h: b}}", more=", priority: 3"),
        manifest("Group", "b", "{selector: {}, models: {m: m@1.0.0}, modules: {model_loader: {}}}"),
    ),
    "fleet/cam.yaml": (
        manifest("Module", "cam", "{image: 'x/cam:1', schema: schemas/cam.json}"),
        manifest("Module", "cam", "{image: 'x/cam:latest', schema: schemas/cam.json}"),
        manifest("Module", "cam", "{schema: schemas/none.json}"),
        "",
    ),
    "fleet/loader.yaml": (manifest("Module", "model_loader", "{image: 'x/loader:1'}"), ""),
    "fleet/days.yaml": (
        manifest("Context", "days", "{names: [match], events: []}"),
        manifest("Context", "days", "{names: [match, other], events: []}"),
        "",
    ),
    "schemas/cam.json": (
        '{"type": "object"}',
        '{"type": "object", "required": ["size"]}',
        '{"type": 7}',
        "",
    ),
    "models/m/releases/1.0.0.yaml": (
        manifest("ModelRelease", "m", RELEASE, more=", version: 1.0.0"),
        manifest(
            "ModelRelease",
            "m",
            ONE_SITE,
            more=", version: 1.0.0",
        ),
        "",
    ),
    "models/m/model.yaml": ("", "{broken"),
    "fleet/d/d1.yaml": (
        device("d1", "site: a"),
        device("d1", "site: b"),
        device("d1", "site: a", f"{{tags: {{long: {'x' * 9000}}}}}"),
        device("d1", "site: a", "{edge: true, modules: {cam: {}}}"),
        device("d2", "site: a"),
        device("d1", "site: a", "{parent: d2}"),
        device("d1", "site: a", "{edge: true, parent: d3}"),
        device("d1", "site: a", "{tags: {bad: '${none}'}}"),
        "kind: Device\n  x: [",
        device("d1", "site: a") + "---\n" + manifest("Group", "c", "{selector: {}, tags: {c: 1}}"),
        "",
    ),
    "fleet/d/d2.yaml": (
        device("d2", "site: a, row: '1'"),
        device("d2", "site: a", "{edge: true}"),
        device("d2", "site: a", "{edge: true, parent: d1}"),
        device("d2", "site: b", "{modules: {cam: {desired: {size: 1}}}}"),
        device("d2", "site: b", "{modules: {two: {from: cam}}}"),
        device("d9", "site: b"),
    ),
    "fleet/d/d3.yaml": (
        device("d3", "site: a"),
        device("d3", "site: a", "{edge: true, parent: d2}"),
        device("d3", "site: a", "{hubs: [eu], paused: true, modules: {cam: {}}}"),
        device("d3", "site: a", "{models: {m: m@1.0.0}, modules: {model_loader: {}}}"),
        device("d3", "site: a", "{contexts: {c: days}, modules: {model_loader: {}}}"),
        device("d3", "site: a", "{modules: {two: {}}}"),
        device("edgeops.f", "site: a"),
        "kind: Device\napiVersion: edgeops/v1\nmetadata: {name: d3}\nspec: {tags: 7}\n",
        "",
    ),
    "fleet/d/d4.yaml": (
        device("d4", "site: c") + "---\n" + device("d5", "site: c", "{ignore: [/tags/x]}"),
        device("d4", "site: c") + "---\n" + device("d4", "site: c"),
        device("d4", "site: c", "{ignore: [/nothing]}"),
    ),
    "fleet/set.yaml": (
        devices("s", "{name: s1}", "{name: s2, labels: {row: '1'}}"),
        devices("s", "{name: s1}", "{name: d1, variables: {x: 1}}"),
        devices("s", "{name: s2}", template="{spec: {hubs: [eu]}}"),
        devices("s", "{name: s1, paused: true}", template="{spec: {parent: d2, hubs: [eu]}}"),
        devices("s", "{name: s1}", template="{spec: {modules: {two: {from: cam}}}}"),
        "",
    ),
    "fleet/set2.yaml": ("", devices("s", "{name: s3}"), devices("t", "{name: s1}")),
}
USUAL: Files = {path: texts[0] for path, texts in TEXTS.items() if texts[0]}


class Kept:
    """A memo that tells what it was asked for."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.asked: list[str] = []

    def get(self, key: str) -> bytes | None:
        self.asked.append(key)
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.values[key] = value

    @property
    def looked_up(self) -> set[str]:
        return {key.rpartition("/")[2] for key in self.asked if key.startswith("file/")}

    def without_devices(self) -> Kept:
        other = Kept()
        other.values = {k: v for k, v in self.values.items() if not k.startswith("devices/")}
        return other


def listing_of(files: Files) -> Listing:
    def read(path: str) -> bytes:
        return files[path].encode()

    blobs = {path: hashlib.sha1(text.encode()).hexdigest() for path, text in files.items()}
    return Listing(None, blobs, (), read, read)


def resolved(
    files: Files, memo: Kept, *, hub: str = "local", every: bool = True, at_once: int = 1000
) -> tuple[Resolved, bool] | str:
    """What is found, and whether everything was read for it."""
    listing, whole = listing_of(files), False

    def everything() -> Snapshot:
        nonlocal whole
        whole = True
        return listing.snapshot(memo)

    try:
        wanted = Wanted(Path("/fleet"), hub, every, "https://localhost/artifacts")
        found = resolve_listing(listing, wanted, lambda: nullcontext(memo), everything, at_once)
        return found, whole
    except EdgeOpsError as error:
        return str(error)


def as_values(found: tuple[Resolved, bool] | str) -> Any:
    if isinstance(found, str):
        return found
    result = found[0]
    fleet = result.resolution.fleet
    told = [result.resolution.problems, result.resolution.warnings, result.model_problems]
    return [*map(list, told), fleet and _fields(fleet)]


def _fields(fleet: DesiredFleet) -> Any:
    values = {name: getattr(fleet, name) for name in fleet.__dataclass_fields__}
    return {
        **values,
        "devices": list(fleet.devices.items()),
        "elsewhere": [*fleet.elsewhere.items()],
    }


def edits() -> st.SearchStrategy[list[tuple[str, str]]]:
    chosen = st.sampled_from(sorted(TEXTS)).flatmap(
        lambda path: st.tuples(st.just(path), st.sampled_from(TEXTS[path]))
    )
    return st.lists(chosen, min_size=1, max_size=3)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(edits(), st.sampled_from(["local", "eu"]), st.booleans()), min_size=1, max_size=3
    )
)
def test_what_is_remembered_changes_nothing(
    steps: list[tuple[list[tuple[str, str]], str, bool]],
) -> None:
    files, memo = dict(USUAL), PARSED.without_devices()
    resolved(files, memo)
    for changes, hub, every in steps:
        for path, text in changes:
            files.pop(path, None)
            if text:
                files[path] = text
        again = as_values(resolved(files, memo, hub=hub, every=every))
        fresh = memo.without_devices()
        assert again == as_values(resolved(files, fresh, hub=hub, every=every))
        PARSED.values |= fresh.values


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(edits(), st.sampled_from(["local", "eu"]), st.booleans(), st.integers(1, 4))
def test_many_files_in_parts_give_the_same(
    changes: list[tuple[str, str]], hub: str, every: bool, at_once: int
) -> None:
    files = {path: text for path, text in {**USUAL, **dict(changes)}.items() if text}
    memo = PARSED.without_devices()
    first = as_values(resolved(files, memo, hub=hub, every=every, at_once=at_once))
    fresh = memo.without_devices()
    assert first == as_values(resolved(files, fresh, hub=hub, every=every))
    assert first == as_values(resolved(files, memo, hub=hub, every=every))  # as remembered
    PARSED.values |= fresh.values


PARSED = Kept()


@pytest.fixture
def memo() -> Kept:
    """A memo that has seen the usual files."""
    kept = Kept()
    resolved(USUAL, kept)
    kept.asked.clear()
    return kept


def whole(files: Files, memo: Kept) -> bool:
    found = resolved(files, memo)
    assert as_values(found) == as_values(resolved(files, Kept()))
    assert not isinstance(found, str)
    return found[1]


def test_of_unchanged_files_one_is_read_for_all_that_are_alike(memo: Kept) -> None:
    files = {**USUAL, **{f"fleet/e/e{n}.yaml": device(f"e{n}", "site: a") for n in range(30)}}
    resolved(files, memo)
    memo.asked.clear()
    files["fleet/e/e7.yaml"] = device("e7", "site: a", "{desired: {x: 1}}")
    resolved(files, memo)
    assert {name for name in memo.looked_up if name.startswith("e")} == {"e7.yaml"}
    assert not whole(files, memo)
    memo.asked.clear()
    resolved(files, memo)  # nothing changed
    assert not {name for name in memo.looked_up if name.startswith("e")}


def test_devices_of_many_files_are_checked_in_parts() -> None:
    alike = {f"fleet/e/e{n}.yaml": device(f"e{n}", "site: a") for n in range(30)}
    memo = Kept()
    found = resolved({**USUAL, **alike}, memo, at_once=8)
    assert not isinstance(found, str)
    assert not found[1]
    assert as_values(found) == as_values(resolved({**USUAL, **alike}, Kept()))


@pytest.mark.parametrize(
    ("name", "spec", "said"),
    [("e3", "{}", "already defined"), ("new", "{parent: e3}", "not an IoT Edge device")],
)
def test_devices_in_different_parts_are_compared(name: str, spec: str, said: str) -> None:
    files = {f"fleet/e/e{n}.yaml": device(f"e{n}", "site: a") for n in range(30)}
    files |= {**USUAL, "fleet/z.yaml": device(name, "site: a", spec)}
    found = resolved(files, Kept(), at_once=8)
    assert not isinstance(found, str)
    assert not found[1]
    assert any(said in problem.message for problem in found[0].resolution.problems)
    assert as_values(found) == as_values(resolved(files, Kept()))


def test_a_device_is_read_when_it_is_asked_for(memo: Kept) -> None:
    files = {**USUAL, **{f"fleet/e/e{n}.yaml": device(f"e{n}", "site: a") for n in range(30)}}
    resolved(files, memo)
    memo.asked.clear()
    found = resolved(files, memo)
    assert not isinstance(found, str)
    fleet = found[0].resolution.fleet
    assert fleet is not None
    assert len(fleet.devices) == 37
    assert "e8" in fleet.devices
    assert fleet.devices["e8"].tags == {"g": "a"}
    assert {name for name in memo.looked_up if name.startswith("e")} == {"e8.yaml"}
    assert "e99" not in fleet.devices
    assert fleet.devices.get("e99") is None


@pytest.mark.parametrize("path", ["fleet/a.yaml", "fleet/fleet.yaml", "schemas/cam.json"])
def test_another_context_resolves_everything(path: str, memo: Kept) -> None:
    assert whole({**USUAL, path: TEXTS[path][1]}, memo)


def test_problems_of_shared_lines_are_remembered(memo: Kept) -> None:
    files = {**USUAL, "fleet/a.yaml": TEXTS["fleet/a.yaml"][2]}  # of every device
    assert whole(files, memo)
    assert not whole({**files, "fleet/d/d1.yaml": TEXTS["fleet/d/d1.yaml"][1]}, memo)


def test_a_syntax_error_and_its_repair_resolve_little(memo: Kept) -> None:
    assert not whole({**USUAL, "fleet/d/d1.yaml": "kind: Device\n  x: ["}, memo)
    assert not whole(USUAL, memo)


def test_only_another_context_makes_it_check_in_parts() -> None:
    """Where a syntax error leaves problems of devices unsaid, it would be in vain."""
    memo, wrong = Kept(), TEXTS["fleet/a.yaml"][2]  # in every device
    for files, in_parts in (
        (USUAL, True),
        ({**USUAL, "fleet/a.yaml": wrong}, True),
        ({**USUAL, "fleet/a.yaml": wrong, "fleet/d/d1.yaml": "kind: Device\n  x: ["}, False),
    ):
        memo.asked.clear()
        found = resolved(files, memo, at_once=3)
        assert as_values(found) == as_values(resolved(files, Kept()))
        assert ("keeps" in memo.asked) == in_parts


def test_devices_whose_schema_takes_many_steps_are_resolved_together(memo: Kept) -> None:
    either = '{"items": {"anyOf": [{"const": -1}, {"type": "integer"}]}}'
    slow = f'{{"properties": {{"x": {{"allOf": [{", ".join([either] * 200)}]}}}}}}'
    spec = f"{{modules: {{cam: {{desired: {{x: {list(range(20))}}}}}}}}}"
    files = {**USUAL, "schemas/cam.json": slow, "fleet/d/d2.yaml": device("d2", "site: a", spec)}
    for name in ("d5", "d6"):
        files[f"fleet/d/{name}.yaml"] = device(name, "site: a")
        assert whole(files, memo)


@pytest.mark.parametrize("path", ["fleet/a.yaml", "fleet/d/d1.yaml"])
def test_an_old_commit_does_not_take_the_place_of_the_newest(path: str, memo: Kept) -> None:
    remembered = {key: value for key, value in memo.values.items() if key.startswith("devices/")}
    listing = listing_of({**USUAL, path: TEXTS[path][1]})
    url = "https://localhost/artifacts"
    wanted = Wanted(Path("/fleet"), "local", True, url, remembered=False)
    resolve_listing(listing, wanted, lambda: nullcontext(memo), lambda: listing.snapshot(memo))
    assert remembered.items() <= memo.values.items()
    assert not whole(USUAL, memo)


def test_another_address_of_artifacts_resolves_everything(memo: Kept) -> None:
    listing = listing_of(USUAL)
    for url, expected in (("https://localhost/artifacts", 0), ("https://localhost:1/", 1)):
        read: list[bool] = []

        def everything(read: list[bool] = read) -> Snapshot:
            read.append(True)
            return listing.snapshot(memo)

        wanted = Wanted(Path("/fleet"), "local", True, url)
        resolve_listing(listing, wanted, lambda: nullcontext(memo), everything)
        assert len(read) == expected


@pytest.mark.parametrize("damaged", [b"", b"[]", b'[["x", [], []], [[], []], [[], [], []], [1]]'])
def test_a_damaged_record_is_not_used(damaged: bytes, memo: Kept) -> None:
    (key,) = (key for key in memo.values if key.startswith("devices/"))
    for stored in (memo.values[key][:32] + damaged, b"of another version"):
        memo.values[key] = stored
        assert whole(USUAL, memo)


def test_devices_that_are_asked_for_one_by_one_are_not_confused(memo: Kept) -> None:
    kinds = ("{}", "{edge: true}", "{tags: {x: 1}}")
    files = {f"fleet/e/e{n}.yaml": device(f"e{n}", "site: a", kinds[n % 3]) for n in range(40)}
    whole({**USUAL, **files}, memo)
    assert not whole({**USUAL, **files}, memo)
