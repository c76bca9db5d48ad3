"""Whatever happens, no repository deletes a device that it did not create or adopt."""

from dataclasses import dataclass, field, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from edgeops import stamp as stamps
from edgeops.fleet.model import DesiredDevice, DesiredFleet, HubTarget
from edgeops.plan.agreement import Agreed
from edgeops.plan.counts import by_device
from edgeops.plan.model import Action, PlanOptions
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.plan.plan import make_plan
from edgeops.twin import LiveDevice, Twin

NAMES = st.sampled_from(["a", "b", "c", "d"])
REPOSITORIES = st.sampled_from([0, 1])
VALUES = st.integers(0, 2)


@dataclass
class Repository:
    """One of two with the same Fleet name: its devices in git, and the commits of its clone."""

    number: int
    uid: str | None = None
    devices: dict[str, int] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    commits: int = 0

    @property
    def head(self):
        return f"{self.number + 1}{self.commits:039x}"

    def commit(self):
        self.commits += 1
        self.known.add(self.head)

    @property
    def fleet(self):
        devices = {
            name: DesiredDevice(name, {}, (), False, "sas", False, {}, {"r": value}, {}, {}, {})
            for name, value in self.devices.items()
        }
        return DesiredFleet("f", self.head, {}, devices, max_deletes=99, uid=self.uid)


class TwoRepositories(RuleBasedStateMachine):
    """A hub, two repositories, and what people do with them.

    `wrote` has the devices that each repository created or wrote since they are on the hub.
    """

    with_uid = True

    def __init__(self):
        super().__init__()
        self.hub = {}
        self.repositories = [Repository(number) for number in (0, 1)]
        self.wrote = [set(), set()]
        for repository in self.repositories:
            repository.uid = f"uid-{repository.number}" if self.with_uid else None
            repository.commit()

    @rule(repository=REPOSITORIES, name=NAMES, value=VALUES)
    def set_in_git(self, repository, name, value):
        self.repositories[repository].devices[name] = value
        self.repositories[repository].commit()

    @rule(repository=REPOSITORIES, name=NAMES)
    def remove_from_git(self, repository, name):
        self.repositories[repository].devices.pop(name, None)
        self.repositories[repository].commit()

    @rule(repository=REPOSITORIES, name=NAMES, new=NAMES)
    def rename_in_git(self, repository, name, new):
        devices = self.repositories[repository].devices
        if name in devices:
            devices[new] = devices.pop(name)
            self.repositories[repository].commit()

    @rule(repository=REPOSITORIES)
    def squash_or_clone_without_history(self, repository):
        self.repositories[repository].known = {self.repositories[repository].head}

    @rule(name=NAMES)
    def create_by_hand(self, name):
        self.hub.setdefault(name, LiveDevice(Twin(name, authentication="sas")))

    @rule(name=NAMES)
    def delete_by_hand(self, name):
        self._gone(name)

    @rule(name=NAMES, new=NAMES)
    def copy_twin(self, name, new):
        if name in self.hub and new not in self.hub:
            self.hub[new] = LiveDevice(replace(self.hub[name].twin, device=new))

    @rule(repository=REPOSITORIES, name=NAMES)
    def forget(self, repository, name):
        this = self.repositories[repository]
        owner = Owner("f", this.uid)
        stamp = stamps.decode(self.hub[name].twin.tags) if name in self.hub else None
        if name in this.devices or stamp is None or owner.foreign(stamp, name):
            return
        twin = self.hub[name].twin
        tags = {key: value for key, value in twin.tags.items() if key != stamps.TAG}
        self.hub[name] = LiveDevice(replace(twin, tags=tags))

    @rule(repository=REPOSITORIES, prune=st.booleans())
    def sync(self, repository, prune):
        this, wrote = self.repositories[repository], self.wrote[repository]
        of_fleet = {
            name: stamp
            for name, live in self.hub.items()
            if (stamp := stamps.decode(live.twin.tags)) and stamp.fleet == "f"
        }
        agreed = Agreed(this.fleet)
        rest = {name: live for name, live in self.hub.items() if not agreed.take(name, live)}
        made, without_agreed = (
            make_plan(
                this.fleet,
                live,
                hub=HubTarget("local"),
                options=PlanOptions(prune=prune, create=True),
                managed=tuple(of_fleet),
                created_at="2026-01-01T00:00:00Z",
                known=frozenset(this.known) if prune else None,
                agreed=commits,
            )
            for live, commits in ((dict(self.hub), {}), (rest, agreed.commits))
        )
        assert made == without_agreed
        if made.blocked:
            return
        for name, changes in by_device(made.changes).items():
            if changes[0].action is Action.DELETE_DEVICE:
                assert prune
                assert name not in this.devices
                assert name in wrote, f"{name} was never created or adopted here"
                self._gone(name)
            else:
                before = self.hub.get(name, LiveDevice(Twin(name, authentication="sas")))
                self.hub[name] = carried_out(before, changes)
                wrote.add(name)

    def _gone(self, name):
        self.hub.pop(name, None)
        for wrote in self.wrote:
            wrote.discard(name)


class TwoRepositoriesWithoutUid(TwoRepositories):
    """The same, of fleets that are older than uids."""

    with_uid = False


TestWithUid = TwoRepositories.TestCase
TestWithUid.settings = settings(stateful_step_count=30)
TestWithoutUid = TwoRepositoriesWithoutUid.TestCase
TestWithoutUid.settings = settings(stateful_step_count=30)
