"""A module that reads printed digits with the model in its slot.

It stands on the runtime of edgeops' own modules. A camera sends

    {"part": "A-113", "expected": 7, "image": [[0.0, 0.3, ...], ...]}      8 x 8 grey values, 0 to 1

and it answers `{"part", "digit", "share", "good"}` on its output `inspections`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from edgeops.modules.runtime import CurrentModel, DeviceModule, follow_slot, run_module

# isort: split
# After edgeops, which switches off the telemetry of onnxruntime.
import numpy as np
import onnxruntime

SLOT = os.environ.get("SLOT", "inspection")
CERTAIN = 0.6


class Inspector:
    """The model in use, and how its answers are doing."""

    def __init__(self) -> None:
        self._session: Any = None
        self._labels: Sequence[str] = ()
        self._module: DeviceModule | None = None
        self._use: dict[str, Any] = {"state": "no model"}

    def use(self, current: CurrentModel | None) -> None:
        """Take the model that the slot holds now."""
        if current is None:
            self._session, self._use = None, {"state": "no model"}
        else:
            self._session = onnxruntime.InferenceSession(
                current.path.read_bytes(), providers=["CPUExecutionProvider"]
            )
            self._labels = current.files["labels.txt"].read_text().split()
            self._use = {"state": "ok", "sha256": current.sha256, "version": current.version}
        self._report()

    def follow(self, module: DeviceModule, _desired: Any) -> None:
        """Remember where to report to."""
        self._module = module
        self._report()

    def inspect(self, message: bytes, _input: str) -> None:
        """Read one image and send the answer."""
        if self._module is None or self._session is None:
            return
        seen = json.loads(message)
        image = np.array(seen["image"], np.float32).reshape(1, 8, 8)
        shares = self._session.run(None, {"images": image})[0][0]
        digit, share = self._labels[int(shares.argmax())], float(shares.max())
        good = share >= CERTAIN and digit == str(seen["expected"])
        answer = {"part": seen["part"], "digit": digit, "share": round(share, 3), "good": good}
        self._module.send(answer, "inspections")

    def _report(self) -> None:
        if self._module is not None:
            self._module.report({"use": self._use})


if __name__ == "__main__":
    inspector = Inspector()
    follow_slot(SLOT, inspector.use)
    run_module("inspector", inspector.follow, inspector.inspect)
