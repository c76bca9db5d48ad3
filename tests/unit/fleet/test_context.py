"""Calendars in git: the file that each becomes, and the slots that hold them."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.features.context_document import Calendar, parse_documents
from edgeops.fleet.context import MAX_BYTES, context_file, context_problems, read_context
from edgeops.fleet.edge import render_device
from edgeops.fleet.explain import explain
from edgeops.fleet.model import Document
from edgeops.fleet.resolve import resolve as resolve_snapshot
from edgeops.fleet.yaml import load

URL = "https://localhost:8443/artifacts"
resolve = partial(resolve_snapshot, local_artifacts_url=URL)

CONCERT = "{name: concert, start: 2026-12-01T18:00, end: 2026-12-01T23:00, value: 2}"
CALENDAR = f"kind: Context\nmetadata: {{name: city-events}}\nspec: {{events: [{CONCERT}]}}\n"
LOADER = "kind: Module\nmetadata: {name: model_loader}\nspec: {image: 'loader:1'}\n"
RELEASE = """
kind: ModelRelease
metadata: {name: crowds, version: 1.0.0}
spec:
  {path: c/c.onnx, fileName: c.onnx, size: 9, sha256: aa, md5: bb, format: onnx, CONTEXT}
"""


def spec(text):
    (document,), _ = load("a.yaml", text.encode())
    return document.value


def device(text, name="d"):
    return f"kind: Device\nmetadata: {{name: {name}}}\nspec: {text}\n"


@pytest.fixture
def resolved(snapshot_of):
    def go(*texts, **options):
        files = {f"{index}.yaml": text for index, text in enumerate((LOADER, *texts))}
        return resolve(snapshot_of(files), **options)

    return go


def lines(problems):
    return [
        f"{p.place} {p.pointer}: {p.message}" + (f" ({p.hint})" * bool(p.hint)) for p in problems
    ]


class TestFile:
    def test_it_says_what_the_calendar_says(self):
        value = spec(f"{{timeZone: Pacific/Auckland, until: 2027-01-01, events: [{CONCERT}]}}")
        assert context_file(value) == (
            b'{"calendar":{"names":["concert"],"until":"2027-01-01T00:00"},"context":1,'
            b'"events":[{"end":"2026-12-01T23:00","name":"concert","start":"2026-12-01T18:00",'
            b'"value":2}],"timeZone":"Pacific/Auckland"}\n'
        )

    @pytest.mark.parametrize(
        "other",
        [
            "{events: [{value: 2.0, end: 2026-12-01 23:00:00, start: 2026-12-01T18,"
            " name: concert}]}",
            f"{{names: [concert], events: [{CONCERT}]}}",
            f"{{names: [concert], events: [{CONCERT}], series: {{}}}}",
            f"{{events: [{CONCERT}], signature: {{key: a, value: b}}}}",
        ],
    )
    def test_what_means_the_same_has_the_same_bytes(self, other):
        assert context_file(spec(other)) == context_file(spec(f"{{events: [{CONCERT}]}}"))

    @pytest.mark.parametrize(
        "other",
        [
            f"{{names: [concert, match], events: [{CONCERT}]}}",
            f"{{events: [{CONCERT}, {CONCERT}]}}",  # their values add up
            f"{{until: 2027-01-01, events: [{CONCERT}]}}",
            f"{{timeZone: UTC, events: [{CONCERT}]}}",
        ],
    )
    def test_what_means_something_else_has_not(self, other):
        assert context_file(spec(other)) != context_file(spec(f"{{events: [{CONCERT}]}}"))

    def test_times_with_an_offset_are_the_same_moment(self):
        one, other = (
            spec(f"{{series: {{rain: {{start: {start}, values: [1, 2.50, null]}}}}}}")
            for start in ("2026-12-01T00:00+13:00", "2026-11-30T11:00Z")
        )
        assert context_file(one) == context_file(other)

    @given(st.permutations(range(6)))
    def test_the_order_of_events_does_not_count(self, order):
        def events(numbers):
            start = "2026-12-0{}T18:00"
            return {
                "events": [
                    {"name": "ab"[n % 2], "start": start.format(n // 2 + 1), "end": "2026-12-09"}
                    for n in numbers
                ]
            }

        assert context_file(events(order)) == context_file(events(range(6)))

    def test_a_device_takes_all_of_it(self):
        value = spec(
            f"{{timeZone: Pacific/Auckland, names: [concert, match], from: 2026-01-01,"
            f" until: 2027-01-01, events: [{CONCERT}],"
            " series: {rain: {start: 2026-12-01T00:00Z, minutes: 30, values: [1, null, 1.5]}}}"
        )
        (read,) = parse_documents(context_file(value), MAX_BYTES)
        assert read.faults == ()
        assert isinstance(read.calendar, Calendar)
        assert (read.calendar.names, len(read.calendar.events)) == (("concert", "match"), 1)
        assert [series.name for series in read.series] == ["rain"]

    @given(st.text(max_size=70), st.text(max_size=30), st.sampled_from(["UTC", "utc", "x", "a/b"]))
    def test_what_has_no_problems_has_no_faults_on_a_device(self, name, time, zone):
        event = {"name": name, "start": time or "2026-01-01", "end": "2026-12-01"}
        manifest = Document("a.yaml", {"spec": {"timeZone": zone, "events": [event]}}, {})
        if 0 < len(name) <= 64 and not list(context_problems(manifest)):
            (read,) = parse_documents(context_file(manifest.value["spec"]), MAX_BYTES)
            assert read.faults == ()

    def test_it_is_a_release_of_one_file(self):
        (document,), _ = load("a.yaml", CALENDAR.encode())
        named = read_context(document)
        release, (file,) = named.spec, named.spec.files
        assert release.content == context_file(document.value["spec"])
        assert (release.name, release.format) == ("city-events", "edgeops-context")
        assert release.version == f"1.0.0+{release.sha256[:12]}"
        assert file.path == f"contexts/city-events/{release.sha256[:16]}.json"
        assert (file.size, release.context) == (len(release.content), ("event:concert",))

    def test_a_file_that_is_too_large_for_a_device(self):
        event = {"name": "é" * 60, "start": "2026-01-01", "end": "2026-01-02"}
        manifest = Document("a.yaml", {"spec": {"events": [event] * 3000}}, {})
        (problem,) = context_problems(manifest)
        assert problem.message.endswith("bytes; a device takes at most 1,048,576")


class TestSlots:
    def test_an_unknown_context_at_its_line(self, resolved):
        found = resolved(
            CALENDAR, device("{modules: {model_loader: {}}, contexts: {e: city-event}}")
        )
        assert lines(found.problems) == [
            "2.yaml:3:48 /spec/contexts/e: there is no Context `city-event`"
            " (did you mean `city-events`?)"
        ]

    def test_one_that_a_variable_names(self, resolved):
        text = "{modules: {model_loader: {}}, variables: {c: nope}, contexts: {e: '${c}'}}"
        assert lines(resolved(CALENDAR, device(text)).problems) == [
            "2.yaml:3:70 /spec/contexts/e: there is no Context `nope`"
        ]

    def test_one_name_twice(self, resolved):
        text = "{modules: {model_loader: {}}, contexts: {e: city-events}}"
        (problem,) = resolved(CALENDAR, CALENDAR, device(text)).problems
        assert problem.message == "Context `city-events` is already defined at 1.yaml:2:12"

    def test_a_slot_for_both_is_told_at_both(self, resolved):
        text = (
            "{modules: {model_loader: {}}, models: {e: crowds@1.0.0}, contexts: {e: city-events}}"
        )
        found = resolved(CALENDAR, RELEASE.replace(", CONTEXT", ""), device(text))
        assert [(str(p.place), p.message) for p in found.problems] == [
            (
                "3.yaml:3:46",
                "the slot `e` of `models` is in `contexts` too, and holds one thing only",
            ),
            (
                "3.yaml:3:75",
                "the slot `e` of `contexts` is in `models` too, and holds one thing only",
            ),
        ]

    def test_it_needs_the_loader(self, resolved):
        (problem,) = resolved(CALENDAR, device("{contexts: {e: city-events}}")).problems
        assert problem.pointer == "/spec/contexts/e"
        assert problem.message.startswith("contexts need the module `model_loader`")

    def test_one_that_no_device_gets_is_a_warning(self, resolved):
        found = resolved(CALENDAR, device("{}"))
        assert [(str(w.place), w.message) for w in found.warnings] == [
            ("1.yaml:2:12", "no device gets the Context `city-events`")
        ]
        text = "{modules: {model_loader: {}}, variables: {c: city}, contexts: {e: '${c}-events'}}"
        assert resolved(CALENDAR, device(text)).warnings == ()

    def test_every_value_has_a_line(self, snapshot_of):
        text = "{modules: {model_loader: {}}, contexts: {e: city-events}}"
        snapshot = snapshot_of({"a.yaml": CALENDAR, "l.yaml": LOADER, "d.yaml": device(text)})
        places = {each.path: str(each.place) for each in explain(snapshot, "d")}
        assert places["/contexts/e"] == "d.yaml:3:48"
        assert places["/modules/model_loader/desired/models/e/sha256"] == "d.yaml:3:48"

    @pytest.mark.parametrize("pointer", ["/contexts/e", "/models/e"])
    def test_a_slot_may_be_left_to_others(self, resolved, pointer):
        group = (
            "kind: Group\nmetadata: {name: g}\n"
            "spec: {selector: {}, contexts: {e: city-events}, modules: {model_loader: {}}}\n"
        )
        found = resolved(CALENDAR, group, device(f"{{ignore: [{pointer}]}}"))
        assert found.problems == ()
        (left,) = found.fleet.devices.values()
        assert "contexts" not in render_device(left)
        assert left.modules["model_loader"].desired.get("models", {}) == {}

    @pytest.mark.parametrize("pointer", ["/contexts", "/contexts/e/sha256"])
    def test_but_neither_all_of_them_nor_a_part(self, resolved, pointer):
        (problem,) = resolved(device(f"{{ignore: [{pointer}]}}")).problems
        assert problem.hint == "ignore `/contexts/SLOT`"


class TestModelsThatNeedIt:
    FORECASTER = (
        "kind: Module\nmetadata: {name: forecaster}\n"
        "spec: {image: 'f:1', desired: {model: street, context: [calendar]}}\n"
    )
    DEVICE = device(
        "{edge: true, modules: {model_loader: {}, forecaster: {}},"
        " models: {street: crowds@1.0.0}, contexts: {calendar: city-events}}"
    )

    def found(self, resolved, needs):
        release = RELEASE.replace("CONTEXT", f"context: {needs}")
        return resolved(CALENDAR, release, self.FORECASTER, self.DEVICE).problems

    def test_a_calendar_that_knows_its_events(self, resolved):
        assert self.found(resolved, "{events: [concert]}") == ()

    def test_one_that_does_not(self, resolved):
        (problem,) = self.found(resolved, "{events: [concert, match], weather: [rain]}")
        assert problem.pointer == "/spec/models/street"
        assert problem.message == (
            "`crowds@1.0.0` needs `event:match`, `weather:rain`,"
            " which nothing delivers to the module `forecaster`"
        )
        assert problem.hint == (
            "add `match` to `names` and `rain` to `series` of the Context `city-events`"
        )
