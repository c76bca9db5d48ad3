"""Models whose context nobody delivers are found before they reach a device."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeops.fleet.check_context import context_findings
from edgeops.fleet.model import DesiredModule, EdgeKind
from edgeops.fleet.resolve import resolve
from edgeops.release import ModelRelease

MODEL = replace(
    ModelRelease.of_file("crowds", "1.0.0", "m.onnx", 1, "0" * 64, "", "onnx", "m.onnx"),
    context=("event:market", "weather:rain"),
)
FILE = replace(
    ModelRelease.of_file("events", "7", "e.json", 1, "1" * 64, "", "edgeops-context", "e.json"),
    context=("event:market",),
)
ROUTE = 'FROM /messages/modules/w/outputs/o INTO BrokeredEndpoint("/modules/forecaster/inputs/%s")'


def findings(
    *, models=None, runtime=None, edge=EdgeKind.MANAGED, spec=None, **desired
) -> list[tuple[str, str, bool]]:
    module = DesiredModule("forecaster", spec or {}, {"model": "street", **desired})
    loaded = {"street": MODEL, **(models or {})}
    found = context_findings({"forecaster": module}, loaded, runtime or {}, edge)
    assert all(finding.path == ("models", "street") for finding in found)
    found = context_findings({"forecaster": module}, loaded, runtime or {}, edge)
    return [(each.message, each.hint, each.warning) for each in found]


def test_a_model_that_nobody_tells_what_it_needs():
    ((message, hint, warning),) = findings()
    assert message == (
        "`crowds@1.0.0` needs `event:market`, `weather:rain`,"
        " which nothing delivers to the module `forecaster`"
    )
    assert hint == (
        "name a slot with a context file in `context` of the desired properties of `forecaster`,"
        ' or add a route INTO BrokeredEndpoint("/modules/forecaster/inputs/context")'
    )
    assert not warning


@pytest.mark.parametrize(
    "route", [ROUTE % "context", ROUTE.replace('"', "'") % "context", {"route": ROUTE % "context"}]
)
def test_a_route_into_its_input_delivers_everything(route):
    assert findings(runtime={"routes": {"weather": route}}) == []
    assert findings(spec={"routes": {"weather": route}}) == []


@pytest.mark.parametrize("route", [ROUTE % "observations", "FROM /* INTO $upstream", 5, {}])
def test_another_route_delivers_nothing(route):
    assert len(findings(runtime={"routes": {"weather": route}})) == 1


def test_a_file_delivers_the_columns_that_it_says_or_any_if_it_says_none():
    anything = replace(FILE, context=())
    assert findings(models={"events": anything}, context=["events"]) == []
    ((message, _, _),) = findings(models={"events": FILE}, context=["events"])
    assert message.startswith("`crowds@1.0.0` needs `weather:rain`, which")
    assert len(findings(models={"events": anything})) == 1  # the module is not told of it


def test_a_slot_that_is_written_into_the_loader_itself_may_have_anything():
    modules = {
        "forecaster": DesiredModule("forecaster", {}, {"model": "street", "context": ["events"]}),
        "model_loader": DesiredModule("model_loader", {}, {"models": {"events": {"url": "..."}}}),
    }
    assert list(context_findings(modules, {"street": MODEL}, {}, EdgeKind.MANAGED)) == []


@pytest.mark.parametrize(
    ("slots", "hint"),
    [
        (["calendar"], "`context` of `forecaster` names the slot `calendar`: add it to `models`"),
        (
            ["street"],
            "the slot `street` holds `crowds@1.0.0`, whose format is not edgeops-context",
        ),
        ("events", "name a slot with a context file"),
    ],
)
def test_the_hint_says_what_is_wrong_with_the_slots(slots, hint):
    ((_, said, _),) = findings(context=slots)
    assert said.startswith(hint)


def test_where_git_does_not_have_the_routes_it_is_a_warning():
    assert [warning for _, _, warning in findings(edge=EdgeKind.EXTERNAL)] == [True]
    ((_, hint, _),) = findings(edge=EdgeKind.NONE)
    assert "route" not in hint


def test_a_module_without_a_model_or_with_one_that_needs_nothing():
    plain = replace(MODEL, context=())
    modules = {
        "a": DesiredModule("a", {}, {}),
        "b": DesiredModule("b", {}, {"model": 7}),
        "c": DesiredModule("c", {}, {"model": "street"}),
        "d": DesiredModule("d", {}, {"model": "other"}),
    }
    assert list(context_findings(modules, {"street": plain}, {}, EdgeKind.MANAGED)) == []


RELEASE = """\
apiVersion: edgeops/v1
kind: ModelRelease
metadata: {name: crowds, version: 1.0.0}
spec:
  path: m.onnx
  fileName: m.onnx
  size: 1
  sha256: "0000000000000000000000000000000000000000000000000000000000000000"
  md5: "00000000000000000000000000000000"
  format: onnx
  context: {events: [market], weather: [rain]}
"""
DEVICE = """\
kind: Fleet
metadata: {name: test}
spec: {hubs: {local: {}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: forecaster}
spec: {image: "x/y:1", desired: {model: street}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec: {image: "x/z:1"}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: a}
spec:
  edge: true
  modules: {forecaster: {}, model_loader: {}}
  models: {street: crowds@1.0.0}
"""


def test_it_is_a_problem_at_the_reference(snapshot_of):
    snapshot = snapshot_of({"release.yaml": RELEASE, "device.yaml": DEVICE})
    resolved = resolve(snapshot, local_artifacts_url="https://localhost:8443/artifacts")
    (problem,) = resolved.problems
    assert (problem.place.file, problem.place.line) == ("device.yaml", 21)
    assert "needs `event:market`, `weather:rain`" in problem.message
