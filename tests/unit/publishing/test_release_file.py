"""The text of a release file, and how it is written."""

import pytest

from edgeops.errors import EdgeOpsError, Refused
from edgeops.fleet.manifest import parse
from edgeops.publishing.release_file import release_document, write_release
from edgeops.release import ModelRelease
from edgeops.source.schemas import packaged_schemas

# Digests that YAML would read as numbers: 1e5... and digits only.
RELEASE = ModelRelease.of_file(
    name="crowdedness-24h",
    version="1.1.0",
    file_name="crowdedness-24h-1.1.0.onnx",
    size=143211,
    sha256="1e5" + "0" * 61,
    md5="12" * 16,
    format="onnx",
    path="crowdedness-24h/1.1.0/crowdedness-24h-1.1.0.onnx",
)
METRICS = {"wape": 0.0745123456, "size_bytes": 143211.0, "mape": float("nan"), "latency_ms": 1e-05}
GATES = ("wape is 0.0745123, at most 0.08",)
PROVENANCE = {
    "commit": "1234567",
    "framework": {"keras": "3.15.1", "python": "3.10"},
    "attribution": "Auckland Council: CC BY 4.0",
    "threads": 1,
}
TEXT = """\
# yaml-language-server: $schema=../../../schemas/modelrelease.schema.json
apiVersion: edgeops/v1
kind: ModelRelease
metadata:
  name: crowdedness-24h
  version: 1.1.0
spec:
  path: crowdedness-24h/1.1.0/crowdedness-24h-1.1.0.onnx
  fileName: crowdedness-24h-1.1.0.onnx
  size: 143211
  sha256: "1e50000000000000000000000000000000000000000000000000000000000000"
  md5: "12121212121212121212121212121212"
  format: onnx
  metrics:
    wape: 0.0745123
    size_bytes: 143211
    latency_ms: 1.0e-05
  gates:
  - wape is 0.0745123, at most 0.08
  provenance:
    commit: "1234567"
    framework:
      keras: 3.15.1
      python: "3.10"
    attribution: "Auckland Council: CC BY 4.0"
    threads: 1
"""


def test_the_text_is_complete_and_can_be_read_back():
    text = release_document(RELEASE, METRICS, GATES, PROVENANCE)
    assert text == TEXT
    ((document,), problems) = parse("a.yaml", text.encode(), packaged_schemas())
    spec = document.value["spec"]
    assert not problems
    assert (spec["sha256"], spec["md5"]) == ("1e5" + "0" * 61, "12" * 16)
    assert (spec["provenance"], spec["gates"]) == (PROVENANCE, list(GATES))
    assert spec["metrics"] == {"wape": 0.0745123, "size_bytes": 143211, "latency_ms": 1e-05}


def test_without_metrics_gates_and_provenance_they_are_left_out():
    assert release_document(RELEASE, {}, (), {}) == TEXT[: TEXT.index("  metrics:")]


@pytest.mark.parametrize(
    ("provenance", "message"),
    [
        ({"threads": "one"}, "/spec/provenance/threads"),
        ({"command": "train --key AccountKey=c2VjcmV0c2VjcmV0"}, "holds a connection string"),
    ],
)
def test_a_provenance_that_may_not_be_in_git_is_refused(provenance, message):
    with pytest.raises(EdgeOpsError, match=message) as error:
        release_document(RELEASE, {}, (), provenance)
    assert "c2Vj" not in error.value.message


def test_a_release_file_is_written_once(tmp_path):
    file = tmp_path / "releases" / "1.1.0.yaml"
    assert write_release(file, TEXT) is True
    assert write_release(file, TEXT) is False
    with pytest.raises(Refused, match="already exists with other content"):
        write_release(file, TEXT + "# more\n")
    assert file.read_text() == TEXT
    assert list(file.parent.iterdir()) == [file]
