"""Who uses a port."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from edgeops.localhub.port_user import port_user

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")


@pytest.mark.parametrize(
    ("address", "asked"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0.0.0.0")],
)
def test_the_process_that_listens_is_found(address, asked):
    with socket.create_server((address, 0)) as listener:
        user = port_user(asked, listener.getsockname()[1])
    assert user is not None
    assert (user.pid, user.hub_dir) == (os.getpid(), None)
    assert user.command


def test_ipv6_is_found():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        user = port_user("::1", listener.getsockname()[1])
    assert user is not None
    assert user.pid == os.getpid()


def test_the_same_port_of_another_address_is_another():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert port_user("127.0.0.2", listener.getsockname()[1]) is None


def test_a_hub_is_known_by_its_lock(local_hub):
    user = port_user("127.0.0.1", local_hub.port)
    assert user is not None
    assert user.hub_dir == local_hub.state_dir


def test_where_nothing_can_be_seen_nobody_is_found(tmp_path):
    assert port_user("127.0.0.1", 80, proc=tmp_path) is None
    (tmp_path / "net").mkdir()
    (tmp_path / "net/tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
        " inode\n   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 "
        " 0 1145 1\n"
    )
    (tmp_path / "7").mkdir()  # a process of another user: its files cannot be listed
    assert port_user("127.0.0.1", 80, proc=tmp_path) is None
