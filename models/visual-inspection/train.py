"""Trains a small classifier of images: which digit of a date code was printed on a part?

A team brings its own training: this script knows nothing of edgeops. It writes the two files that
a release of the model consists of, and says how to publish them.

    pip install keras tensorflow-cpu onnx onnxruntime scikit-learn
    python models/visual-inspection/train.py OUT

The data are 1,797 images of 8 x 8 grey values, which scikit-learn bundles (E. Alpaydin, C. Kaynak:
Optical Recognition of Handwritten Digits, 1998, UCI Machine Learning Repository, CC BY 4.0).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # or onnxruntime tells Microsoft what it loads

import keras
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

EPOCHS = 30
HELD_OUT = 360  # images that judge the model


def trained(images: np.ndarray, digits: np.ndarray) -> keras.Model:
    """A network of two convolutions, 16 KB; images are n x 8 x 8 x 1, from 0 to 1."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    model.fit(images, digits, epochs=EPOCHS, batch_size=64, verbose=0)
    return model


def to_onnx(model: keras.Model) -> bytes:
    """The same network for onnxruntime: it takes images n x 8 x 8, gives shares n x 10."""
    first, _, second, _, dense = model.layers
    constants = {
        "channel": np.array([1], np.int64),
        **_convolution("first", first),
        **_convolution("second", second),
        "weights": np.asarray(dense.kernel),
        "bias": np.asarray(dense.bias),
    }
    same = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    half = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        helper.make_node("Unsqueeze", ["images", "channel"], ["in"]),
        helper.make_node("Conv", ["in", "first", "first_bias"], ["c1"], **same),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("MaxPool", ["r1"], ["p1"], **half),
        helper.make_node("Conv", ["p1", "second", "second_bias"], ["c2"], **same),
        helper.make_node("Relu", ["c2"], ["r2"]),
        # Keras has the channels last, ONNX first: this is the order that the weights expect.
        helper.make_node("Transpose", ["r2"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node("Flatten", ["last"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["sums"]),
        helper.make_node("Softmax", ["sums"], ["shares"]),
    ]
    graph = helper.make_graph(
        nodes,
        "visual-inspection",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 8, 8])],
        [helper.make_tensor_value_info("shares", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(made.SerializeToString(deterministic=True))


def _convolution(name: str, layer: Any) -> dict[str, np.ndarray]:
    kernel = np.asarray(layer.kernel).transpose(3, 2, 0, 1)
    return {name: np.ascontiguousarray(kernel), f"{name}_bias": np.asarray(layer.bias)}


def shares_of(onnx: bytes, images: np.ndarray) -> np.ndarray:
    """What a device makes of images n x 8 x 8."""
    import onnxruntime

    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"images": images.astype(np.float32)})[0])


def main(out: Path) -> None:
    """Train, judge on images that were held out, and write model.onnx and labels.txt."""
    data = load_digits()
    images, digits = (data.images / 16).astype(np.float32), data.target
    model = trained(images[HELD_OUT:, :, :, None], digits[HELD_OUT:])
    onnx = to_onnx(model)

    shares = shares_of(onnx, images[:HELD_OUT])
    by_keras = np.asarray(model.predict(images[:HELD_OUT, :, :, None], verbose=0))
    if np.abs(shares - by_keras).max() > 1e-4:
        sys.exit("the ONNX file is not the model that was trained")
    accuracy = float((shares.argmax(axis=1) == digits[:HELD_OUT]).mean())
    if accuracy < 0.95:
        sys.exit(f"only {accuracy:.1%} of the images that were held out are right")

    out.mkdir(parents=True, exist_ok=True)
    (out / "model.onnx").write_bytes(onnx)
    (out / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(10)))
    print(f"{accuracy:.1%} of {HELD_OUT} images are right; publish it with")
    print(
        f"edgeops model publish visual-inspection --file {out}/model.onnx"
        f" --file {out}/labels.txt --metadata accuracy={accuracy:.3f} --version 1.0.0"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "visual-inspection"))
