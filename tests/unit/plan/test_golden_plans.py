"""Each folder of tests/golden/plan: what git wants, what the hub has, and the plan.

EDGEOPS_UPDATE_GOLDEN=1 writes the plans anew.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from edgeops.configuration import configuration_of
from edgeops.fleet.context import read_context
from edgeops.fleet.model import (
    MODEL_LOADER,
    DesiredDevice,
    DesiredFleet,
    DesiredModule,
    Document,
    HubTarget,
)
from edgeops.jsonvalue import merge_patch
from edgeops.plan.agreement import Agreed
from edgeops.plan.document import to_json
from edgeops.plan.model import PlanOptions
from edgeops.plan.offline import offline_live
from edgeops.plan.overlap import without_overlaps
from edgeops.plan.plan import make_plan
from edgeops.twin import LiveDevice, Twin

ARTIFACTS = "https://localhost:8443/artifacts"
CASES = sorted(
    folder for folder in (Path(__file__).parents[2] / "golden/plan").iterdir() if folder.is_dir()
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case):
    text = planned(case)
    golden = case / "plan.json"
    if os.environ.get("EDGEOPS_UPDATE_GOLDEN") == "1":
        golden.write_text(text)
    assert golden.read_text() == text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_does_without_those_that_agree(case):
    assert planned(case, without_agreed=True) == planned(case)


def planned(case, without_agreed=False):
    """The text of the plan; perhaps from what is left without the devices that agree with git."""
    wanted = json.loads((case / "desired.json").read_text())
    fleet = fleet_of(wanted, wanted["commit"])
    on_hub = json.loads((case / "live.json").read_text())
    live = live_of(on_hub)
    configurations = {
        value["id"]: configuration_of(value) for value in on_hub.get("configurations", ())
    }
    managed, agreed = tuple(live), Agreed(fleet)
    if without_agreed:
        live = {name: device for name, device in live.items() if not agreed.take(name, device)}
    fleet, overlaps = without_overlaps(fleet, live, configurations)
    plan = make_plan(
        fleet,
        live,
        hub=HubTarget("local"),
        options=PlanOptions(create=wanted.get("create", True), prune=wanted.get("prune", False)),
        managed=managed,
        created_at="2026-01-01T00:00:00Z",
        overlaps=overlaps,
        agreed=agreed.commits,
    )
    return json.dumps(to_json(plan), indent=2) + "\n"


def fleet_of(value, commit):
    devices = {name: device_of(name, device) for name, device in value["devices"].items()}
    return DesiredFleet("auckland-cbd", commit, {}, devices, max_deletes=1)


def device_of(name, value):
    modules = {m: DesiredModule(m, {}, desired) for m, desired in value.get("modules", {}).items()}
    contexts = {slot: context_of(given) for slot, given in value.get("contexts", {}).items()}
    if contexts:
        slots = {slot: context.twin_value(ARTIFACTS) for slot, context in contexts.items()}
        own = value.get("modules", {}).get(MODEL_LOADER, {})
        modules[MODEL_LOADER] = DesiredModule(MODEL_LOADER, {}, {**own, "models": slots})
    return DesiredDevice(
        name=name,
        labels={},
        groups=(),
        edge=value.get("edge", False),
        authentication=value.get("authentication", "sas"),
        thumbprints=value.get("thumbprints", {}),
        status=value.get("status"),
        parent=value.get("parent"),
        protect=value.get("protect", False),
        tags=value.get("tags", {}),
        desired=value.get("desired", {}),
        modules=modules,
        models=contexts,
        edge_content=value.get("edgeContent", {}),
        external=value.get("external", False),
    )


def context_of(manifest):
    return read_context(Document("context.yaml", manifest, {})).spec


def live_of(value):
    """The hub after a sync of `synced`, with what others changed (`foreign`) merged in."""
    live = offline_live(fleet_of({"devices": value["synced"]}, "c0ffee"))
    for name, foreign in value.get("foreign", {}).items():
        device = live.get(name) or LiveDevice(Twin(name))
        modules = {
            module: changed(device.modules.get(module) or Twin(name, module), sections)
            for module, sections in foreign.get("modules", {}).items()
        }
        live[name] = replace(
            device,
            twin=changed(device.twin, foreign),
            modules={**device.modules, **modules},
        )
    return live


def changed(twin, sections):
    return replace(
        twin,
        etag="AAAAAAAAAAI=",
        configurations=tuple(sections.get("configurations", ())),
        tags=merge_patch(twin.tags, sections.get("tags", {})),
        desired=merge_patch(twin.desired, sections.get("desired", {})),
    )
