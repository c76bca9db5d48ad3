"""A plan as text, one example a situation."""

import re
from dataclasses import replace

from edgeops.plan.model import Action, Blocked, Change, Plan, Reason, Refusal
from edgeops.report.plan_markdown import markdown
from edgeops.report.plan_text import summary, text
from edgeops.secret_reference import Secret

COMMIT = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d"


def plan_of(*changes, devices=22, refusals=(), seconds=None):
    return Plan(
        "auckland-cbd", "local", COMMIT, "2025-05-01T10:00:00Z", devices, changes, refusals, "d",
        seconds,
    )  # fmt: skip


def patch(device, want, live=None, reason=Reason.CHANGED):
    return Change(
        device,
        Action.PATCH_DEVICE,
        reason,
        patch={"desired": want},
        before={"desired": live or {}},
    )


def body(plan, **options):
    """The text without its first line (which is always the same) and without the summary."""
    return text(plan, **options).split("\n\n", 1)[1].rsplit("\n\n", 1)[0]


def test_no_changes():
    assert text(plan_of()) == "No changes. 22 devices are in sync with 1a2b3c4."


def test_a_patch_that_many_devices_get_is_shown_once():
    want, live = {"reportingIntervalSeconds": 30}, {"reportingIntervalSeconds": 60}
    changes = [patch(f"queen-street-{n}", want, live) for n in range(201, 219)]
    assert text(plan_of(*changes)) == (
        "auckland-cbd at 1a2b3c4 -> hub local\n"
        "\n"
        "~ change 18 devices\n"
        "    queen-street-201, queen-street-202, queen-street-203, queen-street-204,"
        " queen-street-205,\n"
        "    queen-street-206, queen-street-207, queen-street-208, queen-street-209,"
        " queen-street-210,\n"
        "    queen-street-211, queen-street-212, queen-street-213, queen-street-214,"
        " queen-street-215,\n"
        "    queen-street-216, queen-street-217, queen-street-218\n"
        "  device (changed in git)\n"
        "    ~ desired.reportingIntervalSeconds: 60 -> 30\n"
        "\n"
        "0 devices to create, 18 to change, 0 to delete; 4 in sync"
    )


def test_a_long_list_of_devices_ends_in_a_count_unless_verbose():
    plan = plan_of(*(patch(f"sensor-{n:03}", {"a": 1}) for n in range(100)), devices=100)
    assert "sensor-023, and 76 more\n" in text(plan)
    assert "sensor-024" not in text(plan)
    assert "sensor-099\n" in text(plan, verbose=True)


def test_additions_changes_and_removals():
    change = patch("a", {"new": 1, "other": 2, "old": None}, {"other": 1, "old": {"b": [1, 2]}})
    assert body(plan_of(change)) == (
        "~ change a\n"
        "  device (changed in git)\n"
        "    + desired.new: 1\n"
        '    - desired.old: {"b": [1, 2]}\n'
        "    ~ desired.other: 1 -> 2"
    )


def test_an_object_that_takes_the_place_of_a_value_and_the_reverse():
    change = patch("a", {"x": {"b": 1, "gone": None}, "y": 5}, {"x": 3, "y": {"c": 2}})
    assert body(plan_of(change)).split("\n")[2:] == [
        '    ~ desired.x: 3 -> {"b": 1}',
        '    ~ desired.y: {"c": 2} -> 5',
    ]


def test_removing_an_absent_value_is_not_a_change():
    assert "desired.x" not in text(plan_of(patch("a", {"x": None, "y": 1})))


def test_long_changes_stand_below_each_other():
    image = "ghcr.io/example/edgeops-forecaster:1.{}.0-with-a-long-tag"
    change = Change(
        "a",
        Action.DEPLOY,
        Reason.DRIFT,
        patch={"$edgeAgent": {"modules": {"m": {"settings": {"image": image.format(0)}}}}},
        before={"$edgeAgent": {"modules": {"m": {"settings": {"image": image.format(1)}}}}},
    )
    assert body(plan_of(change)) == (
        "~ change a\n"
        "  deployment (drift: changed on the hub, reverted to git)\n"
        "    ~ $edgeAgent.modules.m.settings.image\n"
        '        - "ghcr.io/example/edgeops-forecaster:1.1.0-with-a-long-tag"\n'
        '        + "ghcr.io/example/edgeops-forecaster:1.0.0-with-a-long-tag"'
    )


def new_device(name, lat):
    module = {"settings": {"image": "ghcr.io/example/forecaster:1.0.0"}, "env": {"A": "b" * 60}}
    twin = {"tags": {"location": {"lat": lat, "lon": 174.7}}, "desired": {"interval": 60}}
    content = {"$edgeAgent": {"modules": {"forecaster": module}}}
    model = {"desired": {"model": "crowdedness"}}
    return [
        Change(name, Action.CREATE_DEVICE, Reason.NEW),
        Change(name, Action.PATCH_DEVICE, Reason.NEW, patch=twin),
        Change(name, Action.DEPLOY, Reason.NEW, patch=content),
        Change(name, Action.PATCH_MODULE, Reason.NEW, "forecaster", patch=model),
    ]


def test_new_devices_are_shown_together_though_each_has_its_own_location():
    plan = plan_of(*new_device("queen-street-210", -36.8), *new_device("quay-street-107", -36.9))
    assert body(plan) == (
        "+ create 2 devices\n"
        "    quay-street-107, queen-street-210\n"
        "  device\n"
        "    + desired.interval: 60\n"
        '    + tags.location: {"lat": -36.8, "lon": 174.7} x 1, {"lat": -36.9, "lon": 174.7} x 1\n'
        "  deployment\n"
        '    + $edgeAgent.modules.forecaster: "ghcr.io/example/forecaster:1.0.0"\n'
        "  module forecaster\n"
        '    + desired.model: "crowdedness"'
    )


def test_what_new_devices_get_differently_is_counted():
    plan = plan_of(*(c for n in range(5) for c in new_device(f"sensor-{n}", -36 - n // 4)))
    assert '+ tags.location: {"lat": -36, "lon": 174.7} x 4, {"lat": -37, "lon"' in text(plan)


def test_many_different_values_are_shown_by_an_example():
    plan = plan_of(*(c for n in range(5) for c in new_device(f"sensor-{n}", -36 - n)))
    assert '{"lat": -36, "lon": 174.7}, ... (5 different values)\n' in text(plan)


def test_verbose_keeps_new_devices_apart_and_lists_every_setting():
    plan = plan_of(*new_device("queen-street-210", -36.8), *new_device("quay-street-107", -36.9))
    shown = body(plan, verbose=True)
    assert "+ create quay-street-107\n" in shown
    assert '    + tags.location: {"lat": -36.9, "lon": 174.7}\n' in shown
    assert "$edgeAgent.modules.forecaster.settings: " in shown
    assert '$edgeAgent.modules.forecaster.env.A: "bbb' in shown


def test_a_module_that_was_created_and_patched_is_one_thing():
    create = Change("a", Action.CREATE_MODULE, Reason.NEW, "counter")
    fill = Change(
        "a", Action.PATCH_MODULE, Reason.NEW, "counter", patch={"desired": {"interval": 5}}
    )
    assert body(plan_of(create, fill)) == (
        "~ change a\n  module counter (new)\n    + desired.interval: 5"
    )


def test_stamps_are_shown_only_when_nothing_else_changes():
    adopted = Change("a", Action.PATCH_DEVICE, Reason.ADOPTED, stamp={"fleet": "auckland-cbd"})
    assert body(plan_of(adopted)) == (
        "~ change a\n"
        "  device (on the hub, not yet managed by edgeops)\n"
        "    the content equals git; only the ownership stamp is written"
    )
    of_module = Change("a", Action.PATCH_MODULE, Reason.CHANGED, "counter", stamp={"commit": "c"})
    assert body(plan_of(of_module)) == (
        "~ change a\n"
        "  module counter (changed in git)\n"
        "    the content equals git; only the ownership stamp is written"
    )
    removed = Change("a", Action.DELETE_MODULE, Reason.REMOVED, "counter")
    stamp = Change("a", Action.STAMP_DEVICE, Reason.REMOVED, stamp={"owned0": "x"})
    assert body(plan_of(removed, stamp)) == "~ change a\n  module counter (removed from git)"


def test_deletions_and_refusals():
    plan = plan_of(
        Change("old-sensor", Action.DELETE_DEVICE, Reason.REMOVED),
        refusals=(
            Refusal("cbd-gateway", "belongs to the fleet `other`", "delete tags.edgeops"),
            Refusal("a", "is not on the hub"),
            Refusal("b", "is not on the hub"),
        ),
        seconds=400,
    )
    assert text(plan).split("\n\n", 1)[1] == (
        "- delete old-sensor  removed from git\n"
        "\n"
        "! refused cbd-gateway: belongs to the fleet `other`\n"
        "    hint: delete tags.edgeops\n"
        "! refused 2 devices: is not on the hub\n"
        "    a, b\n"
        "\n"
        "0 devices to create, 0 to change, 1 to delete; 19 in sync, 3 refused\n"
        "Estimated duration at the rate limits of this hub: 7 min."
    )


def test_summary_of_a_plan_without_changes_tells_what_was_refused():
    plan = plan_of(devices=2, refusals=(Refusal("a", "is not on the hub"),))
    assert summary(plan) == "No changes. 1 device is in sync with 1a2b3c4, 1 refused."


def test_devices_that_others_create_are_listed_and_counted():
    one = replace(plan_of(devices=2), waiting=("later-1",))
    assert text(one) == (
        "waiting: later-1 is not on the hub yet; it is synced on the first run after it appears"
        " (--create creates it)\n"
        "\n"
        "No changes. 2 devices are in sync with 1a2b3c4, 1 waiting."
    )
    assert text(replace(one, waiting=("a", "b"))).startswith(
        "waiting: 2 devices are not on the hub yet; each is synced on the first run after it"
        " appears (--create creates them)\n    a, b\n"
    )


def test_secrets_never_show():
    plan = plan_of(
        patch(
            "a",
            {"hubPassword": "hunter2", "url": "HostName=h;SharedAccessKey=c2VjcmV0c2VjcmV0"},
            {"hubPassword": "hunter1"},
        )
    )
    shown = text(plan, verbose=True)
    assert "hunter" not in shown
    assert "c2VjcmV0" not in shown
    assert "desired.hubPassword: *** -> ***" in shown


def test_colour_changes_no_character():
    plan = plan_of(patch("a", {"x": 1}, {"x": 2}), refusals=(Refusal("b", "no"),))
    coloured = text(plan, color=True)
    assert "\x1b[33m" in coloured
    for code in ("0", "1", "2", "31", "32", "33"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == text(plan)


def test_protection_authentication_and_access_are_shown():
    new = Change(
        "d", Action.CREATE_DEVICE, Reason.NEW,
        patch={"identity": {"authentication": "x509CA", "edge": True}},
    )  # fmt: skip
    protect = Change(
        "e", Action.PATCH_DEVICE, Reason.CHANGED,
        patch={"tags": {"edgeops": {"protect": None}}},
        before={"tags": {"edgeops": {"protect": True}}},
    )  # fmt: skip
    shown = text(replace(plan_of(new, protect), access=("azure-blob",)))
    assert shown.partition("\n\n")[2] == (
        "+ create d\n"
        "  device\n"
        '    + identity.authentication: "x509CA"\n'
        "    + identity.edge: true\n"
        "\n"
        "~ change e\n"
        "  device (changed in git)\n"
        "    - tags.edgeops.protect: true\n"
        "\n"
        "1 device to create, 1 to change, 0 to delete; 20 in sync\n"
        "Devices that have not downloaded their model yet may get short-lived read access to the"
        " store azure-blob."
    )


def test_a_change_of_the_identity_says_what_becomes_of_the_connection():
    update = Change(
        "d", Action.UPDATE_IDENTITY, Reason.CHANGED,
        patch={"identity": {"authentication": "x509CA", "status": "disabled"}},
        before={"identity": {"authentication": "sas", "status": "enabled"}},
    )  # fmt: skip
    assert body(plan_of(update)) == (
        "~ change d\n"
        "  device (changed in git)\n"
        '    ~ identity.authentication: "sas" -> "x509CA"\n'
        '    ~ identity.status: "enabled" -> "disabled"\n'
        "      its keys are deleted: the device can connect only with its certificate\n"
        "      the hub disconnects the device, and refuses it until it is enabled"
    )
    assert "\n# its keys are deleted: the device" in markdown(plan_of(update))


def test_access_is_shown_also_where_nothing_changes():
    assert "the store azure-blob" in text(replace(plan_of(), access=("azure-blob",)))


def test_a_blocked_plan_names_all_that_it_would_delete_and_why_it_may_not():
    names = [f"d{number}" for number in range(60)]
    gone = [Change(name, Action.DELETE_DEVICE, Reason.REMOVED) for name in names]
    blocked = Blocked("--prune would delete 60 of 80 managed devices", "check the revision")
    shown = text(replace(plan_of(*gone, devices=20), blocked=blocked))
    assert set(names) <= set(re.findall(r"d\d+", shown))
    assert shown.endswith("! refused as a whole: --prune would delete 60 of 80 managed devices")


ACR = {"fromEnv": "EDGEOPS_SECRET_ACR", "version": 3}


def test_a_secret_is_shown_by_its_name_and_its_old_value_is_not():
    plan = plan_of(patch("d", {"password": ACR, "pin": ACR}, {"password": "***"}))
    assert body(plan).splitlines()[-2:] == [
        "    ~ desired.password: *** -> secret EDGEOPS_SECRET_ACR (version 3)",
        "    + desired.pin: secret EDGEOPS_SECRET_ACR (version 3)",
    ]


def test_a_secret_in_place_of_an_object_is_one_change():
    plan = plan_of(patch("d", {"login": ACR}, {"login": {"fromEnv": "x", "user": "u"}}))
    assert body(plan).endswith('"user": "u"} -> secret EDGEOPS_SECRET_ACR (version 3)')


def test_the_secrets_that_were_not_compared_are_named():
    secrets = tuple((Secret(f"EDGEOPS_SECRET_{n:02}", 1), n + 1) for n in range(20))
    said = text(replace(plan_of(), not_compared=secrets[:2])).splitlines()[-2:]
    assert max(map(len, said)) <= 110
    assert " ".join(said) == (
        "Secrets not compared with the hub: EDGEOPS_SECRET_00 (version 1) on 1 device,"
        " EDGEOPS_SECRET_01 (version 1) on 2 devices."
        " A new version in git writes them again."
    )
    assert "and 8 more." in text(replace(plan_of(), not_compared=secrets)).replace("\n", " ")
