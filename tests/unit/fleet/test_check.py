"""Offline checks: what the hub or IoT Edge would refuse, found at the line that says it."""

import json
import textwrap
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.manifest import parse
from edgeops.fleet.resolve import resolve as resolve_snapshot
from edgeops.fleet.schema import compile_schema
from edgeops.limits import is_edge_module_id, is_id
from edgeops.source.schemas import packaged_schemas

resolve = partial(resolve_snapshot, local_artifacts_url="https://localhost:8443/artifacts")
DEVICE = "kind: Device\nmetadata: {name: d}\nspec: "
EDGE = "kind: Device\nmetadata: {name: d}\nspec: {edge: true, modules: {m: {}}}"


def problems_of(snapshot):
    resolution = resolve(snapshot)
    assert resolution.fleet is None
    return resolution.problems


def the_problem(snapshot):
    (problem,) = problems_of(snapshot)
    return str(problem.place), problem.pointer, problem.message, problem.hint


class TestNames:
    def test_without_a_fleet(self, snapshot_of):
        snapshot = snapshot_of({"f.yaml": "kind: Fleet\nmetadata: {name: f}\nspec: {}"})
        empty = type(snapshot)(None, (), ())
        assert the_problem(empty) == (
            "fleet:1:1",
            "",
            "there is no Fleet",
            "one file under fleet/ must have `kind: Fleet`",
        )

    def test_the_fleet_may_be_in_a_file_that_does_not_load(self, snapshot_of):
        broken = snapshot_of({"f.yaml": "kind: Fleet\nmetadata: [\n"})
        assert any("fix its other problems" in problem.hint for problem in problems_of(broken))

    def test_two_fleets(self, snapshot_of):
        text = "kind: Fleet\nmetadata: {name: f}\nspec: {}\n"
        assert the_problem(snapshot_of({"a.yaml": text, "b.yaml": text})) == (
            "b.yaml:2:12",
            "/metadata/name",
            "this is a second Fleet; the first is at a.yaml:2:12",
            "a repository has exactly one Fleet",
        )

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("device", DEVICE + "{}"),
            ("Group", "kind: Group\nmetadata: {name: d}\nspec: {selector: {}}"),
            ("Module", "kind: Module\nmetadata: {name: d}\nspec: {image: x}"),
        ],
    )
    def test_two_manifests_of_one_name(self, snapshot_of, kind, text):
        place, _, message, _ = the_problem(snapshot_of({"a.yaml": text, "b.yaml": text}))
        assert place == "b.yaml:2:12"
        assert message == f"{kind} `d` is already defined at a.yaml:2:12"

    def test_a_device_and_a_member_of_a_set_of_one_name(self, snapshot_of):
        members = "kind: DeviceSet\nmetadata: {name: s}\nspec: {devices: [{name: x}, {name: d}]}"
        place, pointer, message, _ = the_problem(
            snapshot_of({"a.yaml": DEVICE + "{}", "b.yaml": members})
        )
        assert (place, pointer) == ("b.yaml:3:30", "/spec/devices/1/name")
        assert message == "device `d` is already defined at a.yaml:2:12"

    @pytest.mark.parametrize(
        ("kind", "definition", "takes"),
        [("Device", "deviceId", is_id), ("Module", "moduleId", is_edge_module_id)],
    )
    @given(name=st.text(st.sampled_from("aZ09-:.+%_#*?!(),=@;$' /\nā"), max_size=6))
    def test_the_schemas_take_the_ids_that_the_hub_takes(self, kind, definition, takes, name):
        pattern = packaged_schemas().documents[kind]["$defs"][definition]
        assert (not compile_schema(pattern).mismatches(name)) == takes(name)

    @pytest.mark.parametrize(
        ("definition", "taken", "refused"),
        [
            (
                "env",
                "A a_1 1A Logging:Level A-B A/B ä",
                ["A.B", "A B", "A+B", "A#", "$A", "A=", ""],
            ),
            ("routes", "up to/cloud a+b a=b ä", ["a.b", "a b", "a#", "$upstream", "a\n", ""]),
        ],
    )
    def test_the_schemas_take_the_names_that_iot_edge_takes(self, definition, taken, refused):
        """Source: `azure-iot-edge*-deployment-1.1.json` of Azure CLI; the `=` ends a name."""
        spec = packaged_schemas().documents["Module"]
        names = {
            "env": spec["$defs"]["envName"],
            "routes": spec["$defs"]["routes"]["propertyNames"],
        }
        schema = compile_schema(names[definition])
        assert [name for name in taken.split() if schema.mismatches(name)] == []
        assert [name for name in refused if not schema.mismatches(name)] == []


class TestReferences:
    def test_an_unknown_module_once_however_many_devices(self, snapshot_of):
        files = {
            "m.yaml": "kind: Module\nmetadata: {name: forecaster}\nspec: {image: x}",
            "s.yaml": "kind: DeviceSet\nmetadata: {name: s}\nspec:\n"
            "  template: {spec: {modules: {forcaster: {}}}}\n"
            "  devices: [{name: a}, {name: b}]",
        }
        assert the_problem(snapshot_of(files)) == (
            "s.yaml:4:31",
            "/spec/template/spec/modules/forcaster",
            "there is no Module `forcaster`",
            "did you mean `forecaster`?",
        )

    def test_an_unknown_release_in_a_group_that_selects_nobody(self, snapshot_of):
        group = """
            kind: Group
            metadata: {name: g}
            spec:
              selector: {matchLabels: {a: b}}
              models: {slot: crowds@1.0.0}
        """
        place, pointer, message, _ = the_problem(snapshot_of({"g.yaml": textwrap.dedent(group)}))
        assert (place, pointer) == ("g.yaml:6:12", "/spec/models/slot")
        assert message == "there is no ModelRelease `crowds@1.0.0`"

    def test_an_unknown_schema(self, snapshot_of):
        module = "kind: Module\nmetadata: {name: m}\nspec: {schema: schemas/a.json}"
        assert the_problem(snapshot_of({"m.yaml": module}, {"schemas/b.json": {}})) == (
            "m.yaml:3:8",
            "/spec/schema",
            "there is no file `schemas/a.json`",
            "did you mean `schemas/b.json`?",
        )

    def test_a_missing_manifest_may_be_in_a_file_that_does_not_load(self, snapshot_of):
        files = {"m.yaml": "kind: [Module", "d.yaml": DEVICE + "{modules: {m: {}}}"}
        by_file = {problem.place.file: problem for problem in problems_of(snapshot_of(files))}
        assert by_file.keys() == {"m.yaml", "d.yaml"}
        assert "fix the other problems" in by_file["d.yaml"].hint

    def test_a_name_of_any_length_gives_a_short_message(self, snapshot_of):
        text = f"kind: Module\nmetadata: {{name: m}}\nspec: {{schema: {'s' * 5000}}}"
        _, _, message, _ = the_problem(snapshot_of({"m.yaml": text}))
        assert len(message) == 800

    def test_what_a_broken_manifest_defines_is_not_missing(self, snapshot_of):
        """The mistake is told once, where it is."""
        text = (
            "apiVersion: edgeops/v1\nkind: Module\nmetadata: {name: m}\nspec: 5\n---\n"
            "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: f}\nspec:\n---\n"
            "apiVersion: edgeops/v1\nkind: Group\nmetadata: {name: g}\n"
            "spec: {selector: {}, modules: {model_loader: {}}, what: 1}\n---\n"
            "apiVersion: edgeops/v1\nkind: ModelRelease\nmetadata: {name: c, version: 1.0.0}\n"
            "spec: []\n---\n"
            "apiVersion: edgeops/v1\nkind: Device\nmetadata: {name: d}\n"
            "spec: {modules: {m: {}, other: {}}, models: {slot: c@1.0.0}}\n"
        )
        documents, problems = parse("a.yaml", text.encode(), packaged_schemas())
        remaining = problems_of(replace(snapshot_of({}), documents=documents, problems=problems))
        assert [(problem.place.line, problem.message) for problem in remaining] == [
            (4, "is the number 5; it must be an object"),
            (9, "is null (empty); it must be an object"),
            (14, "unknown key `what`"),
            (19, "is a list; it must be an object"),
            (24, "there is no Module `other`"),
        ]

    def test_access_to_artifacts_is_never_in_git(self, snapshot_of):
        files = {
            "l.yaml": "kind: Module\nmetadata: {name: model_loader}\nspec: {}",
            "m.yaml": "kind: Module\nmetadata: {name: other}\nspec: {}",
            "d.yaml": DEVICE + "{modules: {model_loader: {desired: {access: {x: 1}}}, "
            "other: {desired: {access: 1}}}}",
        }
        assert the_problem(snapshot_of(files)) == (
            "d.yaml:3:43",
            "/spec/modules/model_loader/desired/access",
            "`access` is reserved for the temporary read access that sync gives a device",
            "remove it; a value in git is not a secret",
        )

    def test_models_need_the_model_loader(self, snapshot_of):
        files = {
            "r.yaml": "kind: ModelRelease\nmetadata: {name: c, version: 1.0.0}\nspec: {path: p, "
            "fileName: f, size: 1, sha256: a, md5: b, format: onnx}",
            "d.yaml": DEVICE + "{models: {slot: c@1.0.0}}",
        }
        assert the_problem(snapshot_of(files)) == (
            "d.yaml:3:17",
            "/spec/models/slot",
            "models need the module `model_loader`, which the device does not have",
            "add `model_loader: {}` to `modules`",
        )

    @pytest.mark.parametrize("models", ["2", "text", "[1]", "false"])
    @pytest.mark.parametrize("schema", [{}, {"properties": {"models": {"type": "object"}}}])
    @pytest.mark.parametrize(
        ("layer", "at"),
        [
            ("kind: Module\nmetadata: {name: model_loader}\nspec: {desired: {%s}}", "/spec"),
            (
                "kind: Group\nmetadata: {name: g}\n"
                "spec: {selector: {}, modules: {model_loader: {desired: {%s}}}}",
                "/spec/modules/model_loader",
            ),
            (
                "kind: Fleet\nmetadata: {name: f}\n"
                "spec: {defaults: {modules: {model_loader: {desired: {%s}}}}}",
                "/spec/defaults/modules/model_loader",
            ),
            (
                "kind: DeviceSet\nmetadata: {name: s}\nspec: {devices: [{name: e}], template: "
                "{spec: {models: {slot: c@1.0.0}, modules: {model_loader: {desired: {%s}}}}}}",
                "/spec/template/spec/modules/model_loader",
            ),
            (
                "kind: Device\nmetadata: {name: e}\n"
                "spec: {modules: {model_loader: {desired: {modelUrl: x, %s}}}}",
                "/spec/modules/model_loader",
            ),
        ],
        ids=["Module", "Group", "Fleet", "DeviceSet", "Device"],
    )
    def test_models_of_the_loader_are_an_object(self, snapshot_of, layer, at, schema, models):
        files = {
            "l": "kind: Module\nmetadata: {name: model_loader}\nspec: {schema: schemas/l.json}",
            "r": "kind: ModelRelease\nmetadata: {name: c, version: 1.0.0}\nspec: {path: p, "
            "fileName: f, size: 1, sha256: a, md5: b, format: onnx}",
            "d": DEVICE + "{models: {slot: c@1.0.0}, modules: {model_loader: {}}}",
            "x": layer % f"models: {models}",
        }
        if "kind: Module" in layer:
            files["x"] = files["x"].replace("spec: {", "spec: {schema: schemas/l.json, ")
            del files["l"]
        place, pointer, message, hint = the_problem(snapshot_of(files, {"schemas/l.json": schema}))
        assert (place[0], pointer) == ("x", f"{at}/desired/models")
        assert "it must be an object" in message
        assert hint

    def test_models_of_another_module_are_its_own_matter(self, snapshot_of):
        module = "kind: Module\nmetadata: {name: m}\nspec: {desired: {models: 2}}"
        assert resolve(snapshot_of({"m": module, "d": DEVICE + "{modules: {m: {}}}"})).fleet


class TestHubLimits:
    def test_the_line_to_blame_is_that_of_the_group(self, snapshot_of):
        files = {
            "g.yaml": "kind: Group\nmetadata: {name: g}\nspec:\n  selector: {}\n"
            f"  tags:\n    ok: 1\n    note: {'x' * 5000}\n",
            "d.yaml": DEVICE + "{}",
            "e.yaml": DEVICE.replace("name: d", "name: e") + "{tags: {own: 1}}",
        }
        assert the_problem(snapshot_of(files)) == (
            "g.yaml:7:5",
            "/spec/tags/note",
            "`tags/note` is 5,000 bytes; a text can have at most 4,096 (devices d, e)",
            "",
        )

    @pytest.mark.parametrize(
        ("section", "pointer", "message"),
        [
            ("tags: {a: {b.c: 1}}", "/spec/tags/a/b.c", "`tags/a/b.c` key contains '.'"),
            ("desired: {n: 4503599627370496}", "/spec/desired/n", "`desired/n` is outside"),
            (
                "desired: " + "{a: " * 12 + "1" + "}" * 12,
                "/spec/desired" + "/a" * 11,
                "nested deeper than 10 levels",
            ),
            (
                "desired: {" + ", ".join(f"k{i}: {'x' * 4000}" for i in range(9)) + "}",
                "/spec/desired",
                "`desired` is 36,018 bytes; the hub allows at most 32,768",
            ),
            ("tags: {edgeops: mine}", "/spec/tags/edgeops", "reserved for the ownership stamp"),
            (
                "tags: {list: [1, " + "x" * 5000 + "]}",
                "/spec/tags/list/1",
                "a text can have at most",
            ),
        ],
    )
    def test_each_limit_of_the_hub(self, snapshot_of, section, pointer, message):
        problems = problems_of(snapshot_of({"d.yaml": DEVICE + "{" + section + "}"}))
        assert any(p.pointer == pointer and message in p.message for p in problems), problems

    @pytest.mark.parametrize("section", ["tags", "desired"])
    @pytest.mark.parametrize(
        ("items", "place", "at"),
        [
            ("- 1\n- null\n", "d.yaml:7:5", "1"),
            ("- name: a\n  limit:\n", "d.yaml:7:5", "0/limit"),
            ("- [{a: {b: ~}}]\n", "d.yaml:6:11", "0/0/a/b"),
        ],
    )
    def test_null_in_an_array(self, snapshot_of, section, items, place, at):
        head = f"kind: Device\nmetadata: {{name: d}}\nspec:\n {section}: {{}}\n"
        text = head.replace(" {}", "\n  list:\n" + textwrap.indent(items, "  "))
        assert the_problem(snapshot_of({"d.yaml": text})) == (
            place,
            f"/spec/{section}/list/{at}",
            f"`{section}/list/{at}` is null inside an array, which the hub does not allow",
            "leave it out, or use another value for it, such as an empty text or 0",
        )

    def test_null_in_an_array_of_create_options_is_text_for_the_hub(self, snapshot_of):
        module = "kind: Module\nmetadata: {name: m}\nspec: {image: x, createOptions: {Cmd: [null]}}"
        assert resolve(snapshot_of({"m.yaml": module, "d.yaml": EDGE})).problems == ()

    def test_an_array_may_have_more_than_4_kb(self, snapshot_of):
        nodes = ", ".join(f'{{name: n{n}, id: "ns=2;s=Line.Tag{n:04}"}}' for n in range(150))
        module = (
            f"kind: Module\nmetadata: {{name: m}}\nspec: {{image: x, desired: {{n: [{nodes}]}}}}"
        )
        assert resolve(snapshot_of({"m.yaml": module, "d.yaml": EDGE})).problems == ()

    def test_desired_properties_of_a_module(self, snapshot_of):
        files = {
            "m.yaml": "kind: Module\nmetadata: {name: m}\nspec:\n  image: x\n"
            f"  desired:\n    text: {'x' * 4097}\n",
            "d.yaml": DEVICE + "{modules: {m: {}}}",
        }
        place, pointer, message, _ = the_problem(snapshot_of(files))
        assert (place, pointer) == ("m.yaml:6:5", "/spec/desired/text")
        assert message.startswith("`modules/m/desired/text` is 4,097 bytes")

    def test_more_modules_than_a_device_may_have(self, snapshot_of):
        names = [f"m{number}" for number in range(51)]
        module = "kind: Module\nmetadata: {{name: {}}}\nspec: {{image: x}}\n"
        files = {
            "m.yaml": "---\n".join(map(module.format, names)),
            "d.yaml": DEVICE + "{modules: {" + ", ".join(f"{name}: {{}}" for name in names) + "}}",
        }
        assert the_problem(snapshot_of(files))[2] == "51 modules; a device has at most 50"

    def test_tags_must_leave_room_for_the_stamp(self, snapshot_of):
        tags = {f"tag{number}": "x" * 4000 for number in range(2)}
        desired = {f"property{number * 7919 % 10007}": number for number in range(300)}
        spec = json.dumps({"tags": tags, "desired": desired})
        place, pointer, message, _ = the_problem(snapshot_of({"d.yaml": DEVICE + spec}))
        assert (place, pointer) == ("d.yaml:3:8", "/spec/tags")
        assert message.startswith("tags are 8,008 bytes and the ownership stamp of edgeops ")

    def test_full_tags_with_a_small_stamp_fit(self, snapshot_of):
        spec = json.dumps({"tags": {"a": "x" * 4000, "b": "x" * 3800}})
        assert resolve(snapshot_of({"d.yaml": DEVICE + spec})).problems == ()


class TestModuleSchema:
    MODULE = "kind: Module\nmetadata: {name: m}\nspec: {image: x, schema: schemas/m.json}"
    SCHEMA = {  # noqa: RUF012
        "properties": {"seconds": {"type": "integer"}, "mode": {}},
        "additionalProperties": False,
    }

    class Memo(dict):
        def put(self, key, value):
            self[key] = value

    def snapshot(self, snapshot_of, desired):
        device = DEVICE + "{modules: {m: {desired: " + desired + "}}}"
        return snapshot_of({"m": self.MODULE, "d": device}, {"schemas/m.json": self.SCHEMA})

    def test_the_value_that_the_schema_refuses(self, snapshot_of):
        place, pointer, message, hint = the_problem(
            self.snapshot(snapshot_of, "{mode: 1, seconds: often}")
        )
        assert (place, pointer) == ("d:3:41", "/spec/modules/m/desired/seconds")
        assert "whole number" in message
        assert hint

    def test_an_unknown_property(self, snapshot_of):
        _, pointer, _, hint = the_problem(self.snapshot(snapshot_of, "{second: 1}"))
        assert pointer == "/spec/modules/m/desired/second"
        assert hint == "did you mean `seconds`?"

    def test_nothing_but_its_presence_is_said_of_a_secret(self, snapshot_of):
        reference = "{fromEnv: EDGEOPS_SECRET_A, version: 1}"
        desired = f"{{mode: {reference}, seconds: {reference}}}"
        assert resolve(self.snapshot(snapshot_of, desired)).problems == ()
        desired = f"{{mode: {reference}, seconds: often}}"
        _, pointer, _, _ = the_problem(self.snapshot(snapshot_of, desired))
        assert pointer == "/spec/modules/m/desired/seconds"

    def test_what_is_missing_is_blamed_on_the_nearest_line(self, snapshot_of):
        device = DEVICE + "{modules: {m: {}}}"
        schema = {"required": ["seconds"]}
        files = {"m": self.MODULE, "d": device}
        place, pointer, message, _ = the_problem(snapshot_of(files, {"schemas/m.json": schema}))
        assert (place, pointer) == ("d:3:18", "/spec/modules/m")
        assert "seconds" in message

    def test_a_result_is_remembered_between_runs(self, snapshot_of):
        snapshot, memo = self.snapshot(snapshot_of, "{seconds: often}"), self.Memo()
        first = resolve(snapshot, memo=memo)
        assert len(memo) == 1
        (key,) = memo
        assert resolve(snapshot, memo=memo) == first
        memo[key] = b"[1, []]"
        assert resolve(snapshot, memo=memo).problems == ()


class TestEdge:
    def test_a_module_needs_an_image(self, snapshot_of):
        module = "kind: Module\nmetadata: {name: m}\nspec: {}"
        assert the_problem(snapshot_of({"m.yaml": module, "d.yaml": EDGE})) == (
            "d.yaml:3:30",
            "/spec/modules/m",
            "module `m` has no image, which an IoT Edge device needs",
            "set `image` in the Module `m`",
        )
        plain = EDGE.replace("edge: true, ", "")
        assert resolve(snapshot_of({"m.yaml": module, "d.yaml": plain})).problems == ()

    @pytest.mark.parametrize(
        "storage",
        [
            "storage: [{source: /a, target: /t}, {source: /b, target: /t/}]",
            "storage: [{source: /b, target: /t}], createOptions: {HostConfig: {Binds: ['/a:/t']}}",
        ],
    )
    def test_two_mounts_at_one_target(self, snapshot_of, storage):
        module = "kind: Module\nmetadata: {name: m}\nspec: {image: x, " + storage + "}"
        _, pointer, message, _ = the_problem(snapshot_of({"m.yaml": module, "d.yaml": EDGE}))
        assert pointer.startswith("/spec/storage/")
        assert message == "module `m` mounts `/t` twice (device d)"

    def test_binds_that_are_no_list(self, snapshot_of):
        module = (
            "kind: Module\nmetadata: {name: m}\n"
            "spec: {image: x, createOptions: {HostConfig: {Binds: nope}}}"
        )
        _, pointer, message, _ = the_problem(snapshot_of({"m.yaml": module, "d.yaml": EDGE}))
        assert pointer == "/spec/createOptions/HostConfig"
        assert message.startswith("`HostConfig.Binds` must be a list of strings")

    def test_large_create_options_are_split_and_huge_ones_refused(self, snapshot_of):
        module = "kind: Module\nmetadata: {name: m}\nspec: {image: x, createOptions: {Cmd: [%s]}}"
        large, huge = module % ("x" * 9000), module % ("x" * 17000)
        assert resolve(snapshot_of({"m.yaml": large, "d.yaml": EDGE})).problems == ()
        _, pointer, message, _ = the_problem(snapshot_of({"m.yaml": huge, "d.yaml": EDGE}))
        assert pointer == "/spec/createOptions"
        assert message.startswith("createOptions of `m` are 17,012 bytes")

    def test_values_of_the_edge_content_are_blamed_on_what_made_them(self, snapshot_of):
        module = (
            "kind: Module\nmetadata: {name: m}\n"
            f"spec: {{image: x, env: {{BIG: {'x' * 5000}}}, routes: {{long: {'y' * 5000}}}}}"
        )
        problems = problems_of(snapshot_of({"m.yaml": module, "d.yaml": EDGE}))
        assert [problem.pointer for problem in problems] == ["/spec/env/BIG", "/spec/routes/long"]
        assert problems[0].message.startswith("`modules/m/env/BIG` is 5,000 bytes")

    def test_more_than_edge_agent_may_hold(self, snapshot_of):
        env = ", ".join(f"V{number}: {'x' * 3500}" for number in range(10))
        module = f"kind: Module\nmetadata: {{name: m}}\nspec: {{image: x, env: {{{env}}}}}"
        place, pointer, message, _ = the_problem(snapshot_of({"m.yaml": module, "d.yaml": EDGE}))
        assert (place, pointer) == ("d.yaml:3:20", "/spec/modules")
        assert message.startswith("`$edgeAgent` is 35,")

    def test_one_route_name_with_two_texts(self, snapshot_of):
        fleet = (
            "kind: Fleet\nmetadata: {name: f}\nspec: {defaults: {edge: {routes: {up: A, same: S}}}}"
        )
        module = "kind: Module\nmetadata: {name: m}\nspec: {image: x, routes: {up: B, same: S}}"
        files = {"f.yaml": fleet, "m.yaml": module, "d.yaml": EDGE}
        place, pointer, message, _ = the_problem(snapshot_of(files))
        assert (place, pointer) == ("m.yaml:3:27", "/spec/routes/up")
        assert message == (
            "route `up` is already defined by `edge.routes` with a different text (device d)"
        )

    def test_a_long_image(self, snapshot_of):
        module = f"kind: Module\nmetadata: {{name: m}}\nspec: {{image: {'a' * 5000}}}"
        assert the_problem(snapshot_of({"m.yaml": module, "d.yaml": EDGE}))[1] == "/spec/image"

    def test_a_long_image_of_the_runtime(self, snapshot_of):
        fleet = (
            "kind: Fleet\nmetadata: {name: f}\n"
            f"spec: {{defaults: {{edge: {{agentImage: {'a' * 5000}}}}}}}"
        )
        module = "kind: Module\nmetadata: {name: m}\nspec: {image: x}"
        files = {"f.yaml": fleet, "m.yaml": module, "d.yaml": EDGE}
        assert the_problem(snapshot_of(files))[1] == "/spec/defaults/edge/agentImage"
