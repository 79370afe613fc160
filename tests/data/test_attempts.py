"""Attempts that were not kept are in the file, also after a crash."""

import h5py
import numpy as np
import pytest
from scan_stream import axis, began, channel, ended, record, rows, saving_in, timer
from test_journal import crashed, recovered

import obtura
from obtura.contracts.presets import ChainPreset
from obtura.data.layout import scan_file
from obtura.data.reader import showing
from obtura.data.saver import HDF5Saver
from obtura.devices.sim import demo_beamline
from obtura.ground.events import Attempt, Points
from obtura.session.session import Session

BEGINNING = began(
    timer(),
    axis("roby"),
    channel("s:n", dtype="int32"),
    channel("mca:m", shape=(3,)),
    channel("x:point"),
    channel("s:phase", dtype="str"),
    channel("s:mode", dtype="str"),
)._replace(retakes=(0,))


def attempt(number, reason="beam lost", **more):
    values = {0: ((0.5,),), 1: ((7.0,),), 2: (np.array([4], "int32"),), 3: (np.ones((1, 3)),)}
    values[5] = (np.array(["über"], object),)
    return Attempt(0, 1, number, 5.0 + number, reason, {**values, **more})


def kept(point):
    yield from rows(point, [float(point)], [7.0])
    yield Points(2, point, np.array([9], "int32"))
    yield Points(3, point, np.zeros((1, 3)))
    yield Points(4, point, (2.0,))
    yield Points(5, point, np.array(["kept"], object))
    yield Points(6, point, np.array([""], object))


EVENTS = [*kept(0), attempt(0), attempt(1, "é" * 300), *kept(1)]


def is_right(entry):
    attempts = entry["attempts"]
    assert attempts["point"][:].tolist() == [1, 1]
    assert attempts["attempt"][:].tolist() == [0, 1]
    assert np.diff(attempts["time"][:]).tolist() == [1.0]
    assert attempts["time"].attrs["units"] == "s"
    assert attempts["reason"].asstr()[:].tolist() == ["beam lost", "é" * 100]
    assert attempts["flags"][:].tolist() == [2, 0]
    assert attempts["roby"][:].tolist() == [7, 7]
    assert entry["valid/flags"][:].tolist() == [0, 8]
    assert attempts["roby"].attrs["units"] == "mm"
    assert attempts["n"][:].tolist() == [4, 4]
    assert attempts["m"][:].tolist() == [[1, 1, 1]] * 2
    assert np.isnan(attempts["point_channel"][:]).all()
    assert attempts["phase"].asstr()[:].tolist() == ["über"] * 2
    assert attempts["mode"].asstr()[:].tolist() == [""] * 2
    assert entry["measurement/phase"].asstr()[:].tolist() == ["kept"] * 2
    assert entry["measurement/roby"][:].tolist() == [7, 7]
    assert entry["measurement/n"][:].tolist() == [9, 9]


def test_they_are_in_a_group_of_their_own(tmp_path):
    saver = HDF5Saver(saving_in(tmp_path))
    record(saver, BEGINNING, *EVENTS, end=ended())
    with h5py.File(saver._saving.filename) as file:
        is_right(file["12.1"])


def test_after_a_crash_they_are_recovered(tmp_path):
    master = crashed(tmp_path, BEGINNING, *([event] for event in EVENTS))
    (outcome,) = recovered(master)
    assert outcome.points == 2
    with h5py.File(scan_file(master, 12)) as file:
        is_right(file["12.1"])


@pytest.mark.parametrize("retakes", [(), (1,)])
def test_where_nothing_can_be_taken_again_there_is_no_group(tmp_path, retakes):
    channels = (timer(), channel("slow:t", "timer", branch=1))
    beginning = began(*channels, branches=("timer", "slow"))._replace(retakes=retakes)
    saver = HDF5Saver(saving_in(tmp_path))
    record(saver, beginning, *rows(0, [0.0, 1.0], [0.0, 1.0]))
    with h5py.File(saver._saving.filename) as file:
        assert "attempts" not in file["12.1"]
        assert ("attempts" in file["12.2"]) == bool(retakes)


class OnceMore(ChainPreset):
    def __init__(self):
        self.asked = 0

    def retake(self, acq_chain):
        self.asked += 1
        return "the lid was open" if self.asked == 2 else None


def test_a_real_scan_keeps_what_it_took_again(tmp_path):
    line = demo_beamline()
    session = Session("demo", line._asdict(), saving_in(tmp_path), display=False)
    scan = session.bench.ascan(line.roby, 0, 2, 2, 0.0, line.diode, run=False)
    scan.acq_chain.add_preset(OnceMore())
    scan.run()
    session.close()
    with h5py.File(scan.scan_info["filename"]) as file:
        entry = file[f"{scan.scan_number}.1"]
        assert entry["attempts/point"][:].tolist() == [1]
        assert entry["attempts/reason"].asstr()[:].tolist() == ["the lid was open"]
        assert entry["attempts/roby"][:].tolist() == [1.0]
        assert len(entry["attempts/diode"]) == 1
        assert entry["valid/flags"][:].tolist() == [0, 8, 0]
        assert entry["measurement/roby"][:].tolist() == [0.0, 1.0, 2.0]
        assert entry["measurement/diode"][:].tolist() == scan.get_data("diode").tolist()
    assert obtura.open(scan.scan_info["filename"])[scan.scan_number].valid.all()


def test_obtura_show_says_how_many_and_why(tmp_path):
    saver = HDF5Saver(saving_in(tmp_path))
    record(saver, BEGINNING, *kept(0), attempt(0), attempt(1), attempt(2, "the sample moved"), *kept(1), end=ended())
    text = showing(saver._saving.filename, 12)
    assert "again    3 attempts at 1 point not kept: beam lost (2 times); the sample moved\n" in text
    assert "flags    1 retaken\n" in text
