"""Whatever JSON comes in, the hub answers: with a result, or with a refusal of its own."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from edgeops.localhub.service import bulk, configurations, registry, twins
from edgeops.localhub.service.evaluation import evaluate_pending
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.configurations import query_errors
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore

KEYS = [
    "deviceId",
    "moduleId",
    "id",
    "tags",
    "properties",
    "desired",
    "reported",
    "authentication",
    "symmetricKey",
    "primaryKey",
    "x509Thumbprint",
    "primaryThumbprint",
    "type",
    "capabilities",
    "iotEdge",
    "status",
    "statusReason",
    "deviceScope",
    "parentScopes",
    "managedBy",
    "importMode",
    "eTag",
    "twinETag",
    "content",
    "modulesContent",
    "deviceContent",
    "labels",
    "metrics",
    "queries",
    "targetCondition",
    "priority",
    "customMetricQueries",
    "properties.desired",
    "modules",
    "$edgeAgent",
    "$version",
    "a",
]
WORDS = ["d1", "m1", "c1", "", "sas", "selfSigned", "*", "create", "update", "updateTwin", "x"]

# Integers beyond 64 bits are floats by then: so JSON comes in.
integers = st.integers(-(2**63), 2**64 - 1)
scalars = st.none() | st.booleans() | integers | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    scalars | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(KEYS), values, max_size=5)


@given(objects, st.sampled_from([None, "*"]))
def test_every_body_is_answered(tmp_path_factory, body, if_match):
    with HubStore(tmp_path_factory.mktemp("hub") / "hub.db") as store:
        hub = EmulatedHub(store)
        registry.put_device(hub, "d1", {"deviceId": "d1", "capabilities": {"iotEdge": True}}, None)
        created = {"id": "d2", "importMode": "create"}
        named = {"deviceId": "d1", "moduleId": "m1", "id": "c1"}
        requests = [
            lambda: registry.put_device(hub, "d1", body | named, if_match),
            lambda: registry.put_module(hub, "d1", "m1", body | named, if_match),
            lambda: twins.patch_twin(hub, "d1", "", body, if_match),
            lambda: twins.replace_twin(hub, "d1", "m1", body, if_match),
            lambda: finish(configurations.put_configuration(hub, "c1", body | named, if_match)),
            lambda: finish(evaluate_pending(hub)),
            lambda: finish(configurations.get_configuration(hub, "c1")),
            lambda: finish(configurations.apply_content(hub, "d1", body)),
            lambda: finish(configurations.apply_content(hub, "d1", {"modulesContent": body})),
            lambda: query_errors(body),
            lambda: finish(twins.run_query(hub, body.get("a"), 100, None)),
            lambda: finish(bulk.import_devices(hub, body)),
            lambda: finish(bulk.import_devices(hub, [created | body])),
        ]
        for request in requests:
            with suppress(HubFault):
                request()
