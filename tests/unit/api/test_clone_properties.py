"""A plan against a clone is the plan against the hub, whatever is on it and whatever git says."""

from __future__ import annotations

import base64
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.adopt.mask_clone import MaskedCounts, masked_twin
from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule, HubTarget
from edgeops.hub.azure import twin_of
from edgeops.localhub.state.cloned import cloned_entry
from edgeops.localhub.state.documents import twin_document
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.store import entry_of
from edgeops.plan.document import to_json
from edgeops.plan.model import PlanOptions
from edgeops.plan.offline import carried_out
from edgeops.plan.plan import make_plan
from edgeops.twin import EDGE_AGENT, LiveDevice, Twin

HUB = HubTarget("production", "hub.example")
MOMENT = Moment(datetime(2026, 11, 1, tzinfo=UTC), lambda: base64.b64encode(bytes(32)).decode())
SECRETS = ("Hunter2-x9", "c2VjcmV0LW9mLWEtY29ubmVjdGlvbg==")

keys = st.sampled_from(["a", "password", "apiToken", "registryCredentials", "createOptions"])
texts = st.sampled_from(["public", "", *SECRETS, f"HostName=h;SharedAccessKey={SECRETS[1]}"])
scalars = texts | st.sampled_from([1, 4711, True, 0.5])
values = st.recursive(
    scalars | st.lists(scalars, max_size=2),
    lambda inner: st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
references = st.just({"fromEnv": "EDGEOPS_SECRET_X", "version": 1})
sections = st.dictionaries(keys, values, max_size=3)
wanted = st.dictionaries(keys, values | references, max_size=3)


@st.composite
def devices(draw):
    edge = draw(st.booleans())
    agent = {"modules": {"m": {"settings": draw(wanted)}}}
    return DesiredDevice(
        name="d",
        labels={},
        groups=(),
        edge=edge,
        authentication="sas",
        protect=draw(st.booleans()),
        tags=draw(sections),
        desired=draw(wanted),
        modules={"m": DesiredModule("m", {}, draw(wanted))},
        models={},
        edge_content={EDGE_AGENT: agent} if edge else {},
    )


def fleet_of(device):
    return DesiredFleet("f", "c", {HUB.name: HUB}, {device.name: device}, uid="0123456789abcdef")


def plan(device, live):
    return make_plan(
        fleet_of(device),
        {device.name: live},
        hub=HUB,
        options=PlanOptions(create=True),
        managed=(),
        created_at="",
    )


def filled(value):
    """The value as a hub has it, where secrets are."""
    if isinstance(value, dict):
        is_reference = value.keys() == {"fromEnv", "version"}
        return SECRETS[0] if is_reference else {k: filled(item) for k, item in value.items()}
    return value


def document_of(twin):
    """The twin as a hub gives it."""
    tags, desired, reported = map(filled, (twin.tags, twin.desired, twin.reported))
    return {
        "deviceId": twin.device,
        **({"moduleId": twin.module} if twin.module else {}),
        "etag": base64.b64encode((7).to_bytes(8, "big")).decode(),
        "status": twin.status,
        "authenticationType": twin.authentication,
        "tags": tags,
        "properties": {
            "desired": {**desired, "$version": 5, "$metadata": {key: {} for key in desired}},
            "reported": {**reported, "$version": 2, "$metadata": {key: {} for key in reported}},
        },
        "capabilities": {"iotEdge": twin.edge},
    }


def cloned(document, device):
    """The document that the clone gives, through the store."""
    entry = cloned_entry(masked_twin(document, device, MaskedCounts()), MOMENT)
    return orjson.loads(orjson.dumps(twin_document(entry_of(orjson.dumps(entry)))))


def live_of(documents):
    device, *modules = (twin_of(deepcopy(document)) for document in documents)
    return LiveDevice(device, {str(module.module): module for module in modules})


def with_more(twin, more):
    """The twin after others wrote to it."""
    return replace(twin, desired={**twin.desired, **more}, reported=more)


@settings(max_examples=40)
@given(devices(), devices(), sections, st.booleans())
def test_the_plans_are_equal(before, now, more, synced):
    now = replace(now, edge=before.edge, edge_content=now.edge_content if before.edge else {})
    names = ["m", EDGE_AGENT] if before.edge else ["m"]
    live = LiveDevice(Twin("d", edge=before.edge), {name: Twin("d", name) for name in names})
    if synced:
        live = carried_out(live, plan(before, live).changes)
    twins = [live.twin, *live.modules.values()]
    hub = [document_of(with_more(twin, more)) for twin in twins]
    clone = [cloned(document, now) for document in hub]
    assert to_json(plan(now, live_of(clone))) == to_json(plan(now, live_of(hub)))
    assert [twin["etag"] for twin in clone] == [twin["etag"] for twin in hub]


@settings(max_examples=40)
@given(sections)
def test_no_secret_is_in_a_clone_unless_git_has_it_there(section):
    named = {"password": section, "dbPassword": SECRETS[0], "at": f"SharedAccessKey={SECRETS[1]}"}
    document = document_of(Twin("d", tags=named, desired=named, reported=named))
    counts = MaskedCounts()
    text = orjson.dumps(masked_twin(document, None, counts)).decode()
    assert not [secret for secret in SECRETS if secret in text]
    assert counts.keys() == {"tags", "desired", "reported"}
