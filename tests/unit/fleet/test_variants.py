"""Variants of a release: each device gets the one that its labels choose."""

from functools import partial

import pytest

from edgeops.fleet.explain import explain
from edgeops.fleet.resolve import resolve as resolve_snapshot

resolve = partial(resolve_snapshot, local_artifacts_url="https://hub/artifacts")

LOADER = "kind: Module\nmetadata: {name: model_loader}\nspec: {}\n"
RELEASES = """\
kind: ModelRelease
metadata: {name: m, version: 1.0.0}
spec:
  metadata: {inputSize: "32"}
  variants:
    - when: {class: jetson, cuda: "12"}
      format: engine
      files: [{name: m.engine, path: m12, size: 1, sha256: aa}]
    - when: {class: jetson}
      format: engine
      files: [{name: m.engine, path: m11, size: 1, sha256: bb}]
    - when: {class: rpi4}
      format: onnx
      files: [{name: m.onnx, path: m, size: 1, sha256: cc}, {name: w, path: w, size: 1, sha256: dd}]
---
kind: ModelRelease
metadata: {name: plain, version: 1.0.0}
spec: {path: p, fileName: p, size: 1, sha256: ee, md5: "", format: onnx}
"""
SET = """\
kind: DeviceSet
metadata: {name: s}
spec:
  template:
    spec: {modules: {model_loader: {}}, models: {slot: m@1.0.0}}
  devices:
"""


def fleet_of(*members):
    return {"l.yaml": LOADER, "r.yaml": RELEASES, "s.yaml": SET + "".join(members)}


def member(name, labels):
    return f"    - {{name: {name}, labels: {{{labels}}}}}\n"


def test_each_device_gets_the_first_variant_that_fits_its_labels(snapshot_of):
    members = [
        member("a", 'class: jetson, cuda: "12"'),
        member("b", "class: jetson, site: x"),
        member("c", "class: rpi4"),
        member("d", 'class: jetson, cuda: "12", site: y'),
        member("e", 'class: jetson, cuda: "11"'),
    ]
    resolution = resolve(snapshot_of(fleet_of(*members)))
    assert resolution.problems == ()
    devices = resolution.fleet.devices
    urls = {name: device.models["slot"].files[0].path for name, device in devices.items()}
    assert urls == {"a": "m12", "b": "m11", "c": "m", "d": "m12", "e": "m11"}
    loader = devices["c"].modules["model_loader"].desired["models"]["slot"]
    assert loader == devices["c"].models["slot"].twin_value("https://hub/artifacts")
    assert [file["name"] for file in loader["files"]] == ["m.onnx", "w"]
    assert loader["metadata"] == {"inputSize": "32"}


def test_devices_that_differ_in_other_labels_still_share_their_software(snapshot_of):
    members = [member("a", "class: rpi4, site: x"), member("b", "class: rpi4, site: y")]
    first, second = resolve(snapshot_of(fleet_of(*members))).fleet.devices.values()
    assert first.modules is second.modules
    assert first.labels != second.labels


def test_devices_of_one_class_share_their_software_whatever_variants_others_have(snapshot_of):
    plain = SET.replace("m@1.0.0", "plain@1.0.0")
    files = {"l.yaml": LOADER, "r.yaml": RELEASES}
    members = member("a", "class: rpi4") + member("b", "class: jetson")
    first, second = resolve(
        snapshot_of({**files, "s.yaml": plain + members})
    ).fleet.devices.values()
    assert first.modules is second.modules


def test_a_device_without_a_fitting_variant_is_a_problem_at_the_reference(snapshot_of):
    members = [
        member("a", "class: x86"),
        member("b", "class: rpi4"),
        member("c", "site: x"),
        member("d", "class: x86, site: z"),
    ]
    first, second = resolve(snapshot_of(fleet_of(*members))).problems
    assert str(first.place) == str(second.place) == "s.yaml:5:50"
    assert first.message == (
        "no variant of `m@1.0.0` fits: the device has class=x86 and is without the label `cuda`;"
        " its variants are for class=jetson and cuda=12, class=jetson, class=rpi4"
        " (devices a, d)"
    )
    assert second.message == (
        "no variant of `m@1.0.0` fits: the device is without the labels `class`, `cuda`;"
        " its variants are for class=jetson and cuda=12, class=jetson, class=rpi4 (device c)"
    )
    assert first.hint == (
        "label the device, take a release with a variant for it (`when: {}` fits every device),"
        " or remove the model from it with `slot: null`"
    )


def test_the_problem_is_at_the_group_that_names_the_release(snapshot_of):
    group = "kind: Group\nmetadata: {name: g}\nspec:\n  selector: {}\n  models: {slot: m@1.0.0}\n"
    device = "kind: Device\nmetadata: {name: d}\nspec: {modules: {model_loader: {}}}\n"
    files = {"l.yaml": LOADER, "r.yaml": RELEASES, "g.yaml": group, "d.yaml": device}
    (problem,) = resolve(snapshot_of(files)).problems
    assert (str(problem.place), problem.pointer) == ("g.yaml:5:12", "/spec/models/slot")


def test_a_release_behind_a_variable_is_chosen_by_labels_too(snapshot_of):
    text = SET.replace("m@1.0.0", '"${device.labels.model}@1.0.0"')
    members = [
        member("a", "class: jetson, model: m"),
        member("b", "class: rpi4, model: m"),
        member("c", "class: rpi4, model: plain"),
        member("d", "class: jetson, model: plain"),
    ]
    files = {"l.yaml": LOADER, "r.yaml": RELEASES, "s.yaml": text + "".join(members)}
    devices = resolve(snapshot_of(files)).fleet.devices
    paths = {name: device.models["slot"].files[0].path for name, device in devices.items()}
    assert paths == {"a": "m11", "b": "m", "c": "p", "d": "p"}


def test_equal_manifests_of_devices_share_software_only_if_their_labels_choose_alike(snapshot_of):
    device = (
        "kind: Device\nmetadata: {{name: {}, labels: {{class: {}}}}}\n"
        "spec: {{modules: {{model_loader: {{}}}}, models: {{slot: m@1.0.0}}}}\n"
    )
    text = "---\n".join(device.format(*pair) for pair in (("a", "rpi4"), ("b", "jetson")))
    files = {"l.yaml": LOADER, "r.yaml": RELEASES, "d.yaml": text}
    first, second = resolve(snapshot_of(files)).fleet.devices.values()
    assert first.models["slot"].format == "onnx"
    assert second.models["slot"].format == "engine"


def test_explain_says_who_chose_the_files(snapshot_of):
    snapshot = snapshot_of(fleet_of(member("c", "class: rpi4")))
    at = "/modules/model_loader/desired/models/slot"
    explained = explain(snapshot, "c", at, local_artifacts_url="https://hub/artifacts")
    assert {str(value.place) for value in explained} == {"s.yaml:5:50"}
    assert f"{at}/files" in {value.path for value in explained}


@pytest.mark.parametrize("number", [40, 50])
def test_a_list_of_files_that_a_twin_cannot_hold_is_a_problem_at_the_reference(snapshot_of, number):
    files = ", ".join(
        f"{{name: {'n' * 100}/{i}, path: {'p' * 450}{i}, size: 1, sha256: {'a' * 64}}}"
        for i in range(number)
    )
    release = f"kind: ModelRelease\nmetadata: {{name: m, version: 1.0.0}}\nspec: {{format: x, files: [{files}]}}\n"  # noqa: E501
    text = SET + member("a", "") + member("b", "")
    snapshot = snapshot_of({"l.yaml": LOADER, "r.yaml": release, "s.yaml": text})
    problems = resolve(snapshot).problems
    if number == 40:
        assert problems == ()
        return
    (problem,) = problems
    assert str(problem.place) == "s.yaml:5:50"
    assert "the list of the 50 files of `m@1.0.0` takes" in problem.message
    assert problem.hint == "publish small files as one archive, or give them shorter names"
