"""Whose signatures a fleet trusts, and which releases it refuses."""

from dataclasses import replace

import pytest

from edgeops.fleet.context import read_context
from edgeops.fleet.kinds import read_release
from edgeops.fleet.model import KeyFile
from edgeops.fleet.resolve import resolve
from edgeops.signature import new_key, read_private_key, signed

FLEET = """\
kind: Fleet
metadata: {name: test}
spec:
  hubs: {local: {}}
  trust: {releases: [keys/a.pub, keys/b.pub]}
"""
DEVICES = """\
kind: Module
metadata: {name: model_loader}
spec: {image: "loader:1"}
---
kind: Group
metadata: {name: all, priority: 1}
spec: {selector: {}, modules: {model_loader: {}}, models: {seen: m@1.0.0}}
---
kind: Device
metadata: {name: a}
spec: {}
---
kind: Device
metadata: {name: b}
spec: {}
"""
RELEASE = """\
kind: ModelRelease
metadata: {{name: m, version: {version}}}
spec:
  path: m/1.0.0/m.onnx
  fileName: m.onnx
  size: 3
  sha256: {sha}
  md5: {md5}
  format: onnx
"""
VARIANTS = """\
kind: ModelRelease
metadata: {{name: m, version: 1.0.0}}
spec:
  variants:
  - when: {{class: jetson}}
    format: engine
    files: [{{name: a, path: m/1.0.0/a, size: 3, sha256: {sha}}}]
  - when: {{}}
    format: onnx
    files: [{{name: b, path: m/1.0.0/b, size: 3, sha256: {sha}}}]
"""
A, B, STRANGER = new_key(), new_key(), new_key()
KEYS = {"keys/a.pub": KeyFile(A[1]), "keys/b.pub": KeyFile(B[1])}


@pytest.fixture
def found(snapshot_of):
    """The problems of a fleet with a release that some key has signed, as lines."""

    def problems(text="", keys=KEYS, fleet=FLEET, **more):
        files = {"fleet.yaml": fleet, "devices.yaml": DEVICES, "m.yaml": text, **more}
        resolution = resolve(
            replace(snapshot_of(files), keys=keys), local_artifacts_url="https://localhost"
        )
        return [
            f"{each.place.file}{each.pointer} {each.message} | {each.hint}"
            for each in resolution.problems
        ]

    return problems


@pytest.fixture
def release(snapshot_of):
    """The text of the release, signed by keys: one, or one of each variant."""

    def text(*keys, form=RELEASE, version="1.0.0"):
        plain = form.format(version=version, sha="a" * 64, md5="b" * 32)
        (document,) = (
            each
            for each in snapshot_of({"m.yaml": plain}).documents
            if each.value["kind"] == "ModelRelease"
        )
        spec = read_release(document).spec
        made = [signed(spec, read_private_key(key[0], "key")) for key in keys]
        signatures = [
            (of.variants[index] if of.variants else of).signature for index, of in enumerate(made)
        ]
        lines = [f"signature: {{key: {each.key}, value: {each.value}}}" for each in signatures]
        if form is RELEASE:
            return plain + "".join(f"  {line}\n" for line in lines)
        first, second = plain.split("  - when: {}\n")
        parts = [f"{first}    {{}}\n", f"  - when: {{}}\n{second}    {{}}\n"]
        return "".join(
            part.replace("    {}\n", f"    {line}\n")
            for part, line in zip(parts, lines, strict=True)
        )

    return text


@pytest.mark.parametrize("key", [A, B])
def test_a_release_that_a_trusted_key_signed(found, release, key):
    assert found(release(key)) == []


@pytest.mark.parametrize("keys", [(), (STRANGER,)])
def test_a_release_that_none_of_them_signed(found, release, keys):
    assert found(release(*keys)) == [
        "devices.yaml/spec/models/seen `m@1.0.0` is not signed by a key that the Fleet trusts"
        " (devices a, b) | edgeops model sign m@1.0.0"
    ]


def test_what_no_device_uses_needs_no_signature(found, release):
    assert found(release(A), other=release(version="0.9.0")) == []


def test_each_variant_has_a_signature_of_its_own(found, release):
    assert found(release(A, B, form=VARIANTS)) == []
    (line,) = found(release(A, STRANGER, form=VARIANTS))
    assert line.startswith("devices.yaml/spec/models/seen `m@1.0.0` is not signed")


def test_a_signature_of_something_else_is_told_once_where_it_is(found, release):
    text = release(A)
    wrong = "is wrong: this is not the release that the key signed"
    for changed in (text.replace("size: 3", "size: 4"), text.replace("a" * 64, "c" * 64)):
        (line,) = found(changed)
        assert line.startswith(f"m.yaml/spec/signature the signature {wrong}")
    (line,) = found(release(A), other=release(A).replace("version: 1.0.0", "version: 0.9.0"))
    assert line.startswith("other/spec/signature")  # though no device uses it
    (line,) = found(release(A, B, form=VARIANTS).replace("format: engine", "format: other"))
    assert line.startswith("m.yaml/spec/variants/0/signature")


def test_without_trust_nothing_is_asked(found, release):
    fleet = FLEET.replace("  trust: {releases: [keys/a.pub, keys/b.pub]}\n", "")
    for text in (release(), release(A), release(A).replace("size: 3", "size: 4")):
        assert found(text, fleet=fleet, keys={}) == []


PIN = "{url: 'https://x/m', fileName: m, sha256: %s}" % ("a" * 64)


@pytest.mark.parametrize(
    ("desired", "at"),
    [
        (f"{{models: {{other: {PIN}}}}}", "models/other"),
        (f"{{modelUrl: 'https://x/m', modelMd5: {'a' * 32}, modelFileName: m}}", "modelUrl"),
        (f"{{adresse: 'https://x/m', summe: {'a' * 32}, datei: m}}", "adresse"),
        ("{modelUrl: {fromEnv: EDGEOPS_SECRET_URL, version: 1}}", "modelUrl"),
    ],
)
@pytest.mark.parametrize("name", ["model_loader", "second"])
def test_a_model_that_is_pinned_by_hand_is_of_no_release(found, release, name, desired, at):
    device = f"{{from: model_loader, desired: {desired}}}"
    more = {
        "d.yaml": f"kind: Device\nmetadata: {{name: c}}\nspec: {{modules: {{{name}: {device}}}}}\n"
    }
    assert found(release(A), **more) == [
        f"d.yaml/spec/modules/{name}/desired/{at} names a model without a release;"
        " the Fleet trusts signed releases only"
        " | publish and sign the file as a release, and name that in `models` of the device"
    ]
    fleet = FLEET.replace("  trust: {releases: [keys/a.pub, keys/b.pub]}\n", "")
    assert found(release(), fleet=fleet, **more) == []


def test_what_else_a_loader_is_told_needs_no_signature(found, release):
    own = (
        f"{{modules: {{model_loader: {{desired: {{keepVersions: 3, models: {{seen: {PIN}}}}}}}}}}}"
    )
    more = {"d.yaml": f"kind: Device\nmetadata: {{name: c}}\nspec: {own}\n"}
    assert found(release(A), **more) == []  # the release of the group is in the slot


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (None, "the key file keys/b.pub does not exist"),
        (KeyFile(fault="cannot be read: x"), "the key file keys/b.pub cannot be read: x"),
        (KeyFile(b"no key"), "keys/b.pub is not a public key of Ed25519 in PEM"),
        (KeyFile(B[0]), "keys/b.pub holds a private key"),
    ],
)
def test_a_key_that_cannot_be_read_is_the_only_problem(found, release, file, message):
    keys = {"keys/a.pub": KeyFile(A[1])} | ({"keys/b.pub": file} if file else {})
    (line,) = found(release(), keys=keys)
    assert line.startswith(f"fleet.yaml/spec/trust/releases/1 {message}")


CONTEXT = """\
kind: Context
metadata: {name: city-events}
spec:
  events: [{name: concert, start: 2026-12-01T18:00, end: 2026-12-01T23:00}]
"""
GETS_IT = """\
kind: Device
metadata: {name: c}
spec: {contexts: {events: city-events}}
"""


def signed_context(snapshot_of, key):
    (document, *_) = snapshot_of({"c.yaml": CONTEXT, "fleet.yaml": FLEET}).documents
    made = signed(read_context(document).spec, read_private_key(key[0], "key")).signature
    return f"{CONTEXT}  signature: {{key: {made.key}, value: {made.value}}}\n"


def test_a_context_must_be_signed_like_a_release(found, release, snapshot_of):
    more = {"c.yaml": CONTEXT, "d.yaml": GETS_IT}
    assert found(release(A), **more) == [
        "d.yaml/spec/contexts/events `city-events` is not signed by a key that the Fleet trusts"
        " | edgeops model sign city-events"
    ]
    assert found(release(A), **{**more, "c.yaml": signed_context(snapshot_of, B)}) == []


def test_a_context_that_changed_after_it_was_signed(found, release, snapshot_of):
    text = signed_context(snapshot_of, A).replace("T23:00", "T22:00")
    assert found(release(A), **{"c.yaml": text, "d.yaml": GETS_IT}) == [
        "c.yaml/spec/signature the signature is wrong: this is not the Context that the key signed"
        " | restore the file; or, if it is right, edgeops model sign city-events"
    ]
