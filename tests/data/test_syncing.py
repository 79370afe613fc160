"""Frames are put on the disk itself while the scan goes on, and nobody waits for that."""

import os
import threading

import pytest
from frame_stream import camera, points_of
from scan_stream import began, ended, hand, rows, saving_in, say, timer

from obtura.data import saver as saver_module
from obtura.data import syncing
from obtura.data.saver import HDF5Saver
from obtura.data.syncing import Syncing


@pytest.fixture
def descriptor(tmp_path):
    number = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield number
    os.close(number)


def test_one_at_a_time_and_who_begins_does_not_wait(descriptor):
    going, synced = threading.Event(), []

    def fsync(number):
        assert going.wait(60)
        synced.append(os.fstat(number).st_ino)

    one = Syncing(fsync)
    assert one.begin(descriptor)
    assert not one.begin(descriptor)
    assert synced == []
    going.set()
    one.wait(60)
    assert synced == [os.fstat(descriptor).st_ino]
    assert one.begin(descriptor)
    one.wait(60)
    assert len(synced) == 2


def test_one_that_failed_is_told_at_the_next(descriptor):
    def fsync(number):
        raise OSError(5, "Input/output error")

    one = Syncing(fsync)
    assert one.begin(descriptor)
    one.wait(60)
    with pytest.raises(OSError, match="Input/output error"):
        one.begin(descriptor)


@pytest.fixture
def often(monkeypatch):
    """Every batch is one after which it is time."""
    monkeypatch.setattr(saver_module, "SYNC", -1.0)


def open_saver(tmp_path, monkeypatch, fsync):
    """A saver whose files are put on the disk by `fsync`."""
    monkeypatch.setattr(syncing.Syncing.__init__, "__defaults__", (fsync,))
    saving = saving_in(tmp_path)
    one = HDF5Saver(saving, spool=tmp_path / "spool")
    one.open(began(timer(), camera()), say)
    return one, tmp_path / "spool"


def test_frames_are_on_the_disk_itself_every_few_seconds(tmp_path, monkeypatch, often):
    synced = threading.Event()
    one, _ = open_saver(tmp_path, monkeypatch, lambda number: synced.set())
    one.idle()
    assert not synced.is_set(), "there is nothing yet"
    hand(one, [*rows(0, [0.1]), *points_of(1, 1)])
    assert synced.wait(60)
    hand(one, [ended()])
    one.close()


def test_when_the_disk_does_not_take_them_the_scan_goes_on_in_the_spool(tmp_path, monkeypatch, often):
    def fsync(number):
        failed.set()
        raise OSError(5, "Input/output error")

    failed = threading.Event()
    one, spool = open_saver(tmp_path, monkeypatch, fsync)
    hand(one, [*rows(0, [0.1]), *points_of(1, 1)])
    assert failed.wait(60)
    for number in range(1, 100):
        hand(one, [*rows(number, [0.1]), *points_of(1, 1, first=number)])
        if list(spool.glob("*.journal")):
            break
    assert list(spool.glob("*.journal"))
    hand(one, [ended()])
    one.close()
