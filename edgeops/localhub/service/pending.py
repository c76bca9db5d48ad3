"""What configurations must still be evaluated for."""

from __future__ import annotations

from collections.abc import Iterable

from edgeops.localhub.service.notifier import Notifier
from edgeops.localhub.state.targeting import Rule

MAX_DEVICES = 10_000  # with more, all are evaluated


class Pending:
    """The devices that have changed since their configurations were evaluated.

    Nothing of this is stored: a hub that starts evaluates everything. While there
    are no configurations, devices need not wait, and are not remembered.
    """

    def __init__(self) -> None:
        self.devices: dict[str, None] = {}  # in the order in which they changed
        self.everything = False
        self.rules: tuple[Rule, ...] = ()
        self.revision = 1  # of the configurations
        self._revision_of_rules = 0
        self.wanted = Notifier()

    def __bool__(self) -> bool:
        return self.everything or bool(self.devices)

    @property
    def rules_changed(self) -> bool:
        """Whether the rules are not those of the configurations as they are now."""
        return self._revision_of_rules != self.revision

    def have_rules(self, rules: tuple[Rule, ...], revision: int) -> None:
        """Take the rules of the configurations, read when they had a revision."""
        self.rules, self._revision_of_rules = rules, revision

    def add(self, devices: Iterable[str]) -> None:
        """Let devices be evaluated."""
        if self.everything or not (self.rules or self.rules_changed):
            return
        self.devices.update(dict.fromkeys(devices))
        if len(self.devices) > MAX_DEVICES:
            self.add_everything()
        self.wanted.notify_all()

    def add_everything(self) -> None:
        """Let all devices be evaluated."""
        self.everything = True
        self.devices.clear()
        self.wanted.notify_all()

    def configurations_changed(self) -> None:
        """Let all devices be evaluated, by rules that are read again."""
        self.read_rules_again()
        self.add_everything()

    def read_rules_again(self) -> None:
        """Let rules be read again before the next evaluation."""
        self.revision += 1
