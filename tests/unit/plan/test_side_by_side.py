"""Git, hub and device beside each other, without secrets."""

from dataclasses import replace

from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.plan.device import plan_device
from edgeops.plan.model import Reason
from edgeops.plan.ownership import Owner
from edgeops.plan.side_by_side import side_by_side
from edgeops.secret_reference import Secret, reference
from edgeops.stamp import Stamp, encode
from edgeops.twin import LiveDevice, Twin

SECRET = reference(Secret("EDGEOPS_SECRET_APN", 2))
DEVICE = DesiredDevice(
    name="d",
    labels={},
    groups=(),
    edge=False,
    authentication=None,
    protect=False,
    tags={"site": "cbd"},
    desired={"rate": 60, "net": {"apn": SECRET, "retries": 3}},
    modules={"camera": DesiredModule("camera", {}, {"level": 1})},
    models={},
    edge_content={},
)


def synced():
    """The device as a sync leaves it, stamp and all."""
    blank = LiveDevice(Twin("d"), {"camera": Twin("d", "camera")})
    changes = plan(blank)
    stamps = {change.module: {"edgeops": change.stamp} for change in changes}
    desired = {"rate": 60, "net": {"apn": "hunter22-secret", "retries": 3}}
    return LiveDevice(
        Twin("d", tags={"site": "cbd", **stamps[None]}, desired=desired),
        {"camera": Twin("d", "camera", tags=stamps["camera"], desired={"level": 1})},
    )


def plan(live, device=DEVICE):
    return plan_device(device, live, Owner("f", commit="c" * 40), create=True)


def view(live, device=DEVICE):
    sections = side_by_side(device, live, plan(live, device) if device else ())
    return {
        (section.module, section.name, value.path): value
        for section in sections
        for value in section.values
    }


def test_values_stand_beside_each_other():
    live = synced()
    camera = replace(live.modules["camera"], reported={"level": 1, "frames": 7})
    values = view(replace(live, modules={"camera": camera}))
    level = values["camera", "desired", ("level",)]
    assert (level.git, level.hub, level.reported, level.mark) == (1, 1, 1, None)
    frames = values["camera", "desired", ("frames",)]
    assert (frames.git, frames.hub, frames.reported) == (None, None, 7)
    assert values[None, "tags", ("site",)].hub == "cbd"
    assert not any(path[0] == "edgeops" for _, _, path in values)


def test_what_a_sync_would_write_is_marked_with_the_reason():
    live = synced()
    twin = replace(
        live.twin,
        tags={**live.twin.tags, "site": "port", "by": "hand"},
        desired={**live.twin.desired, "rate": 5},
    )
    values = view(replace(live, twin=twin))
    assert values[None, "desired", ("rate",)].mark is Reason.DRIFT
    assert values[None, "tags", ("site",)].mark is Reason.DRIFT
    assert values[None, "tags", ("by",)].mark is None  # others may write it
    assert values[None, "desired", ("net", "retries")].mark is None
    changed = replace(DEVICE, desired={"rate": 61})
    values = view(live, changed)
    assert values[None, "desired", ("rate",)].mark is Reason.CHANGED
    gone = values[None, "desired", ("net", "retries")]
    assert (gone.git, gone.hub, gone.mark) == (None, 3, Reason.CHANGED)


def test_a_secret_is_a_reference_in_git_and_on_the_hub():
    apn = view(synced())[None, "desired", ("net", "apn")]
    assert (apn.git, apn.hub, apn.mark) == (SECRET, SECRET, None)


def test_the_value_of_a_secret_is_shown_nowhere():
    live = synced()
    reported = {"net": {"apn": "hunter22-secret"}, "log": ["dialled hunter22-secret"]}
    live = replace(live, twin=replace(live.twin, reported=reported))
    later = replace(DEVICE, desired={"net": {"apn": reference(Secret("EDGEOPS_SECRET_APN", 3))}})
    without = replace(DEVICE, desired={})
    for device in (DEVICE, later, without):
        assert "hunter22" not in repr(view(live, device)), device
    assert view(live)[None, "desired", ("log",)].reported == ["dialled ***"]


def test_a_secret_by_its_name_is_masked_also_where_git_has_no_device():
    live = LiveDevice(
        Twin("d", tags={"apiKey": "abcdefgh"}, desired={"wifi": {"password": "x1y2"}})
    )
    values = view(live, None)
    assert values[None, "tags", ("apiKey",)].hub == "***"
    assert values[None, "desired", ("wifi", "password")].hub == "***"


def test_times_are_those_of_the_hub_and_unknown_for_tags_and_what_is_gone():
    live = synced()
    times = {("desired", "rate"): "t1", ("reported", "rate"): "t2", ("reported",): "t3"}
    twin = replace(live.twin, reported={"rate": 60}, updated=times)
    values = view(replace(live, twin=twin))
    rate = values[None, "desired", ("rate",)]
    assert (rate.updated, rate.reported_at) == ("t1", "t2")
    assert values[None, "tags", ("site",)].updated is None
    twin = replace(twin, desired={})
    assert view(replace(live, twin=twin))[None, "desired", ("rate",)].updated is None


def test_values_and_objects_that_trade_places():
    live = synced()
    live = replace(live, twin=replace(live.twin, desired={"rate": {"max": 1}, "net": 5}))
    values = view(live)
    assert values[None, "desired", ("rate",)].hub is None
    assert values[None, "desired", ("rate", "max")].hub == 1
    assert values[None, "desired", ("net",)].hub == 5
    assert values[None, "desired", ("rate",)].mark is Reason.DRIFT


def test_a_device_that_is_not_on_the_hub_and_a_damaged_stamp():
    values = view(None)
    assert values[None, "desired", ("rate",)].hub is None
    assert values[None, "desired", ("rate",)].mark is Reason.NEW
    stamp = encode(Stamp("f", "c" * 40, "d")) | {"paths0": "!!"}
    assert view(LiveDevice(Twin("d", tags={"edgeops": stamp}, desired={"rate": 60})))
