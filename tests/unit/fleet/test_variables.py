"""Variables in the texts of devices: `${name}`, from the Fleet down to a member of a DeviceSet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.explain import explain
from edgeops.fleet.resolve import resolve
from edgeops.fleet.variables import NotReplaced, Scope, references

LEVELS = ("Fleet", "hub", "Group", "template", "member")


def files(**variables):
    """A fleet whose levels define these variables, each as YAML; device `d` shows `${v}`."""
    at = {level: variables.get(level, "{}") for level in LEVELS}
    return {
        "fleet.yaml": "kind: Fleet\nmetadata: {name: f}\n"
        f"spec: {{variables: {at['Fleet']}, hubs: {{local: {{variables: {at['hub']}}}}}}}",
        "group.yaml": "kind: Group\nmetadata: {name: g}\n"
        f"spec: {{selector: {{}}, variables: {at['Group']}}}",
        "set.yaml": "kind: DeviceSet\nmetadata: {name: s}\nspec:\n"
        f"  template: {{spec: {{variables: {at['template']}, desired: {{v: '${{v}}'}}}}}}\n"
        f"  devices: [{{name: d, variables: {at['member']}}}]",
    }


def device(spec, more=""):
    return (
        f"kind: Device\nmetadata: {{name: d, labels: {{site: cbd, a/b: x.y}}}}\nspec: {spec}{more}"
    )


@pytest.fixture
def resolved(snapshot_of):
    def make(given):
        resolution = resolve(snapshot_of(given if isinstance(given, dict) else {"d.yaml": given}))
        assert resolution.problems == ()
        return resolution.fleet.devices

    return make


@pytest.fixture
def problems(snapshot_of):
    def make(given):
        found = resolve(snapshot_of(given if isinstance(given, dict) else {"d.yaml": given}))
        return [(str(problem.place), problem.message) for problem in found.problems]

    return make


@pytest.mark.parametrize("count", range(1, 6))
def test_a_higher_level_wins(resolved, count):
    levels = {level: f"{{v: {level}, {level}: 1}}" for level in LEVELS[:count]}
    assert resolved(files(**levels))["d"].desired == {"v": LEVELS[count - 1]}


def test_the_device_itself_and_null(resolved, problems):
    above = {"g.yaml": "kind: Group\nmetadata: {name: g}\nspec: {selector: {}, variables: {v: 1}}"}
    text = "{variables: {v: 2}, desired: {v: '${v}'}}"
    assert resolved({**above, "d.yaml": device(text)})["d"].desired == {"v": 2}
    assert problems({**above, "d.yaml": device(text.replace("2", "null"))}) == [
        ("d.yaml:3:40", "there is no variable `v`")
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${n}", 5),
        ("${yes}", True),
        ("${half}", 1.5),
        ("${t}", "1.10"),
        ("n${n}${yes}${half}", "n5true1.5"),
        ("$${n}", "${n}"),
        ("$$${n}", "$${n}"),
        ("a$${n}b${n}", "a${n}b5"),
        ("${outer}", "5-x"),
        ("$n {n} $", "$n {n} $"),
        ("${device.name}/${device.labels.site}/${device.labels.a/b}", "d/cbd/x.y"),
    ],
)
def test_what_a_text_becomes(resolved, text, value):
    variables = "{n: 5, 'yes': true, half: 1.5, t: '1.10', outer: '${inner}-x', inner: '${n}'}"
    found = resolved(device(f"{{variables: {variables}, desired: {{v: '{text}', l: ['{text}']}}}}"))
    assert found["d"].desired == {"v": value, "l": [value]}
    assert type(found["d"].desired["v"]) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${nope}", "there is no variable `nope`"),
        ("${}", "there is no variable ``"),
        ("${ n }", "there is no variable ` n `"),
        ("a${n", "`${n` is not closed by `}`"),
        ("${n${n}", "`${n` is not closed by `}`"),
        ("${a}", "the variables refer to each other in a circle: a -> b -> a"),
        ("${me}", "the variables refer to each other in a circle: me -> me"),
        ("${device.labels.nope}", "there is no variable `device.labels.nope`"),
        ("${device.names}", "there is no variable `device.names`"),
    ],
)
def test_what_cannot_be_replaced(problems, text, message):
    variables = "{n: 5, a: '${b}', b: 'x${a}', me: '${me}'}"
    spec = f"{{variables: {variables}, tags: {{v: '{text}'}}}}"
    ((place, told),) = problems(device(spec))
    assert (place, told) == ("d.yaml:3:70", message)


def test_variables_cannot_grow_without_bounds(problems):
    doubled = "".join(f"v{n}: '${{v{n + 1}}}${{v{n + 1}}}', " for n in range(19))
    spec = f"{{variables: {{{doubled} v19: xxxxxxxx}}, tags: {{v: '${{v0}}'}}}}"
    ((_, message),) = problems(device(spec))
    assert "longer than 65,536 characters" in message
    chain = "".join(f"v{n}: '${{v{n + 1}}}', " for n in range(30))
    ((_, message),) = problems(device(f"{{variables: {{{chain}}}, tags: {{v: '${{v0}}'}}}}"))
    assert message == "the variables refer to each other over 20 times"


MODULE = """
kind: Module
metadata: {name: m}
spec:
  image: "${registry}/m:${version}"
  env: {PLAIN: "${n}", NAME: "${device.name}"}
  storage: [{source: "${folder}/data", target: "${folder}"}]
  createOptions: {Cmd: ["--camera", "${n}", "$${HOME}"]}
  routes: {up: "FROM /messages/modules/m/* INTO ${sink}"}
  schema: schemas/${n}.json
"""
RUNTIME = """{
  timeToLiveSecs: "${n}",
  agent: {image: "${registry}/agent:1.5", env: {A: "${n}"}},
  registryCredentials: {acr: {address: "${registry}", username: u, password: {}}}
}"""
VARIABLES = "{registry: r.io, version: 1.0.0, n: 5, folder: /srv, sink: $upstream}"


def with_module(variables):
    spec = f"{{edge: {RUNTIME}, variables: {variables}, modules: {{m: {{}}}}}}"
    return {"m.yaml": MODULE, "d.yaml": device(spec)}


def test_every_part_of_a_deployment_but_schema(snapshot_of):
    snapshot = snapshot_of(with_module(VARIABLES), {"schemas/${n}.json": {}})
    found = resolve(snapshot).fleet.devices["d"]
    assert found.modules["m"].spec == {
        "image": "r.io/m:1.0.0",
        "env": {"PLAIN": 5, "NAME": "d"},
        "storage": [{"source": "/srv/data", "target": "/srv"}],
        "createOptions": {"Cmd": ["--camera", 5, "${HOME}"]},
        "routes": {"up": "FROM /messages/modules/m/* INTO $upstream"},
        "schema": "schemas/${n}.json",
    }
    assert found.runtime["timeToLiveSecs"] == 5
    assert found.runtime["agent"] == {"image": "r.io/agent:1.5", "env": {"A": 5}}
    assert found.runtime["registryCredentials"]["acr"]["address"] == "r.io"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("r.io", "'http:/'", "is `http://m:1.0.0`"),
        ("r.io", "' '", "is ` /m:1.0.0` with its variables; it must be an image"),
        ("/srv", "srv", "is `srv/data` with its variables; it must be an absolute path"),
        ("/srv", "'/a:b'", "is `/a:b/data` with its variables; it must be an absolute path"),
        ("n: 5", "n: x", "is `x` with its variables; it must be a whole number of seconds"),
        ("n: 5", "n: true", "is `true` with its variables; it must be a whole number of seconds"),
        ("$upstream", "' '", "with its variables; it must be a route"),
    ],
)
def test_what_a_text_becomes_is_checked_again(snapshot_of, old, new, message):
    given = with_module(VARIABLES.replace(old, new))
    found = resolve(snapshot_of(given, {"schemas/${n}.json": {}}))
    assert found.problems
    assert not any(problem.error for problem in found.problems)
    if "http" not in message:
        assert any(message in problem.message for problem in found.problems)


@pytest.mark.parametrize("image", ["5", "1.5", "true", "''", "a b", "'${x}'"])
def test_an_image_of_another_type_is_one_problem(problems, image):
    module = "kind: Module\nmetadata: {name: m}\nspec: {image: '${v}'}"
    spec = f"{{edge: true, variables: {{v: {image}}}, modules: {{m: {{}}}}}}"
    assert len(problems({"m.yaml": module, "d.yaml": device(spec)})) == 1


def test_a_problem_of_many_devices_is_told_once_at_the_text(problems):
    members = ", ".join(f"{{name: d{n}, variables: {{v: {n}}}}}" for n in range(9))
    text = (
        "kind: DeviceSet\nmetadata: {name: s}\nspec:\n"
        "  template: {spec: {tags: {t: 'a${v}${w}'}}}\n"
        f"  devices: [{members}]"
    )
    assert problems(text) == [
        ("d.yaml:4:28", "there is no variable `w` (devices d0, d1, d2 and 6 more)")
    ]


def test_values_that_python_calls_equal_are_different(resolved):
    values = ["1", "true", "1.0", "'1'", "'true'", "1.5"]
    members = ", ".join(f"{{name: d{n}, variables: {{v: {v}}}}}" for n, v in enumerate(values))
    text = (
        "kind: DeviceSet\nmetadata: {name: s}\nspec:\n  template: {spec: {desired: {v: '${v}'}}}\n"
        f"  devices: [{members}]"
    )
    found = [one.desired["v"] for _, one in sorted(resolved(text).items())]
    assert [(type(value), value) for value in found] == [
        (int, 1), (bool, True), (float, 1.0), (str, "1"), (str, "true"), (float, 1.5),
    ]  # fmt: skip


def test_a_value_that_reads_like_a_reason_is_not_taken_for_one(snapshot_of):
    reason = "there is no variable `v`"
    text = (
        "kind: DeviceSet\nmetadata: {name: s}\nspec:\n  template: {spec: {tags: {t: 'a${v}'}}}\n"
        f'  devices: [{{name: a, variables: {{v: "{reason}"}}}}, {{name: b}}]'
    )
    (problem,) = resolve(snapshot_of({"d.yaml": text})).problems
    assert problem.message == f"{reason} (device b)"


def test_devices_share_software_whose_variables_are_equal(resolved):
    text = (
        "kind: DeviceSet\nmetadata: {name: s}\nspec:\n"
        "  template: {spec: {edge: true, tags: {t: '${device.name}'},"
        " modules: {m: {env: {V: '${v}'}}}}}\n"
        "  devices: [{name: a, variables: {v: 1}}, {name: b, variables: {v: 1}},"
        " {name: c, variables: {v: true}}]"
    )
    module = "kind: Module\nmetadata: {name: m}\nspec: {image: 'i:1'}"
    found = resolved({"m.yaml": module, "s.yaml": text})
    assert found["a"].modules is found["b"].modules
    assert [found[name].modules["m"].spec["env"]["V"] for name in "abc"] == [1, 1, True]
    assert [found[name].tags["t"] for name in "abc"] == ["a", "b", "c"]


def test_explain_shows_the_text_and_its_variables(snapshot_of):
    given = files(Fleet="{v: 'a${w}'}", member="{w: 7}")
    (entry,) = explain(snapshot_of(given), "d", "/desired/v")
    assert (entry.value, entry.written, str(entry.place)) == ("a7", "${v}", "set.yaml:4:46")
    assert [(v.name, v.value, str(v.place)) for v in entry.variables] == [
        ("v", "a7", "fleet.yaml:3:20"),
        ("w", 7, "set.yaml:5:35"),
    ]


# --- what holds for all texts ---------------------------------------------------------

names = st.sampled_from(["a", "b", "c"])
pieces = st.sampled_from(["${a}", "${b}", "${c}", "$${", "${", "}", "$", "x", "{"])


@given(
    st.dictionaries(names, st.lists(pieces, max_size=4).map("".join)), st.lists(pieces).map("".join)
)
def test_any_text_is_replaced_or_refused_and_its_names_are_known(written, text):
    scope = Scope(written)
    try:
        value = scope.replaced(text)
    except NotReplaced:
        return
    assert references(text) - {""} <= written.keys()
    if "${" not in text:
        assert value == text


@given(st.text())
def test_a_literal_survives(text):
    assert Scope({}).replaced(text.replace("${", "$${")) == text or "$${" in text
