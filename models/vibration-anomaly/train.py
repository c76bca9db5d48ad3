"""Trains an anomaly score for the vibration of a bearing: how unlike a sound one does it sound?

A team brings its own training: this script knows nothing of edgeops. It writes the two files that
a release of the model consists of, and says how to publish them.

    pip install keras tensorflow-cpu
    python models/vibration-anomaly/train.py OUT

The data are simulated: a shaft at 30 Hz with harmonics and noise, sampled at 6.4 kHz. A damaged
outer race adds a decaying 2.1 kHz ring at each passing ball (R. B. Randall, J. Antoni: Rolling
element bearing diagnostics - a tutorial, Mechanical Systems and Signal Processing 25, 2011). The
network learns sound windows only, and the score is how badly it reproduces one.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np

RATE = 6_400  # samples a second
WINDOW = 1_024  # samples
BANDS = 32
BALLS_PASS = 107.0  # Hz, of the outer race
RING = 2_100.0  # Hz
SOUND = 0.99  # the share of sound windows with a score below 1


def windows(count: int, damage: float, seed: int) -> np.ndarray:
    """Vibration of a bearing in g, count x WINDOW; `damage` is the height of its rings."""
    random = np.random.default_rng(seed)
    time = np.arange(WINDOW) / RATE
    speed = random.normal(30, 0.3, (count, 1))
    phase = random.uniform(0, 2 * np.pi, (count, 3))
    shaft = sum(
        height * np.sin(2 * np.pi * (order + 1) * speed * time + phase[:, [order]])
        for order, height in enumerate((1.0, 0.4, 0.2))
    )
    since = (time + random.uniform(0, 1, (count, 1))) % (1 / BALLS_PASS)
    rings = damage * np.exp(-800 * since) * np.sin(2 * np.pi * RING * since)
    return np.asarray(shaft + rings + random.normal(0, 0.3, (count, WINDOW)))


def bands(vibration: np.ndarray) -> np.ndarray:
    """The logarithm of the energy in each of BANDS equal bands, n x BANDS."""
    spectrum = np.abs(np.fft.rfft(vibration * np.hanning(WINDOW)))[:, 1:] ** 2
    energy = spectrum.reshape(len(vibration), BANDS, -1).sum(axis=2)
    return np.asarray(np.log(energy))


def trained(inputs: np.ndarray) -> keras.Model:
    """A network that squeezes sound bands, scaled, through six numbers and gives them again."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((BANDS,)),
            keras.layers.Dense(16, activation="tanh"),
            keras.layers.Dense(6, activation="tanh"),
            keras.layers.Dense(16, activation="tanh"),
            keras.layers.Dense(BANDS),
        ]
    )
    model.compile(keras.optimizers.Adam(0.005), "mse")
    model.fit(inputs, inputs, epochs=40, batch_size=64, verbose=0)
    return model


def main(out: Path) -> None:
    """Train on sound windows, judge on others and on damage, write weights and settings."""
    sound = bands(windows(2_000, 0, seed=1))
    mean, deviation = sound.mean(axis=0), sound.std(axis=0)
    model = trained((sound - mean) / deviation)
    weights = {f"w{i}": np.asarray(w, np.float32) for i, w in enumerate(model.get_weights())}

    def errors(vibration: np.ndarray) -> np.ndarray:
        inputs = ((bands(vibration) - mean) / deviation).astype(np.float32)
        value = inputs
        for layer in range(4):
            value = value @ weights[f"w{2 * layer}"] + weights[f"w{2 * layer + 1}"]
            value = np.tanh(value) if layer < 3 else value
        return np.asarray(((value - inputs) ** 2).mean(axis=1))

    limit = float(np.quantile(errors(windows(2_000, 0, seed=2)), SOUND))
    false = float((errors(windows(1_000, 0, seed=3)) > limit).mean())
    found = float((errors(windows(1_000, 1.5, seed=4)) > limit).mean())
    if false > 0.03 or found < 0.95:
        sys.exit(f"{found:.1%} of the damage found, {false:.1%} false alarms: not good enough")

    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / "weights.npz", mean=mean, deviation=deviation, **weights)
    settings = {"rate": RATE, "window": WINDOW, "bands": BANDS, "limit": round(limit, 6)}
    (out / "settings.json").write_text(json.dumps(settings) + "\n")
    print(f"{found:.1%} of the damage found, {false:.1%} false alarms; publish it with")
    print(
        f"edgeops model publish vibration-anomaly --file {out}/weights.npz"
        f" --file {out}/settings.json --format numpy --version 1.0.0"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "vibration-anomaly"))
