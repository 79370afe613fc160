"""The disk of a scan with a camera is gone, or too slow: all goes on in the spool, and comes together again."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from frame_stream import camera, frames, images, points_of
from scan_stream import began, ended, hand, rows, saving_in, timer

from obtura.data import growing
from obtura.data import saver as saver_module
from obtura.data.checksums import Checksums
from obtura.data.recovery import Recovered, recover_all
from obtura.data.saver import HDF5Saver
from obtura.data.verify import verifying
from obtura.ground.errors import SavingError
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


def test_frames_in_the_spool_are_kept_until_their_file_is_there(on_a_disk_that_goes, tmp_path):
    _, saving, back = on_a_disk_that_goes
    back()
    away = images(saving).rename(tmp_path / "frames")
    (outcome,) = recovered(saving, tmp_path)
    assert isinstance(outcome, SavingError) and "camera.h5 is not there, and 3 blocks of frames" in str(outcome)
    away.rename(images(saving))
    check_whole(saving, tmp_path, 6)


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


def test_sums_of_a_file_whose_closing_was_cut_off_are_withdrawn(tmp_path, monkeypatch):
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
    assert "camera.h5: no checksums" in verifying(saving.filename).text
