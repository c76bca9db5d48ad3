"""Staging a clone of another hub, and becoming it."""

from __future__ import annotations

from datetime import UTC, datetime

from edgeops.localhub.routing import InputMessage
from edgeops.localhub.service import registry
from edgeops.localhub.service.clones import staging, state_of, take_over
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.store import HubStore

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SOURCE = {"hub": "production"}


class Connection:
    """A connected device."""

    closed = ""

    def close(self, reason):
        self.closed = reason


def test_a_hub_becomes_what_is_staged_and_keeps_nothing_of_before(tmp_path):
    connection = Connection()
    with HubStore(tmp_path / "hub.db") as store, staging(tmp_path, lambda: NOW) as staged:
        hub = EmulatedHub(store)
        registry.put_device(hub, "old", {"deviceId": "old"}, None)
        hub.links.add(("old", ""), connection)
        hub.mailboxes.keep(("old", "m"), InputMessage("a", {}, b"1"), 0, 1, 0)
        staged.add_twins([{"deviceId": "d1"}])
        staged.add_twins(
            [{"deviceId": "d1", "moduleId": "m"}, {"deviceId": "gone", "moduleId": "m"}]
        )
        assert staged.finish(SOURCE, lambda *_: None) == (1, 1)

        take_over(hub, replace=True)

        assert state_of(hub) == {"of": SOURCE, "empty": False, "activeJobs": 0}
        assert [entry.identity.device for entry in store.devices()] == ["d1"]
        assert [entry.identity.device for entry in store.all_modules()] == ["d1"]
        assert connection.closed == "deleted"
        assert not hub.mailboxes.waits(("old", "m"))
