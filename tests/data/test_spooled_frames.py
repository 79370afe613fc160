"""The disk of a scan with a camera is gone, or too slow: all goes on in the spool, and comes together again."""

import errno
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from frame_stream import camera, frames, images, points_of
from scan_stream import began, ended, hand, hook, rows, saving_in, timer

from obtura.data import growing, lock
from obtura.data import saver as saver_module
from obtura.data.checksums import Checksums
from obtura.data.contents import list_entries
from obtura.data.layout import journal_file
from obtura.data.reader import listing, showing
from obtura.data.recovery import Recovered, recover_all
from obtura.data.saver import HDF5Saver
from obtura.data.verify import verifying
from obtura.ground.errors import SavingError, UsageError
from obtura.ground.events import Points


def open_saver(tmp_path, **options):
    """A saver of a scan with a camera, what it says, and where."""
    said, saving = [], saving_in(tmp_path / "there")
    saver = HDF5Saver(saving, spool=tmp_path / "spool")
    saver.open(began(timer(), camera(), **options), lambda stream, text: said.append(text))
    return saver, said, saving


def point(number):
    return [*rows(number, [float(number)]), *points_of(1, 1, first=number)]


def recovered(saving, tmp_path):
    return list(recover_all(Path(saving.filename), lambda number: False, tmp_path / "spool"))


def check_whole(saving, tmp_path, count):
    (outcome,) = recovered(saving, tmp_path)
    assert isinstance(outcome, Recovered) and not outcome.missing
    with h5py.File(saving.filename) as file:
        assert file["12.1/measurement/elapsed_time"][:].tolist() == list(range(count))
        assert file["12.1/measurement/camera"][:].tolist() == frames(count).tolist()
        assert file["12.1/end_reason"].asstr()[()] == "SUCCESS"
    assert list((tmp_path / "spool").iterdir()) == []


def flip_a_byte_of_a_frame(path):
    with h5py.File(path) as file:
        where = file["12.1/instrument/camera/data"].id.get_chunk_info_by_coord((1, 0, 0)).byte_offset
    content = bytearray(path.read_bytes())
    content[where + 3] ^= 1
    path.write_bytes(content)


@pytest.fixture
def on_a_disk_that_goes(tmp_path, monkeypatch):
    """A saver of three points whose disk is not mounted any more, and a function that brings it back."""
    saver, said, saving = open_saver(tmp_path)
    for number in range(3):
        hand(saver, point(number))
    away = (tmp_path / "there").rename(tmp_path / "away")
    monkeypatch.setattr(growing, "disk_of", lambda path: 0)  # that of the directory under the mount point
    for number in range(3, 6):
        hand(saver, point(number))
    hand(saver, [ended()])
    saver.close()
    return said, saving, lambda: away.rename(tmp_path / "there")


def test_a_disk_that_is_not_mounted_any_more_is_said_and_all_is_there_when_it_is_back(on_a_disk_that_goes, tmp_path):
    said, saving, back = on_a_disk_that_goes
    assert "its disk is not mounted any more; the scan goes on in " in said[0]
    assert "obtura recover" in said[-1]
    back()
    check_whole(saving, tmp_path, 6)
    assert verifying(saving.filename).text == "1 scan: 1 good"
    flip_a_byte_of_a_frame(images(saving) / "camera.h5")
    assert "camera/data, chunk 1 (point 1): differs from what was written" in verifying(saving.filename).text


def test_until_then_it_is_listed_as_what_it_is(on_a_disk_that_goes, tmp_path, monkeypatch):
    _, saving, back = on_a_disk_that_goes
    monkeypatch.setenv("OBTURA_SPOOL", str(tmp_path / "spool"))
    with pytest.raises(UsageError, match=r"no file .*; a scan of it is in .*spool: when its disk is back, `obtura rec"):
        listing(saving.filename)
    back()
    (entry,) = list_entries(saving.filename)
    assert (entry.state, entry.end_reason, entry.spool.points) == ("spooled", "SUCCESS", (6,))
    _, line, _, how, where = listing(saving.filename).splitlines()
    assert line.endswith("SUCCESS, in the spool       6")
    assert how == f"`obtura recover {saving.filename}` moves home what is in the spool:"
    assert where == f"scan 12: {entry.spool.path}" and entry.spool.path.exists()
    assert "SUCCESS; its last data are in the spool" in showing(saving.filename, 12)
    assert "no checksums yet: its data are in the spool" in verifying(saving.filename).text
    images(saving).with_suffix(".h5").unlink()
    assert "missing: " in listing(saving.filename) and how in listing(saving.filename)
    check_whole(saving, tmp_path, 6)
    assert listing(saving.filename).splitlines()[1].split()[-2:] == ["SUCCESS", "6"]


def test_one_that_was_killed_while_it_was_in_the_spool_is_crashed(tmp_path, monkeypatch):
    monkeypatch.setattr(saver_module, "FAR_BEHIND", 2 * 30)
    monkeypatch.setenv("OBTURA_SPOOL", str(tmp_path / "spool"))
    saver, _, saving = open_saver(tmp_path)
    hand(saver, [*(event for n in range(4) for event in rows(n, [float(n)])), Points(1, 0, frames(4))])
    saver._file.abandon()  # as after a kill: nothing is said of its end
    saver._safe.close()
    lock.release(Path(saving.filename), 12)
    (entry,) = list_entries(saving.filename)
    assert (entry.state, entry.end_reason, entry.spool.end_reason, entry.spool.points) == ("crashed", "", "", (4,))
    assert "crashed, in the spool" in listing(saving.filename)
    (outcome,) = recovered(saving, tmp_path)
    assert outcome.interrupted and outcome.points == 4


def test_frames_in_the_spool_are_kept_until_their_file_is_there(on_a_disk_that_goes, tmp_path):
    _, saving, back = on_a_disk_that_goes
    back()
    away = images(saving).rename(tmp_path / "frames")
    (outcome,) = recovered(saving, tmp_path)
    assert isinstance(outcome, SavingError) and "camera.h5 is not there, and 3 blocks of frames" in str(outcome)
    away.rename(images(saving))
    check_whole(saving, tmp_path, 6)


@pytest.fixture
def on_a_disk_that_fails(tmp_path, monkeypatch):
    """A scan of three points, and three more on a disk that has not kept what it took."""
    saver, _, saving = open_saver(tmp_path)
    hand(saver, [hook("ShutterPreset", "prepare", 1.0, 0.25)])
    for number in range(3):
        hand(saver, point(number))

    def fails(descriptor):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", fails)
        failing.setattr(saver_module, "FAR_BEHIND", -1)
        hand(saver, point(3))
    for number in (4, 5):
        hand(saver, point(number))
    hand(saver, [ended()])
    saver.close()
    return saving


def test_what_a_disk_may_have_lost_is_in_the_spool_too(on_a_disk_that_fails, tmp_path):
    saving = on_a_disk_that_fails
    own = images(saving).with_suffix(".h5")
    journal_file(own).write_bytes(journal_file(own).read_bytes()[:-40])  # its last row
    own.unlink()
    (images(saving) / "camera.h5").write_bytes((images(saving) / "camera.h5").read_bytes()[:3000])
    check_whole(saving, tmp_path, 6)
    assert sorted(path.name for path in images(saving).iterdir()) == ["camera.h5", "camera.h5.damaged"]
    assert verifying(saving.filename).text == "1 scan: 1 good"


def test_a_journal_that_is_in_the_spool_as_a_whole_is_not_read_twice(on_a_disk_that_fails, tmp_path):
    check_whole(on_a_disk_that_fails, tmp_path, 6)
    with h5py.File(on_a_disk_that_fails.filename) as file:
        assert len(file["12.1/hooks/hook"]) == 1


def test_a_broken_file_of_frames_of_a_crash_is_said_and_the_rows_are_there(tmp_path):
    saver, _, saving = open_saver(tmp_path)
    for number in range(3):
        hand(saver, point(number))
    saver._file.abandon()
    saver._safe.close()
    lock.release(Path(saving.filename), 12)
    (images(saving) / "camera.h5").write_bytes((images(saving) / "camera.h5").read_bytes()[:3000])
    (outcome,) = recovered(saving, tmp_path)
    assert isinstance(outcome, SavingError) and "camera.h5: its frames can't be found any more" in str(outcome)
    with h5py.File(saving.filename) as file:
        assert file["12.1/measurement/elapsed_time"][:].tolist() == [0, 1, 2]


def test_frames_that_come_faster_than_they_can_be_written_go_into_the_spool(tmp_path, monkeypatch):
    monkeypatch.setattr(saver_module, "FAR_BEHIND", 5 * 30)
    saver, said, saving = open_saver(tmp_path)
    for number in range(3):
        hand(saver, point(number))
    hand(
        saver,
        [*(event for number in range(3, 9) for event in rows(number, [float(number)])), Points(1, 3, frames(6, 3))],
    )
    assert "frames come faster than they can be written there; the scan goes on in " in said[0]
    hand(saver, point(9))
    hand(saver, [ended()])
    saver.close()
    check_whole(saving, tmp_path, 10)


def test_when_the_spool_does_not_take_them_either_the_scan_ends_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(saver_module, "FAR_BEHIND", 5 * 30)
    (tmp_path / "spool").touch()
    saver, _, saving = open_saver(tmp_path)
    with pytest.raises(SavingError, match="faster than they can be written there; nothing can be kept elsewhere"):
        hand(saver, [*(event for n in range(6) for event in rows(n, [float(n)])), Points(1, 0, frames(6))])
    saver.close()
    with h5py.File(saving.filename) as file:
        assert len(file["12.1/measurement/camera"]) == 6, "what it had is written nevertheless"
        assert file["12.1/end_reason"].asstr()[()] == "FAILURE"


def test_sums_of_a_file_whose_closing_was_cut_off_are_made_anew(tmp_path, monkeypatch):
    """The disk took some of the sums, then no more."""

    def cut(self, sums):
        self._columns["paths"].take(np.array([b"camera"], "S64"))
        self._columns["paths"].write(1)
        raise OSError(28, "No space left on device")

    saver, _, saving = open_saver(tmp_path)
    for number in range(3):
        hand(saver, point(number))
    with monkeypatch.context() as full:
        full.setattr(Checksums, "write", cut)
        hand(saver, [ended()])
    saver.close()
    check_whole(saving, tmp_path, 3)
    assert verifying(saving.filename).text == "1 scan: 1 good"
    flip_a_byte_of_a_frame(images(saving) / "camera.h5")
    assert "camera/data, chunk 1 (point 1): differs from what was written" in verifying(saving.filename).text
