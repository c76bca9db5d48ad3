"""A promotion in words, as a diff and as JSON."""

import json
from datetime import timedelta

from edgeops.api.promotions import Promotion
from edgeops.fleet.kinds import Rollout
from edgeops.health.device import HealthState
from edgeops.promotion.change import ManifestChange
from edgeops.promotion.decide import Decision, RingHealth, RolloutState, Step, UnhealthyDevice
from edgeops.promotion.rings import Ring
from edgeops.promotion.value import UNSET
from edgeops.report import promote_text
from edgeops.report.model_promote_text import as_json, text

CROWDS = ("models", "crowds")
DAY = Rollout(1, timedelta(hours=24), 100)
CANARY = Ring("canary", DAY, "m@1.1.0", ("d1", "d22"))
ROLLOUT = RolloutState(
    CROWDS, "m@1.1.0", (CANARY,), (Ring("half", DAY, UNSET), Ring("all", DAY, "m@1.0.0"))
)
REASONS = (
    UnhealthyDevice("d1", HealthState.CONVERGED, "", timedelta(hours=3)),
    UnhealthyDevice("d22", HealthState.OFFLINE, "last active yesterday", None),
    UnhealthyDevice("d3", HealthState.CONVERGED, "", None),
    UnhealthyDevice("d4", HealthState.UNKNOWN, "", timedelta()),
    UnhealthyDevice("d5", HealthState.CONVERGED, "", timedelta()),
)
TEXTS = {"fleet/g.yaml": ("a: 1\nb: 2", "a: 3\nb: 2")}


def test_every_decision_says_why():
    decisions = [
        Decision(ROLLOUT, Step.PROMOTE, RingHealth(CANARY, Step.PROMOTE, 2)),
        Decision(ROLLOUT, Step.HOLD, RingHealth(CANARY, Step.HOLD, 2, REASONS)),
        Decision(ROLLOUT, Step.HOLD, RingHealth(Ring("canary", DAY, "m@1.1.0"), Step.HOLD, 0)),
        Decision(ROLLOUT, Step.DEGRADED, RingHealth(CANARY, Step.DEGRADED, 2, REASONS[:1])),
        Decision(RolloutState(CROWDS, "m@1.1.0", (CANARY,), ()), Step.DONE),
    ]
    assert text(Promotion((), {}, tuple(decisions))).splitlines() == [
        "crowds: half gets m@1.1.0 after 2 devices of canary were healthy with it for 24 h",
        "crowds: half waits for m@1.1.0: 2 of 2 devices in canary must be healthy with it for 24 h",
        "  d1    Converged for 3 h of 24 h",
        "  d22   Offline: last active yesterday",
        "  d3    Converged, but does not report since when",
        "  d4    Unknown",
        "  d5    Converged for 0 s of 24 h",
        "crowds: half waits for m@1.1.0: no device runs it because of group canary",
        "crowds: m@1.1.0 is Degraded in canary",
        "  d1   Converged for 3 h of 24 h",
        "crowds: every ring has m@1.1.0",
    ]


def test_the_diff_can_be_applied_and_colour_adds_no_characters():
    plain = text(Promotion((), TEXTS))
    assert plain.splitlines() == [
        "--- a/fleet/g.yaml",
        "+++ b/fleet/g.yaml",
        "@@ -1,2 +1,2 @@",
        "-a: 1",
        "+a: 3",
        " b: 2",
        "\\ No newline at end of file",
    ]
    colored = text(Promotion((), TEXTS), color=True)
    assert "\x1b[31m-a: 1\x1b[0m" in colored
    done = Decision(RolloutState(CROWDS, "m@1.1.0", (CANARY,), ()), Step.DONE)
    assert text(Promotion((), TEXTS, (done,))) == f"crowds: every ring has m@1.1.0\n\n{plain}"


def test_json():
    change = ManifestChange("fleet/g.yaml", "half", CROWDS, UNSET, "m@1.1.0")
    expected = {
        "file": "fleet/g.yaml",
        "group": "half",
        "slot": "crowds",
        "before": None,
        "after": "m@1.1.0",
    }
    assert json.loads(as_json(Promotion((change,), {}))) == expected
    document = json.loads(
        as_json(
            Promotion(
                (change,),
                {},
                (
                    Decision(
                        ROLLOUT, Step.DEGRADED, RingHealth(CANARY, Step.DEGRADED, 2, REASONS[:2])
                    ),
                ),
            )
        )
    )
    assert document["changes"] == [expected]
    assert document["decisions"] == [
        {
            "slot": "crowds",
            "step": "degraded",
            "release": "m@1.1.0",
            "rings": ["canary"],
            "ring": "canary",
            "to": "half",
            "backTo": "m@1.0.0",
            "reasons": [
                {"device": "d1", "state": "Converged", "reason": "", "seconds": 10800},
                {
                    "device": "d22",
                    "state": "Offline",
                    "reason": "last active yesterday",
                    "seconds": None,
                },
            ],
        }
    ]


LEVEL = ("modules", "opc", "env", "LEVEL")


def of_value(path, value, *reasons, step=Step.HOLD, later=UNSET):
    canary = Ring("canary", DAY, value, ("d1",))
    rollout = RolloutState(path, value, (canary,), (Ring("all", DAY, later),))
    return Decision(rollout, step, RingHealth(canary, step, 1, reasons))


def test_a_value_goes_by_its_path_on_one_line():
    long = of_value(("desired", "a.b"), {"x": "y" * 100}, step=Step.PROMOTE)
    silent = UnhealthyDevice("d1", HealthState.CONVERGED, "", None)
    decisions = (of_value(LEVEL, "debug", silent), of_value(("tags", "a"), 1, silent), long)
    lines = text(Promotion((), {}, decisions)).splitlines()
    assert lines[0].startswith('modules.opc.env.LEVEL: all waits for "debug": 1 of 1 device')
    assert lines[1] == "  d1   Converged, but does not report since when"
    assert lines[3] == "  d1   Converged, but no hub tells since when it has this value"
    assert lines[4].startswith('desired."a.b": all gets {"x": "yyy')
    assert len(lines[4]) < 160
    assert "--to GROUP" in promote_text.hint(Promotion((), {}, decisions))


def test_a_degraded_value_says_what_to_do():
    for later, words in ((UNSET, "no later ring has another value"), (None, "--revert-degraded")):
        decision = of_value(LEVEL, "debug", step=Step.DEGRADED, later=later)
        assert words in promote_text.hint(Promotion((), {}, (decision,)))


def test_json_of_values_tells_no_secret():
    path = ("desired", "password")
    change = ManifestChange("fleet/g.yaml", "all", path, UNSET, "hunter2")
    decision = of_value(path, "hunter2", later="hunter1")
    said = promote_text.as_json(Promotion((change,), {}, (decision,)))
    assert "hunter" not in said
    document = json.loads(said)
    assert document["changes"] == [
        {
            "file": "fleet/g.yaml",
            "group": "all",
            "path": "desired.password",
            "before": None,
            "after": "***",
        }
    ]
    (decided,) = document["decisions"]
    assert (decided["path"], decided["value"], decided["to"]) == ("desired.password", "***", "all")
    assert "hunter" not in text(Promotion((), {}, (decision,)))


def test_many_devices_with_one_reason_are_named_together():
    waiting = [
        UnhealthyDevice(f"gw-{n:02}", HealthState.PROGRESSING, "restarts", None) for n in range(20)
    ]
    odd = UnhealthyDevice("gw-20", HealthState.OFFLINE, "", None)
    held = Decision(ROLLOUT, Step.HOLD, RingHealth(CANARY, Step.HOLD, 2, (*waiting, odd)))
    assert promote_text.decision_text(held).splitlines()[1:] == [
        "  gw-20   Offline",
        "  20 devices   Progressing: restarts",
        f"    {', '.join(f'gw-{n:02}' for n in range(13))},",
        "    gw-13, gw-14, gw-15, gw-16, gw-17, gw-18, gw-19",
    ]
