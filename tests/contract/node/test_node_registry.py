"""Microsoft's service SDK for Node: devices and modules, one at a time and in bulk."""

from __future__ import annotations

import pytest

NOT_FOUND = ["DeviceNotFoundError", 404, "DeviceNotFound"]
STALE = ["InvalidEtagError", 412, "PreconditionFailed"]


@pytest.fixture(scope="module")
def saw(run_script):
    return run_script("registry.mjs")


@pytest.fixture(scope="module")
def saw_in_bulk(run_script):
    return run_script("bulk.mjs")


def test_a_device_is_created_and_read(saw):
    assert saw["created"] == ["d1", "enabled", "sas"]
    assert saw["read as created"] is True
    assert saw["created twice"] == ["DeviceAlreadyExistsError", 409, "DeviceAlreadyExists"]
    assert saw["nobody"] == NOT_FOUND
    assert saw["odd name"] is True


def test_a_device_is_updated(saw):
    assert saw["updated"] == ["disabled", "in repair"]
    assert saw["keys swapped"] is True
    assert saw["x509"] == ["selfSigned", True]
    assert saw["leaf in scope"] is True


def test_devices_are_listed_and_counted(saw):
    assert saw["listed"] == ["d1", "gateway", "leaf"]
    assert saw["statistics"] == {
        "totalDeviceCount": 3,
        "enabledDeviceCount": 2,
        "disabledDeviceCount": 1,
    }


def test_a_device_is_deleted(saw):
    assert saw["deleted"] == saw["deleted twice"] == NOT_FOUND


def test_modules(saw):
    assert saw["module"] == ["leaf", "m1", "Disconnected", None]
    assert saw["module twice"] == ["DeviceAlreadyExistsError", 409, "ModuleAlreadyExistsOnDevice"]
    assert saw["module updated, stale"] == saw["module removed, stale"] == STALE
    assert saw["module updated"] == "all"
    assert saw["modules"] == ["m1"]
    assert saw["no modules"] == []
    assert saw["module of nobody"] == NOT_FOUND


def test_devices_are_written_in_bulk(saw_in_bulk):
    assert saw_in_bulk["added"] == [True, []]
    assert saw_in_bulk["added twice"] == [False, [["b1", "DeviceAlreadyExists", "create"]]]
    assert saw_in_bulk["updated"] == saw_in_bulk["updated, forced"] == [True, []]
    assert saw_in_bulk["status"] == "disabled"
    assert saw_in_bulk["updated, nobody"] == [False, [["nobody", "DeviceNotFound", "update"]]]
    assert saw_in_bulk["removed"] == saw_in_bulk["removed, forced"] == [True, []]
    assert saw_in_bulk["left"] == ["b2"]


def test_etags_guard_bulk_writes(saw_in_bulk):
    """The SDK writes `etag` where the documentation of the service says `eTag`."""
    stale = ["b1", "PreconditionFailed"]
    assert saw_in_bulk["updated, stale"] == [False, [[*stale, "updateIfMatchETag"]]]
    assert saw_in_bulk["removed, stale"] == [False, [[*stale, "deleteIfMatchETag"]]]
