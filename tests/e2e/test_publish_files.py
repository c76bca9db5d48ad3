"""Files that a team trained elsewhere become releases that devices are given."""

from __future__ import annotations

import json
import tarfile

import pytest
import yaml

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs: {local: {}}
  defaults:
    modules: {model_loader: {}}
    models: {look: vision@1.0.0}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: model_loader}
spec: {image: "loader:1"}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: a, labels: {class: jetson}}
spec: {}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: b}
spec: {}
"""
RELEASE = "models/vision/releases/1.0.0.yaml"


@pytest.fixture
def repo(empty_repo):
    empty_repo.write("fleet/fleet.yaml", FLEET)
    return empty_repo


@pytest.fixture
def mine(tmp_path):
    """Writes files that are not in the repository."""

    def write(name: str, data: bytes = b"weights") -> str:
        file = tmp_path / "mine" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return str(file)

    return write


def slot(repo, device):
    """What the model loader of a device is told."""
    rendered = json.loads(repo.edgeops("render", device, "-o", "json").out)
    (twin,) = rendered.values() if "modules" not in rendered else [rendered]
    return twin["modules"]["model_loader"]["desired"]["models"]["look"]


def published(repo, *arguments):
    done = repo.edgeops("model", "publish", "vision", "--version", "1.0.0", *arguments)
    assert done.code == 0, done.err
    assert repo.edgeops("validate").code == 0
    assert repo.edgeops("model", "verify", "vision").code == 0
    return slot(repo, "b")


@pytest.mark.parametrize(
    ("name", "model_format"),
    [
        ("saved_model.tar.gz", "tar.gz"),
        ("scripted.pt", "torchscript"),
        ("yolo.engine", "engine"),
        ("net.tflite", "tflite"),
    ],
)
def test_one_file_of_any_format(repo, mine, name, model_format):
    told = published(repo, "--file", mine(name), "--metadata", "input=640")
    assert (told["fileName"], told["format"]) == (name, model_format)
    assert told["metadata"] == {"input": "640"}


def test_a_model_with_its_weights_and_labels(repo, mine):
    files = [mine("m.onnx"), mine("m.onnx.data"), f"labels.txt={mine('Labels (1).txt', b'cat')}"]
    told = published(repo, *(word for file in files for word in ("--file", file)))
    assert [file["name"] for file in told["files"]] == ["m.onnx", "m.onnx.data", "labels.txt"]
    assert told["format"] == "onnx"


def test_an_archive_is_unpacked_before_devices_get_it(repo, mine, tmp_path):
    mine("sm/saved_model.pb")
    mine("sm/variables/variables.index")
    with tarfile.open(tmp_path / "sm.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "mine/sm", "sm")
    told = published(repo, "--file", str(tmp_path / "sm.tar.gz"), "--unpack")
    names = ["sm/saved_model.pb", "sm/variables/variables.index"]
    assert [file["name"] for file in told["files"]] == names
    assert told["format"] == "savedmodel"


def test_a_file_for_each_class_of_devices(repo, mine):
    variants = f"class=jetson:{mine('v.engine')}", f":{mine('v.onnx', b'for all')}"
    told = published(repo, *(word for variant in variants for word in ("--variant", variant)))
    assert (told["fileName"], told["format"]) == ("v.onnx", "onnx")
    assert slot(repo, "a")["fileName"] == "v.engine"


def test_from_a_key_to_a_fleet_that_trusts_it(repo, mine, tmp_path):
    model, private = mine("m.pt"), tmp_path / "releases.pem"
    public = repo.root / "keys/releases.pub"
    public.parent.mkdir()
    inside = repo.edgeops("model", "key", str(repo.root / "k.pem"))
    assert (inside.code, (repo.root / "k.pem").exists()) == (5, False)
    made = repo.edgeops("model", "key", str(private), "--public", str(public))
    assert made.code == 0
    assert "/etc/edgeops/trust/" in made.out
    publish = "model", "publish", "vision", "--file", model, "--version", "1.0.0"
    assert repo.edgeops(*publish).code == 0

    repo.edit(
        "fleet/fleet.yaml", "  defaults:", "  trust: {releases: [keys/releases.pub]}\n  defaults:"
    )
    refused = repo.edgeops("validate")
    assert refused.code == 3
    assert "`vision@1.0.0` is not signed by a key that the Fleet trusts" in refused.out
    assert "edgeops model sign vision@1.0.0" in refused.out
    assert repo.edgeops(*publish).code == 5
    signed = repo.edgeops("model", "sign", "vision@1.0.0", "--key", str(private), "-o", "json")
    assert json.loads(signed.out)["releases"][0]["new"] is True
    assert repo.edgeops("validate").code == 0
    assert slot(repo, "a")["signature"].keys() == {"key", "value"}

    # At a commit, the keys of the commit count.
    repo.commit()
    public.write_text("another")
    assert repo.edgeops("validate", "--rev", "HEAD").code == 0
    assert repo.edgeops("validate").code == 3

    # A release that was signed and then changed is found.
    repo.git("checkout", "--quiet", "keys")
    text = (repo.root / RELEASE).read_text()
    repo.write(RELEASE, text.replace("format: torchscript", "format: other"))
    changed = repo.edgeops("validate")
    assert changed.code == 3
    assert f"{RELEASE}:14:3: the signature is wrong" in changed.out


def test_a_key_in_the_environment_signs_and_is_not_shown(repo, mine, tmp_path, monkeypatch):
    private = tmp_path / "k.pem"
    repo.edgeops("model", "key", str(private))
    monkeypatch.setenv("EDGEOPS_SIGNING_KEY", private.read_text())
    secret = private.read_text().splitlines()[1]
    done = repo.edgeops(
        "--debug", "model", "publish", "vision", "--file", mine("m.pt"), "--version", "1.0.0"
    )
    assert done.code == 0
    assert secret not in done.out + done.err
    assert "signature" in yaml.safe_load((repo.root / RELEASE).read_text())["spec"]
    monkeypatch.setenv("EDGEOPS_SIGNING_KEY", private.read_text()[:70])
    done = repo.edgeops("model", "publish", "vision", "--file", mine("n.pt"), "--version", "1.1.0")
    assert done.code == 1
    assert "EDGEOPS_SIGNING_KEY is not a private key of Ed25519" in done.err
    assert secret[:30] not in done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--file", "m.bin"], "does not say which format", "--format"),
        (["--file", "m.pt", "--metadata", "a"], "--metadata: 'a' is not KEY=VALUE", ""),
        (["--variant", "m.pt"], "does not say for which devices", "class=jetson:"),
        (["--variant", "x:m.pt"], "--variant: 'x' is not KEY=VALUE", ""),
        (["--file", "Labels (1).txt"], "cannot be named 'Labels (1).txt'", "NAME=PATH"),
        (["--format", "onnx"], "--format, --metadata and --unpack are for", "--file PATH"),
        (["--file", "m.pt", "--unpack"], "there is nothing to unpack", ""),
    ],
)
def test_a_command_line_that_makes_no_release(repo, mine, arguments, message, hint, monkeypatch):
    for name in ("m.bin", "m.pt", "Labels (1).txt"):
        monkeypatch.chdir(mine(name).rpartition("/")[0])
    done = repo.edgeops("model", "publish", "vision", "--version", "1.0.0", *arguments)
    assert done.code == 64, done.err
    assert message in done.err
    assert hint in done.err
    assert not (repo.root / "models").exists()
