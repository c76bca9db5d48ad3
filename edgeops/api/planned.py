"""What is planned and synced: the request, the plan, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.errors import ExitCode
from edgeops.history import ApplyResult

if TYPE_CHECKING:
    from edgeops.api.since_last import SinceLast
    from edgeops.apply.outcome import Outcome
    from edgeops.fleet.model import DesiredFleet
    from edgeops.plan.model import Plan


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """The scope of a plan. With `create` None, the Fleet decides whether to create devices.

    `changed_since` limits it to devices that differ from that revision;
    `offline` then compares the two revisions without a hub. `since_last` limits it to those that
    may differ from git, as the history on the hub says.
    """

    rev: str = "HEAD"
    targets: tuple[str, ...] = ()
    prune: bool = False
    drift_only: bool = False
    create: bool | None = None
    changed_since: str | None = None
    offline: bool = False
    since_last: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and its fleet, without what configurations of the hub write.

    `base` is the commit that an offline plan starts from. `since_last` is set if the plan is
    limited to devices that may differ from git, and every other one agrees with it.
    """

    plan: Plan
    fleet: DesiredFleet
    base: str | None = None
    since_last: SinceLast | None = None

    @property
    def devices(self) -> frozenset[str]:
        """The devices of the fleet that the plan covers."""
        from edgeops.plan.targets import covered

        return frozenset(covered(self.fleet, self.plan.options))


@dataclass(frozen=True, slots=True)
class Synced:
    """The outcomes of the devices of a plan; `interrupted`: it was told to stop early."""

    planned: Planned
    outcomes: tuple[Outcome, ...]
    seconds: float
    interrupted: bool

    @property
    def exit_code(self) -> int:
        """0, or the `ExitCode` of a sync that was stopped or not applied completely."""
        return _EXIT_CODES.get(apply_result(self.outcomes, stopped=self.interrupted), 0)


_EXIT_CODES = {
    ApplyResult.INTERRUPTED: ExitCode.INTERRUPTED,
    ApplyResult.PARTLY: ExitCode.PARTLY,
    ApplyResult.REFUSED: ExitCode.REFUSED,
}


def apply_result(outcomes: Iterable[Outcome], *, stopped: bool) -> ApplyResult:
    """How an apply ended; `stopped`: it was told to stop early."""
    from edgeops.apply.outcome import Status

    ends = {outcome.status for outcome in outcomes}
    if stopped and Status.SKIPPED in ends:
        return ApplyResult.INTERRUPTED
    if ends & {Status.FAILED, Status.CONFLICT, Status.SKIPPED}:
        return ApplyResult.PARTLY
    return ApplyResult.REFUSED if Status.REFUSED in ends else ApplyResult.APPLIED
