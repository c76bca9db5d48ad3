"""A rehearsal is for the hub that was cloned, and for no other."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from edgeops.api import Workspace
from edgeops.api.rehearsing import rehearsing
from edgeops.errors import Refused
from edgeops.localhub.client import client
from edgeops.localhub.service.clones import staging

AT = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(("name", "hostname"), [("test", "a.example"), ("production", "b.example")])
def test_another_hub_is_not_rehearsed_and_both_are_named(root, local_hub, name, hostname):
    with staging(local_hub.state_dir, lambda: AT) as staged:
        cloned = {"hub": "production", "hostname": "a.example", "fleet": "f", "at": "now"}
        staged.finish(cloned, lambda *_: None)
        client(local_hub.state_dir, "registryReadWrite", seconds=20)("PUT", "/clone", {})
    workspace = Workspace.find(root, environ={"EDGEOPS_HUB_DIR": str(local_hub.state_dir)})
    target = SimpleNamespace(name=name, hostname=hostname)
    with pytest.raises(Refused) as caught, rehearsing(workspace, target):
        pytest.fail("it is rehearsed")
    assert caught.value.message == (
        "the local hub is a clone of `production` (a.example), so nothing can be rehearsed for"
        f" `{name}` ({hostname})"
    )
    assert caught.value.hint.endswith(f"--from {name} --replace`")
