"""Devices are resolved when they are asked for, some at a time."""

from edgeops.fleet.later import DevicesLater

NAMES = [f"d{number:05}" for number in range(5000)]


def later(resolve, ready=()):
    return DevicesLater(dict.fromkeys(ready, "ready"), set(NAMES), resolve)


def test_more_at_a_time_but_never_all_at_once():
    asked = []

    def resolve(names):
        asked.append(list(names))
        return dict.fromkeys(names, "later")

    devices = later(resolve, ready=["c"])
    assert list(devices) == ["c", *NAMES]
    assert [devices[name] for name in devices] == ["ready", *["later"] * 5000]
    assert [len(names) for names in asked[:5]] == [1, 8, 64, 512, 1000]
    assert [name for names in asked for name in names] == NAMES


def test_what_comes_along_is_not_resolved_again():
    asked = []

    def resolve(names):
        asked.append(list(names))
        return dict.fromkeys([*names, NAMES[1], NAMES[2]], "later")

    devices = later(resolve)
    assert devices[NAMES[0]] == devices[NAMES[2]] == "later"
    assert asked == [NAMES[:1]]
    assert devices[NAMES[3]] == "later"
    assert asked[1] == NAMES[3:11]
