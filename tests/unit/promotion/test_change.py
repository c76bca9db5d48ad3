"""From decisions to edits, and what they do to devices."""

from datetime import UTC, datetime

import pytest

from edgeops.errors import EdgeOpsError, InvalidState
from edgeops.health.device import Health, HealthState
from edgeops.health.since import ValueHealth
from edgeops.promotion.change import ManifestChange, affected, change, changes_of, edited
from edgeops.promotion.decide import decide, rollout_state
from edgeops.promotion.rings import rings
from edgeops.promotion.value import UNSET
from edgeops.source.schemas import packaged_schemas

SLOT = ("models", "s")
OLD, NEW = "s: m@1.0.0", "s: m@1.1.0"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FILE = "fleet/all.yaml"


def decision(fleet, state):
    _, catalog, desired = fleet
    rollout = rollout_state(SLOT, rings(catalog, desired, SLOT))
    states = dict.fromkeys(rollout.witnesses, ValueHealth(Health(state), LONG_AGO))
    return decide(rollout, states, NOW)


def test_a_promotion_changes_the_next_ring(three_rings):
    fleet = three_rings(canary=NEW, everybody=OLD)
    changes = list(changes_of(fleet[1], decision(fleet, HealthState.CONVERGED), revert=True))
    assert changes == [ManifestChange(FILE, "half", SLOT, UNSET, "m@1.1.0")]
    assert not list(changes_of(fleet[1], decision(fleet, HealthState.OFFLINE), revert=True))


def test_a_revert_changes_every_ring_that_has_the_release(three_rings):
    fleet = three_rings(NEW, NEW, OLD)
    degraded = decision(fleet, HealthState.DEGRADED)
    assert not list(changes_of(fleet[1], degraded, revert=False))
    assert list(changes_of(fleet[1], degraded, revert=True)) == [
        ManifestChange(FILE, "canary", SLOT, "m@1.1.0", "m@1.0.0"),
        ManifestChange(FILE, "half", SLOT, "m@1.1.0", "m@1.0.0"),
    ]


GROUP = "kind: Group\nmetadata: {name: %s}\nspec: {selector: {}, models: {s: m@1.0.0}}\n"


def test_changes_of_one_file_are_made_one_after_the_other():
    text = "---\n".join(GROUP % name for name in ("a", "b", "c"))
    changes = [ManifestChange("f", name, SLOT, "m@1.0.0", "m@1.1.0") for name in ("a", "c")]
    ((file, (before, after)),) = edited(changes, {"f": text}.__getitem__).items()
    assert (file, before) == ("f", text)
    assert after.count("m@1.1.0") == 2
    assert (GROUP % "b") in after


def test_an_unchanged_value_is_not_edited_and_errors_name_the_file():
    same = ManifestChange("f", "a", SLOT, "m@1.0.0", "m@1.0.0")
    assert edited([same], lambda _: GROUP % "a") == {}
    with pytest.raises(EdgeOpsError, match=r"^f\.yaml: the file has no Group `b`"):
        edited([ManifestChange("f.yaml", "b", SLOT, UNSET, "m@1.0.0")], lambda _: GROUP % "a")


def test_the_devices_that_get_another_release(three_rings):
    snapshot, catalog, fleet = three_rings(canary=NEW, everybody=OLD)
    text = (
        "apiVersion: edgeops/v1\nkind: Group\nmetadata: {name: extra, priority: 25}\n"
        "spec: {selector: {}, models: {s: %s}}\n"
    )
    schemas = packaged_schemas()

    def changed(release):
        return affected(snapshot, fleet, {"fleet/extra.yaml": text % release}, schemas, "local")

    assert changed("m@1.1.0") == ("d2", "d3")  # d1 follows canary, which is higher
    assert changed("m@1.0.0") == ()
    with pytest.raises(InvalidState, match=r"there is no ModelRelease `m@9\.0\.0`"):
        changed("m@9.0.0")
    assert change(catalog, "all", SLOT, "m@1.1.0").before == "m@1.0.0"
