"""Writes a tiny model for the demo: `demo_model.py ARTIFACTS_FOLDER RELEASE_FILE`.

It forecasts, for each of the next 24 hours, the mean of the last 24.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from onnx import TensorProto, helper

NAME, VERSION = "crowdedness-demo", "1.0.0"


def main(artifacts: Path, release: Path) -> None:
    data = model()
    file_name = f"{NAME}-{VERSION}.onnx"
    artifact = artifacts / NAME / VERSION / file_name
    artifact.parent.mkdir(parents=True)
    artifact.write_bytes(data)
    release.parent.mkdir(parents=True)
    release.write_text(
        "apiVersion: edgeops/v1\n"
        "kind: ModelRelease\n"
        f"metadata: {{name: {NAME}, version: {VERSION}}}\n"
        "spec:\n"
        f"  path: {NAME}/{VERSION}/{file_name}\n"
        f"  fileName: {file_name}\n"
        f"  size: {len(data)}\n"
        f"  sha256: {hashlib.sha256(data).hexdigest()}\n"
        f"  md5: {hashlib.md5(data).hexdigest()}\n"
        "  format: onnx\n"
    )


def model() -> bytes:
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["window"], ["mean"], axes=[1, 2], keepdims=1),
            helper.make_node("Tile", ["mean", "repeats"], ["forecast"]),
        ],
        NAME,
        [helper.make_tensor_value_info("window", TensorProto.FLOAT, [1, 24, 1])],
        [helper.make_tensor_value_info("forecast", TensorProto.FLOAT, [1, 24, 1])],
        [helper.make_tensor("repeats", TensorProto.INT64, [3], [1, 24, 1])],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    says = {"inputs": json.dumps(["pedestrians"]), "window_steps": "24", "horizon": "24"}
    helper.set_model_props(made, says)
    return bytes(made.SerializeToString())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
