"""Everything that can be wrong with the disk. The reason is reported and the old model runs."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.model_loader.main import make_module, read_settings
from edgeops.modules.model_loader.status import SlotState
from edgeops.modules.model_loader.storage import Storage, host_path

OLD = b"the old model" * 100  # what the fixture `device` runs
NEW = bytes(range(256)) * 2000


def test_two_loaders_do_not_share_a_storage(tmp_path):
    here, gone = Storage(tmp_path, Path("/srv/models")), Storage(tmp_path / "gone", tmp_path)
    with here.held_alone():
        with pytest.raises(EdgeOpsError, match="another model_loader works in /srv/models") as said:
            Storage(tmp_path, Path("/srv/models")).held_alone().__enter__()
        assert "a storage folder of its own" in said.value.hint
    with here.held_alone(), gone.held_alone():  # what cannot be locked is no reason to stop
        assert not any(tmp_path.iterdir())


def test_no_room_before_the_download(device, server):
    huge = server.publish(NEW, "/new") | {"size": 10**15}
    status = device.bring(crowds=huge)
    assert status.error.code is Code.DISK_FULL
    assert status.error.message.startswith("1,000,000,001,048,576 bytes are needed, ")
    assert status.error.message.endswith("free in /srv/edgeops/models")
    assert server.gets("/new") == 0
    assert device.runs(OLD)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_disk_fills_up_during_the_download(make_device, server, number):
    class Full:
        """The downloader on a disk that takes 100 kB."""

        def __init__(self, inner):
            self.inner = inner

        def fetch(self, model, part, *more):
            append = part.append

            def limited(data):
                if part.size + len(data) > 100_000:
                    raise OSError(number, os.strerror(number))
                append(data)

            part.append = limited
            return self.inner.fetch(model, part, *more)

    device = make_device(downloader=Full)
    device.bring(crowds=server.publish(OLD, "/old", "old.onnx"))
    status = device.bring(crowds=server.publish(NEW, "/new"))
    assert status.error.code is Code.DISK_FULL
    assert "no space left in /srv/edgeops/models" in status.error.message
    assert device.runs(OLD)
    assert device.files() == ["current.json", "old.onnx"], "what was written makes room again"


def test_once_there_is_room_the_model_comes_and_the_error_goes(make_device, server):
    class Filling(Storage):
        free = 0

        def check_room(self, model, have):
            if not Filling.free:
                raise LoadFailed(Code.DISK_FULL, "no room")

    device = make_device(storage_class=Storage)
    device.bring(crowds=server.publish(OLD, "/old", "old.onnx"))
    device = make_device(storage_class=Filling)
    device.want(crowds=server.publish(NEW, "/new"))
    waits = []
    for _ in range(6):
        waits.append(device.work())
        device.time[0] += waits[-1]
        assert device.status().error.code is Code.DISK_FULL
        assert device.runs(OLD)
    assert waits == [60, 120, 240, 480, 600, 600], "a look costs nothing, so none is far away"
    assert server.gets("/new") == 0
    Filling.free = 1
    device.work()
    assert (device.status().state, device.status().error) == (SlotState.READY, None)
    assert "error" not in device.reported()["models"]["crowds"]
    assert device.runs(NEW)


def test_a_disk_that_fills_up_in_each_download_is_tried_ever_more_rarely(make_device, server):
    class Full:
        """The downloader on a disk whose limit nobody can ask for, as with a quota."""

        def __init__(self, inner):
            self.inner = inner

        def fetch(self, model, part, *more):
            def refuse(data):
                raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

            part.append = refuse
            return self.inner.fetch(model, part, *more)

    device = make_device(downloader=Full)
    device.want(crowds=server.publish(NEW, "/new"))
    waits = []
    for _ in range(6):
        waits.append(device.work())
        device.time[0] += waits[-1]
    assert waits == [60, 120, 240, 480, 960, 1920]
    assert server.gets("/new") == 6


def test_a_model_that_is_there_waits_for_room_for_its_pointer_only(make_device, server):
    class Full(Storage):
        full = True

        def switch(self, model, path, since):
            if Full.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().switch(model, path, since)

    device = make_device(storage_class=Full)
    status = device.bring(crowds=server.publish(NEW, "/new"))
    assert (status.error.code, device.current()) == (Code.DISK_FULL, None)
    Full.full = False
    assert device.later().state is SlotState.READY
    assert (device.runs(NEW), server.gets("/new")) == (True, 1)


@pytest.fixture
def as_nobody():
    """A folder of root's in which this process, without root's rights, may not write."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    if os.geteuid() != 0:
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
    else:
        os.setegid(65534)
        os.seteuid(65534)
        yield folder
        os.seteuid(0)
        os.setegid(0)
    shutil.rmtree(folder)


def test_storage_that_is_not_ours_says_which_chown(make_device, server, as_nobody):
    device = make_device(as_nobody)
    status = device.bring(crowds=server.publish(NEW, "/new"))
    assert status.error.code is Code.STORAGE_NOT_WRITABLE
    assert status.error.message.endswith(
        f"sudo chown -R {os.geteuid()}:{os.getegid()} /srv/edgeops/models"
    )


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        (errno.EROFS, Code.STORAGE_NOT_WRITABLE, "is mounted read-only; bind it without `:ro`"),
        (errno.EIO, Code.STORAGE_FAILED, "Input/output error"),
    ],
)
def test_other_faults_of_the_disk(make_device, server, number, code, message):
    class Failing(Storage):
        def install(self, part, target):
            raise OSError(number, os.strerror(number))

    device = make_device(storage_class=Failing)
    status = device.bring(crowds=server.publish(NEW, "/new"))
    assert (status.error.code, message in status.error.message) == (code, True)


def test_a_slot_that_is_a_link_is_refused(make_device, server, tmp_path):
    device = make_device()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (device.storage / "crowds").symlink_to(elsewhere)
    status = device.bring(crowds=server.publish(NEW, "/new"))
    assert status.error.code is Code.UNSAFE_PATH
    assert list(elsewhere.iterdir()) == []


def test_links_in_the_folder_are_never_followed(device, server, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(NEW)
    wanted = server.publish(NEW, "/new")
    folder = device.storage / "crowds"
    (folder / "new.onnx").symlink_to(victim)
    (folder / f".{wanted['sha256'][:16]}.part").symlink_to(victim)
    assert device.bring(crowds=wanted).state is SlotState.READY
    assert server.gets("/new") == 1, "a link to the right bytes is not the file"
    assert not device.current().path.is_symlink()
    assert victim.read_bytes() == NEW


def test_a_slot_that_is_a_file_is_an_error_of_its_own(make_device, server):
    device = make_device()
    (device.storage / "crowds").write_text("")
    assert device.bring(crowds=server.publish(NEW, "/new")).error.code is Code.STORAGE_FAILED


def test_a_storage_that_went_away_does_not_end_the_report(device, tmp_path):
    folder = tmp_path / "away"
    folder.mkdir()
    module = make_module(read_settings({"EDGEOPS_STORAGE": str(folder)}, ""), device.loader.world)
    assert module.info().storage.keys() == {"path", "totalMiB"}
    folder.rmdir()
    assert module.info().storage == {"path": str(folder)}


MOUNTS = """\
600 500 0:50 / / rw,relatime - overlay overlay rw
620 600 8:1 /srv/edgeops/my\\040models /models rw,relatime - ext4 /dev/sda1 rw
630 600 0:60 / /proc rw - proc proc rw
"""


def test_the_folder_as_the_host_calls_it():
    assert host_path(Path("/models"), MOUNTS) == Path("/srv/edgeops/my models")
    assert host_path(Path("/elsewhere"), MOUNTS) == Path("/elsewhere")
    assert host_path(Path("/proc"), MOUNTS) == Path("/proc")
