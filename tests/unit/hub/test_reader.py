"""The reading half of a hub cannot write: there is nothing to call."""

from edgeops.hub.reader import HubReader


def test_it_only_has_methods_that_read():
    public = {name for name in vars(HubReader) if not name.startswith("_")}
    assert public == {"device_twins", "module_twins", "configurations", "close"}
