"""Finished trainings and exported model files, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeops.report.words import size

if TYPE_CHECKING:
    from edgeops.api.models import Trained
    from edgeops.training.fitted import Fitted


def network_line(fitted: Fitted) -> str:
    """One trained network: the digest of its weights and its best epoch."""
    best = min(fitted.history)
    epoch = fitted.history.index(best) + 1
    return (
        f"{fitted.job.name}  weights {fitted.sha256[:12]}  validation error {best:.2%}"
        f" (epoch {epoch} of {len(fitted.history)})"
    )


def export_lines(trained: Trained) -> list[str]:
    """The exported files, or why there are none."""
    if not trained.files:
        return ["not exported: other trainings are missing; run it again without the option"]
    files = [f"{file.path}  {size(file.size)}  sha256 {file.sha256}" for file in trained.files]
    return [*files, f"differs from Keras by at most {trained.parity:.1e}"]
