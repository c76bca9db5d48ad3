"""A module that scores the vibration of a bearing, and needs nothing of edgeops.

It reads `current.json` as a program in any language can, and speaks with Microsoft's device SDK.
A sensor sends `{"bearing": "B3", "vibration": [1,024 values in g]}`; the answer on the output
`scores` is `{"bearing", "score", "alarm"}`. A score above 1 is an alarm.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
from azure.iot.device import IoTHubModuleClient, Message

SLOT = Path(os.environ.get("EDGEOPS_STORAGE", "/models")) / os.environ.get("SLOT", "vibration")


class Model:
    """The weights and settings of one release."""

    def __init__(self, pointer: dict[str, Any]) -> None:
        paths = {file["name"]: SLOT / file["path"] for file in pointer["files"]}
        self.sha256: str = pointer["sha256"]
        self.settings = json.loads(paths["settings.json"].read_text())
        with np.load(paths["weights.npz"]) as weights:
            self.weights = dict(weights)

    def score(self, vibration: np.ndarray) -> float:
        """How unlike a sound bearing it is: above 1 is an alarm."""
        window, bands = self.settings["window"], self.settings["bands"]
        spectrum = np.abs(np.fft.rfft(vibration * np.hanning(window)))[1:] ** 2
        energy = np.log(spectrum.reshape(bands, -1).sum(axis=1))
        value = inputs = (energy - self.weights["mean"]) / self.weights["deviation"]
        for layer in range(4):
            value = value @ self.weights[f"w{2 * layer}"] + self.weights[f"w{2 * layer + 1}"]
            value = np.tanh(value) if layer < 3 else value
        return float(((value - inputs) ** 2).mean() / self.settings["limit"])


def connected() -> IoTHubModuleClient:
    """A client with the identity that IoT Edge gives, or with that of a connection string."""
    text = os.environ.get("EDGEOPS_CONNECTION_STRING")
    if text is None:
        return IoTHubModuleClient.create_from_edge_environment()
    certificates = Path(os.environ["EDGEOPS_CA_FILE"]).read_text()
    return IoTHubModuleClient.create_from_connection_string(
        text, server_verification_cert=certificates
    )


def main() -> None:
    """Answer messages with the model that the slot holds, until SIGTERM."""
    client = connected()
    client.connect()
    model: Model | None = None
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def answer(message: Message) -> None:
        if model is None:
            return
        seen = json.loads(message.data)
        score = model.score(np.array(seen["vibration"]))
        said = {"bearing": seen["bearing"], "score": round(score, 3), "alarm": score > 1}
        client.send_message_to_output(Message(json.dumps(said)), "scores")

    client.on_message_received = answer
    told = ""
    while not stop.wait(1):
        try:
            text = (SLOT / "current.json").read_text()
        except FileNotFoundError:  # nothing was delivered yet
            continue
        if text != told:  # the pointer is replaced whole: it is the old one or the new one
            model, told = Model(json.loads(text)), text
            client.patch_twin_reported_properties({"use": {"state": "ok", "sha256": model.sha256}})
    client.shutdown()


if __name__ == "__main__":
    main()
