"""The deployment pattern as it is told, with the real SDK, real TLS and real files.

A desired property names a model; the module downloads it where it is missing,
verifies it, reports it, and others read it in the same folder.
"""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgeops.digest import digest_of_files
from edgeops.signature import PrivateKey, sign, statement

pytest.importorskip("azure.iot.device")
pytest.importorskip("azure.iot.hub")

OLD = b"the old model" * 1000
NEW = b"the new model" * 50_000


@pytest.fixture
def storage(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def publish(local_mqtt_hub):
    """Puts a file where the hub serves it; gives what a release says of it."""

    def publish(name, content):
        local_mqtt_hub.artifacts.mkdir(exist_ok=True)
        (local_mqtt_hub.artifacts / name).write_bytes(content)
        return {
            "url": f"https://{local_mqtt_hub.endpoint.hostname}/artifacts/{name}",
            "fileName": name,
            "md5": hashlib.md5(content).hexdigest(),
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
        }

    return publish


@pytest.fixture
def publish_set(publish, local_mqtt_hub):
    """Puts files where the hub serves them; gives what the twin says of their release."""

    def publish_set(version, contents):
        (local_mqtt_hub.artifacts / version).mkdir(parents=True)
        files = []
        for name, content in contents.items():
            said = publish(f"{version}/{name}", content)
            files.append({"name": name, **{key: said[key] for key in ("url", "size", "sha256")}})
        return {
            "name": "vision",
            "version": version,
            "format": "tflite",
            "files": files,
            "sha256": digest_of_files((it["name"], it["size"], it["sha256"]) for it in files),
            "metadata": {"inputSize": "32"},
        }

    return publish_set


def flat(release):
    return {
        "modelUrl": release["url"],
        "modelMd5": release["md5"],
        "modelFileName": release["fileName"],
    }


def ready(release, slot="crowdedness"):
    def is_ready(reported):
        status = reported.get("models", {}).get(slot, {})
        return status.get("state") == "ready" and status.get("sha256") == release["sha256"]

    return is_ready


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_single_model_by_name_and_md5(
    local_mqtt_hub, module_twin, start_model_loader, storage, publish
):
    old, new = publish("old.tflite", OLD), publish("new.tflite", NEW)
    (storage / "old.tflite").write_bytes(OLD)

    module_twin.want(**flat(old))
    start_model_loader(storage)
    module_twin.wait_until(lambda it: it.get("model", {}).get("state") == "ready")
    assert local_mqtt_hub.artifact_gets() == 0, "the file was there already"
    before = module_twin.reported["lastModelUpdate"]

    module_twin.want(**flat(new))
    module_twin.wait_until(lambda it: it["model"].get("fileName") == "new.tflite")
    assert names(storage) == ["new.tflite", "old.tflite"]
    assert (storage / "new.tflite").read_bytes() == NEW
    assert module_twin.reported["lastModelUpdate"] >= before
    assert local_mqtt_hub.artifact_gets() == local_mqtt_hub.artifact_gets("new.tflite") == 1


def test_a_slot_through_restarts_of_module_and_hub(
    local_mqtt_hub, start_mqtt_hub, module_twin, start_model_loader, storage, publish
):
    old, new = publish("old.onnx", OLD), publish("new.onnx", NEW)
    module_twin.want(models={"crowdedness": old})
    module = start_model_loader(storage)
    module_twin.wait_until(ready(old))
    updated = module_twin.reported["lastModelUpdate"]

    module.send_signal(signal.SIGKILL)
    module.wait()
    local_mqtt_hub.stop()
    again = start_mqtt_hub(local_mqtt_hub)
    module = start_model_loader(storage)
    module_twin.wait_until(ready(old))
    assert module_twin.reported["lastModelUpdate"] == updated
    assert local_mqtt_hub.artifact_gets() + again.artifact_gets() == 1, "nothing downloaded again"

    # Offline while the desired state changes twice.
    module.terminate()
    assert module.wait(15) == 0
    between = publish("between.onnx", OLD + b"!")
    module_twin.want(models={"crowdedness": between})
    module_twin.want(models={"crowdedness": new})
    start_model_loader(storage)
    module_twin.wait_until(ready(new))
    assert again.artifact_gets("between.onnx") == 0
    assert again.artifact_gets("new.onnx") == 1
    assert names(storage / "crowdedness") == ["current.json", "new.onnx", "old.onnx", "own"]


def test_another_module_reads_the_slot_through_the_same_folder(
    module_twin, start_model_loader, storage, publish
):
    import subprocess

    new = publish("new.onnx", NEW)
    module_twin.want(models={"crowdedness": new})
    start_model_loader(storage)
    module_twin.wait_until(ready(new))
    reader = (
        "import sys, hashlib, pathlib; from edgeops.modules.runtime.slots import read_current;"
        "current = read_current(pathlib.Path(sys.argv[1]), 'crowdedness');"
        "print(hashlib.sha256(current.path.read_bytes()).hexdigest())"
    )
    other_module = subprocess.run(
        [sys.executable, "-c", reader, str(storage)], check=True, capture_output=True, text=True
    )
    assert other_module.stdout.strip() == new["sha256"]


def test_a_release_of_several_files_arrives_whole_and_a_consumers_files_stay(
    module_twin, start_model_loader, storage, publish, publish_set
):
    old = publish("old.onnx", OLD)
    module_twin.want(models={"crowdedness": old})
    start_model_loader(storage)
    module_twin.wait_until(ready(old))
    slot = storage / "crowdedness"
    (slot / "own/engine.plan").write_bytes(b"cache")
    (slot / "notes.txt").write_bytes(b"a consumer's")

    several = publish_set("1.0.0", {"model.tflite": NEW, "labels.txt": b"cat\ndog\n"})
    no_single = dict.fromkeys(("url", "fileName", "size", "md5"))  # a patch removes with null
    module_twin.want(models={"crowdedness": several | no_single}, keepVersions=1)
    module_twin.wait_until(ready(several))
    folder = several["sha256"][:16]
    assert names(slot) == [folder, "current.json", "notes.txt", "own"]
    assert names(slot / folder) == ["labels.txt", "model.tflite"]
    assert (slot / "own/engine.plan").read_bytes() == b"cache"
    pointer = json.loads((slot / "current.json").read_bytes())
    assert pointer["metadata"] == {"inputSize": "32"}
    for file in pointer["files"]:
        content = (slot / file["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]


def signed(release, key):
    """The release as the twin says it, with a signature."""
    files = [(it["name"], it["size"], it["sha256"]) for it in release["files"]]
    said = statement("vision", release["version"], "tflite", files, release["metadata"])
    signature = sign(said, PrivateKey(key.private_bytes_raw()))
    return release | {"signature": {"key": signature.key, "value": signature.value}}


def test_a_device_with_a_key_takes_what_is_signed_and_refuses_the_rest(
    local_mqtt_hub, module_twin, start_model_loader, storage, publish_set, tmp_path
):
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust/releases.pub").write_bytes(pem)
    old = signed(publish_set("1.0.0", {"model.tflite": OLD, "labels.txt": b"cat"}), key)
    new = signed(publish_set("1.1.0", {"model.tflite": NEW, "labels.txt": b"cat"}), key)
    module_twin.want(models={"crowdedness": old})
    start_model_loader(
        storage,
        environment={
            "EDGEOPS_CONNECTION_STRING": module_twin.connection_string,
            "EDGEOPS_CA_FILE": str(module_twin.ca_file),
            "EDGEOPS_TRUST": str(tmp_path / "trust"),
        },
    )
    module_twin.wait_until(ready(old))
    signer = old["signature"]["key"]
    assert module_twin.reported["models"]["crowdedness"]["signedBy"] == signer

    module_twin.want(models={"crowdedness": new | {"version": "9.9.9"}})
    module_twin.wait_until(lambda it: it["models"]["crowdedness"]["state"] == "error")
    crowdedness = module_twin.reported["models"]["crowdedness"]
    assert crowdedness["error"]["code"] == "WrongSignature"
    assert (crowdedness["version"], crowdedness["sha256"]) == ("1.0.0", old["sha256"])
    assert local_mqtt_hub.artifact_gets() == 2, "it is refused before the download"

    module_twin.want(models={"crowdedness": new | {"version": "1.1.0"}})
    module_twin.wait_until(ready(new))


def test_a_hub_that_cannot_be_reached_at_start_is_tried_again(
    local_mqtt_hub, start_mqtt_hub, module_twin, start_model_loader, storage, publish, tmp_path
):
    new = publish("new.onnx", NEW)
    module_twin.want(models={"crowdedness": new})
    local_mqtt_hub.stop()
    module = start_model_loader(storage)
    log = tmp_path / "model_loader.log"
    while "the hub cannot be reached" not in log.read_text():
        assert module.poll() is None
        time.sleep(0.05)
    start_mqtt_hub(local_mqtt_hub)
    module_twin.wait_until(ready(new))


def test_a_wrong_checksum_is_reported_and_the_old_model_stays(
    module_twin, start_model_loader, storage, publish, tmp_path
):
    old, new = publish("old.onnx", OLD), publish("new.onnx", NEW)
    module_twin.want(models={"crowdedness": old})
    start_model_loader(storage)
    module_twin.wait_until(ready(old))
    module_twin.want(models={"crowdedness": new | {"sha256": "0" * 64}})
    module_twin.wait_until(lambda it: it["models"]["crowdedness"].get("state") == "error")
    crowdedness = module_twin.reported["models"]["crowdedness"]
    assert crowdedness["error"]["code"] == "ChecksumMismatch"
    assert crowdedness["sha256"] == old["sha256"]
    pointer = json.loads((storage / "crowdedness/current.json").read_bytes())
    assert pointer["sha256"] == old["sha256"]
    log = (tmp_path / "model_loader.log").read_text()
    assert "Traceback" not in log
    assert "SharedAccessKey" not in log
