"""Whose a twin is, as its stamp proves."""

from __future__ import annotations

from dataclasses import dataclass

from edgeops.commit import is_commit_id, short_commit
from edgeops.fleet.model import DesiredFleet
from edgeops.plan.model import Refusal
from edgeops.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Owner:
    """A fleet at a commit, and the `uid` that tells it from others of its name, if it has one.

    `known` are the commits in its repository that stamps may name; None if all are.
    """

    fleet: str
    uid: str | None = None
    commit: str | None = None
    known: frozenset[str] | None = None

    @classmethod
    def of(cls, fleet: DesiredFleet, known: frozenset[str] | None = None) -> Owner:
        """The owner of what a fleet writes."""
        return cls(fleet.name, fleet.uid, fleet.commit, known)

    def foreign(
        self, stamp: Stamp | None, device: str, module: str | None = None
    ) -> Refusal | None:
        """Why a twin is not to be written; None if it is this fleet's, or nobody's.

        A stamp without a uid is taken over: it is older than the uid of the fleet.
        """
        if stamp is None:
            return None
        subject = f"its module {module} is" if module else "is"
        if stamp.fleet != self.fleet:
            return Refusal(
                device,
                f"{subject} managed by the fleet {stamp.fleet}",
                "remove it from that fleet and delete `tags.edgeops` of its twin first",
            )
        if stamp.uid is not None and self.uid is None:
            return Refusal(
                device,
                f"{subject} managed by the repository with uid {stamp.uid};"
                " the Fleet in this one has no uid",
                "if that is this repository, restore `uid` in the spec of the Fleet",
            )
        if stamp.uid not in (None, self.uid):
            return Refusal(
                device,
                f"{subject} managed by another repository, whose Fleet has the same name"
                f" and uid {stamp.uid}",
                "remove it from one of them: `edgeops forget` there, once its git no longer has it",
            )
        if stamp.device not in (None, device):
            return Refusal(
                device,
                f"{subject} a copy of {stamp.device}: its stamp was copied along",
                "delete `tags.edgeops` of its twin, then sync again",
            )
        return None

    def proves(self, stamp: Stamp | None, device: str) -> bool:
        """Whether this fleet, as it is now, wrote the twin of a device."""
        if stamp is None or self.foreign(stamp, device) is not None:
            return False
        return self.uid is None or stamp.uid == self.uid

    def knows(self, stamp: Stamp | None) -> bool:
        """Whether the commit of a stamp is in this repository."""
        return self.known is None or (stamp is not None and stamp.commit in self.known)

    def unknown(self, stamp: Stamp) -> tuple[str, str]:
        """What to say of a twin whose commit is not in this repository, and what to do."""
        commit = stamp.commit
        named = f"commit {short_commit(commit)}" if is_commit_id(commit) else "an unknown commit"
        hint = (
            "fetch the whole history (`git fetch --unshallow`); if the commit no longer exists,"
            " `edgeops forget` the device, or delete by hand"
        )
        if self.uid is None:
            hint += "; if another repository wrote it, give the Fleets of both a `uid`"
        return f"was last written from {named}, which this clone does not have", hint
