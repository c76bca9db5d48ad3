"""What reaches a container as text is as it is written; other odd numbers are told."""

import pytest

from edgeops.fleet.manifest import parse
from edgeops.source.schemas import packaged_schemas

HEAD = "apiVersion: edgeops/v1\nkind: {}\nmetadata: {{name: x}}\nspec: "


def spec_of(kind, spec):
    documents, problems = parse("a.yaml", (HEAD.format(kind) + spec).encode(), packaged_schemas())
    assert problems == ()
    return documents[0].value["spec"]


def found_in(spec, kind="Device"):
    _, found = parse("a.yaml", (HEAD.format(kind) + spec).encode(), packaged_schemas())
    return [(problem.message, problem.hint, problem.warning) for problem in found]


@pytest.mark.parametrize(
    "text",
    [
        "1.10",
        "0012",
        "1234e10",
        "+64",
        "0x1F",
        "0o17",
        "True",
        "FALSE",
        "12345678901234567890",
        "-0",
        "1.",
        ".5",
    ],
)
def test_an_environment_variable_is_the_text_as_written(text):
    module = spec_of("Module", f"{{image: 'm:1', env: {{X: {text}}}}}")
    assert module["env"] == {"X": text}
    overlay = f"{{modules: {{m: {{env: {{X: {text}, GONE: null}}}}}}}}"
    wanted = {"m": {"env": {"X": text, "GONE": None}}}
    assert spec_of("Device", overlay)["modules"] == wanted
    assert spec_of("Group", f"{{selector: {{}}, {overlay[1:]}")["modules"] == wanted
    assert (
        spec_of("Fleet", f"{{hubs: {{local: {{}}}}, defaults: {overlay}}}")["defaults"]["modules"]
        == wanted
    )
    of_set = spec_of("DeviceSet", f"{{template: {{spec: {overlay}}}, devices: [{{name: d}}]}}")
    assert of_set["template"]["spec"]["modules"] == wanted


def test_a_desired_property_named_env_keeps_its_numbers():
    spec = "{image: 'm:1', desired: {env: {X: 5}}}"
    assert spec_of("Module", spec)["desired"] == {"env": {"X": 5}}
    spec = "{modules: {desired: {env: {X: True}, desired: {env: {X: True}}}}}"
    module = spec_of("Device", spec)["modules"]["desired"]
    assert module == {"env": {"X": "True"}, "desired": {"env": {"X": True}}}


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("-5", -5), ("0.5", 0.5), ("true", True)])
def test_a_variable_that_prints_as_written_keeps_its_type(text, value):
    assert spec_of("Module", f"{{image: 'm:1', env: {{X: {text}}}}}")["env"] == {"X": value}


def test_an_alias_is_text_only_where_text_belongs():
    spec = spec_of(
        "Device",
        "{desired: {on: &on True, all: &all {X: FALSE, Y: 1}}, modules: {m: {env: *all},"
        " n: {env: {ON: *on}}}}",
    )
    assert spec["desired"] == {"on": True, "all": {"X": False, "Y": 1}}
    assert spec["modules"] == {"m": {"env": {"X": "FALSE", "Y": 1}}, "n": {"env": {"ON": "True"}}}


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("0612", "612"),
        ("+64", "64"),
        ("-007", "-7"),
        ("0x10", "16"),
        ("0o17", "15"),
        ("+1.5", "1.5"),
        ("00.5", "0.5"),
        ("3.14159265358979323846", "3.141592653589793"),
        ("1e-400", "0"),
    ],
)
def test_a_number_that_was_likely_text_or_changes_is_a_problem(text, printed):
    message = f"is written {text}, but is the number {printed}"
    hint = f"put it in quotes if it is text, or write {printed}"
    assert found_in(f"{{desired: {{x: {text}}}}}") == [(message, hint, False)]
    assert found_in(f"{{tags: {{x: [{text}]}}}}") == [(message, hint, False)]


@pytest.mark.parametrize(
    ("text", "printed"),
    [("1.0", "1"), ("1.50", "1.5"), ("1e3", "1000"), ("2.10", "2.1"), (".5", "0.5"), ("-0", "0")],
)
def test_another_spelling_of_a_number_is_a_warning(text, printed):
    message = f"is written {text}, but is the number {printed}"
    hint = f"put it in quotes if it is text, or write {printed}"
    assert found_in(f"{{desired: {{x: {text}}}}}") == [(message, hint, True)]


def test_what_an_alias_repeats_is_told_once():
    assert len(found_in("{desired: {a: &a {x: 1.0}, b: *a, c: [*a]}}")) == 1


@pytest.mark.parametrize(
    "text", ["0", "-5", "12", "0.1", "-1.5", "1e-7", "1E-7", "1e100", "1e+100", "true", "'0612'"]
)
def test_usual_numbers_are_silent(text):
    assert found_in(f"{{desired: {{x: {text}}}}}") == []


def test_releases_may_spell_their_figures_as_they_like():
    release = (
        "apiVersion: edgeops/v1\nkind: ModelRelease\nmetadata: {name: m, version: 1.0.0}\n"
        f"spec: {{path: a, fileName: a, size: 9, sha256: {'a' * 64}, md5: {'b' * 32},"
        " format: onnx, metrics: {wape: 1.0}}"
    )
    documents, found = parse("a.yaml", release.encode(), packaged_schemas())
    assert (len(documents), found) == (1, ())
