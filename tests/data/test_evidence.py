"""What a scan's file says besides its numbers: presets, the YAML, what went wrong, which points are good."""

import hashlib
import linecache
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h5py
import numpy as np
import pytest
from scan_stream import began, channel, ended, record, rows, saving_in, timer
from test_journal import crashed, recovered

import obtura
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.data.notes import ROW
from obtura.data.reader import showing
from obtura.data.saver import HDF5Saver
from obtura.data.saving import ScanSaving
from obtura.data.validity import BITS, Validity
from obtura.devices.sim.beamline import demo_beamline
from obtura.devices.soft import SoftCounter
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import ScanAbort
from obtura.ground.events import Comment, Failed, Points
from obtura.session.session import Session
from obtura.works.clock import clock, virtual_time

YAML = (("obtura.yml", "title: µ-lab\n"), ("devices/axes.yml", "- {name: roby}\n" * 2000))


@pytest.fixture
def bench(tmp_path):
    """The commands of a session, and what it has saved."""
    session = Session("lab", demo_beamline()._asdict(), ScanSaving("lab", base_path=tmp_path), display=False)
    yield session
    session.close()


def saved(session):
    return obtura.open(session.scan_saving.filename).last


def save(directory, beginning, *events, end=None):
    saving = saving_in(directory)
    record(HDF5Saver(saving), beginning, *events, end=end)
    return obtura.open(saving.filename).last


# -- presets ----------------------------------------------------------------------------------------------


class Iteration(ChainIterationPreset):
    def __init__(self, act):
        self.act = act

    def start(self):
        self.act()


class AtPoint(ChainPreset):
    """Does something at the start of a point."""

    def __init__(self, point, act):
        self.point, self.act = point, act

    def get_iterator(self, chain):
        for _ in range(self.point):
            yield Iteration(lambda: None)
        yield Iteration(self.act)


class Stopping(ScanPreset):
    def __init__(self, what):
        self.what = what

    def stop(self, scan):
        raise OSError(self.what)


def test_a_preset_is_kept_with_its_class_file_hash_and_order(bench):
    scan = bench.loopscan(2, 0, bench.diode, run=False)
    scan.acq_chain.add_preset(AtPoint(0, lambda: None))
    scan.acq_chain.add_preset(obtura.ShutterPreset(bench.shutter))
    scan.run()
    presets = saved(bench).presets
    one, other = presets["AtPoint"], presets["ShutterPreset"]
    assert one["class"] == f"{__name__}.AtPoint" and one["file"] == __file__
    assert one["sha256"] == hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    assert (one["order"], other["order"]) == (0, 1)
    assert other["class"] == "obtura.presets.shutter.ShutterPreset"
    assert "source" not in one


def test_of_a_preset_that_was_typed_the_text_itself_is_kept(bench):
    text = "class Typed(ScanPreset):\n    def start(self, scan):\n        pass"
    cell = f"x = 1\n{text}\ny = 2\n"
    linecache.cache["<cell 1>"] = (len(cell), None, cell.splitlines(keepends=True), "<cell 1>")
    names = {"ScanPreset": ScanPreset, "__name__": "__main__"}
    exec(compile(cell, "<cell 1>", "exec"), names)
    scan = bench.loopscan(1, 0, bench.diode, run=False)
    scan.add_preset(names["Typed"]())
    scan.run()
    kept = saved(bench).presets["Typed"]
    assert kept["source"] == {"type": "text/x-python", "data": text}
    assert kept["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert (kept["class"], kept["file"]) == ("__main__.Typed", "")


def test_a_file_that_is_edited_later_does_not_change_what_was_loaded_from_it(bench, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("class Mine(ScanPreset):\n    def start(self, scan): pass\n")
    loaded = hashlib.sha256(path.read_bytes()).hexdigest()
    names = {"ScanPreset": ScanPreset, "__name__": "mine"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    for _ in range(2):
        scan = bench.loopscan(1, 0, bench.diode, run=False)
        scan.add_preset(names["Mine"]())
        scan.run()
        assert saved(bench).presets["Mine"]["sha256"] == loaded
        path.write_text("# something else\n")


def test_every_call_of_an_iteration_preset_is_kept_with_its_point(bench):
    scan = bench.loopscan(3, 0, bench.diode, run=False)
    scan.acq_chain.add_preset(AtPoint(2, lambda: clock.sleep(0.01)))
    scan.run()
    with saved(bench).opened() as entry:
        hooks = entry["hooks"]
        names = hooks["names"].asstr()[:]
        calls = [
            (names[owner], names[hook], int(point))
            for owner, hook, point in zip(hooks["owner"], hooks["hook"], hooks["point"], strict=True)
        ]
        assert calls == [("Iteration", "start", point) for point in range(3)]
        assert hooks["seconds"][2] >= 0.01 > hooks["seconds"][1]
        assert np.all(np.diff(hooks["start"][:]) > 0)


# -- the session's YAML -----------------------------------------------------------------------------------


def test_the_yaml_of_the_session_is_in_each_entry_compressed(tmp_path):
    branches = began(timer(), timer(1), branches=("one", "other"))._replace(configuration=YAML)
    scan = save(tmp_path, branches)
    assert scan.configuration == dict(YAML)
    assert obtura.open(saving_in(tmp_path).filename)["12.2"].configuration == dict(YAML)
    with scan.opened() as entry:
        assert entry["configuration"].attrs["NX_class"] == "NXnote"
        assert entry["configuration/data"].id.get_storage_size() < 500
    assert "configuration" not in scan.metadata


def test_a_session_without_yaml_has_none(bench):
    bench.loopscan(1, 0, bench.diode)
    assert saved(bench).configuration == {}


# -- what went wrong --------------------------------------------------------------------------------------


def test_a_good_scan_has_no_interruptions_and_all_its_points_are_valid(bench):
    bench.loopscan(3, 0, bench.diode)
    scan = saved(bench)
    assert scan.interruptions == [] and scan.valid.tolist() == [True] * 3
    with scan.opened() as entry:
        flags = entry["valid/flags"]
        assert flags.id.get_storage_size() == 0, "written by not being written"
        assert tuple(flags.attrs["bits"]) == BITS


def test_ctrl_c_is_kept_with_its_point(bench):
    scan = bench.loopscan(5, 0, bench.diode, run=False)
    scan.acq_chain.add_preset(AtPoint(2, scan.abort))
    with pytest.raises(ScanAbort):
        scan.run()
    (one,) = saved(bench).interruptions
    assert (one.message, one.point) == ("ScanAbort: aborted by scan.abort()", 2)
    assert one.place.startswith("Iteration.start, point 2")
    assert saved(bench).end_reason == "USER_ABORT"


def test_an_error_is_kept_with_all_that_followed(bench):
    scan = bench.loopscan(5, 0, bench.diode, run=False)

    def fail():
        raise ValueError("no beam")

    scan.acq_chain.add_preset(AtPoint(3, fail))
    scan.add_preset(Stopping("stuck " + "µ" * 1000))
    with pytest.raises(ValueError, match="no beam"):
        scan.run()
    first, second = saved(bench).interruptions
    assert (first.message, first.place, first.point) == ("ValueError: no beam", "Iteration.start, point 3 of 5", 3)
    assert second.message.startswith("OSError: stuck") and second.message.endswith("µ…")
    assert len(second.message.encode()) <= ROW and second.place == "Stopping.stop"
    assert 0 <= first.time <= second.time
    assert len(scan.errors) == 2


def test_each_top_master_has_its_own_point_of_an_interruption(tmp_path):
    branches = began(timer(), timer(1), branches=("one", "other"))
    save(tmp_path, branches, Failed("OSError: no", "diode.trigger", 1.0, (4, -1)), end=ended("FAILURE", "no"))
    file = obtura.open(saving_in(tmp_path).filename)
    assert [file[name].interruptions[0].point for name in ("12.1", "12.2")] == [4, -1]


# -- which points hold ------------------------------------------------------------------------------------


class ReadOutWhenStopped(AcquisitionSlave):
    """Counts for long at point 2, and gives what it has when it is stopped."""

    def __init__(self, scan):
        super().__init__(name="detector", npoints=5)
        self.channels.append(AcquisitionChannel("detector:counts"))
        self.scan, self.count, self.stopped = scan, 0, threading.Event()

    def trigger(self):
        if self.count == 2:
            threading.Thread(target=self.scan.abort).start()
            assert self.stopped.wait(60)
        self.channels[0].emit(self.count)
        self.count += 1

    def stop(self):
        self.stopped.set()


def test_a_point_whose_devices_were_stopped_is_marked(bench):
    scan = bench.loopscan(5, 0, bench.diode, run=False)
    scan.acq_chain.add(scan.acq_chain.top_masters[0], ReadOutWhenStopped(scan))
    with pytest.raises(ScanAbort):
        scan.run()
    one = saved(bench)
    assert one["counts"][:].tolist() == [0, 1, 2] and one.points == 3
    assert one.flags.tolist() == [0, 0, Validity.INTERRUPTED]


def test_the_row_of_a_stopped_point_is_interrupted_where_it_is_there(tmp_path):
    cut = ended("USER_ABORT", "Ctrl-C")._replace(stopped={0: 2})
    scan = save(tmp_path, began(), *rows(0, [0.0, 1.0, 2.0], [4.0, 5.0, 0.1]), end=cut)
    assert scan.flags.tolist() == [0, 0, Validity.INTERRUPTED]
    assert scan["diode"][:][scan.valid].tolist() == [4.0, 5.0]


def test_where_its_row_is_not_whole_there_is_none_to_mark(tmp_path):
    cut = ended("USER_ABORT", "Ctrl-C")._replace(stopped={0: 2})
    scan = save(tmp_path, began(), *rows(0, [0.0, 1.0, 2.0], [4.0, 5.0]), end=cut)
    assert scan.flags.tolist() == [0, 0] and scan.points == 2


def test_rows_after_a_device_dropped_out_are_marked(tmp_path):
    channels = timer(), channel("s:a"), channel("s:b")
    points = rows(0, [0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0], [5.0])
    scan = save(tmp_path, began(*channels), *points, end=ended("FAILURE", "b: no answer"))
    assert scan.flags.tolist() == [0, *[Validity.DROPPED_OUT] * 3]


def test_rows_in_which_an_optional_counter_is_nan_are_marked_and_stay_good(bench):
    readings = iter([1.0, 2.0])
    first = SoftCounter(value=lambda: next(readings), name="shy", mode="SINGLE")
    first.policy = "optional"
    bench.loopscan(4, 0, first, bench.diode)
    one = saved(bench)
    assert np.isnan(one["shy"][:]).tolist() == [False, False, True, True]
    assert one.flags.tolist() == [0, 0, Validity.NOT_READ, Validity.NOT_READ]
    assert one.valid.all() and one.end_reason == "SUCCESS"
    assert "flags    2 not_read\n" in showing(one.file, one.number)
    assert "shy drops out and is NaN from here on: StopIteration" in showing(one.file, one.number)


def test_one_that_is_not_critical_is_marked_where_it_is_nan_in_a_crashed_scan_too(tmp_path):
    channels = timer(), channel("s:a")._replace(may_fail=True), channel("s:b")
    nan = float("nan")
    points = rows(0, [0.0, 1.0, 2.0, 3.0, 4.0], [1.0, nan, nan, 4.0, nan], [nan] * 5)
    master = crashed(tmp_path, began(*channels), *([event] for event in points))
    (outcome,) = recovered(master)
    assert outcome.points == 5
    one = obtura.open(master).last
    assert one.flags.tolist() == [0, Validity.NOT_READ, Validity.NOT_READ, 0, Validity.NOT_READ]


class Watching(ScanPreset):
    """Aborts a scan after its third point."""

    def __init__(self, scan, counter):
        self.scan, self.counter, self.seen = scan, counter, 0

    def prepare(self, scan):
        self.connect_data_channels([self.counter], self.count)

    def count(self, counter, name, data):
        self.seen += len(data)
        if self.seen == 3:
            self.scan.abort()


def test_a_continuous_scan_that_is_cut_has_only_whole_points(bench):
    scan = bench.cscan(bench.roby, 0, 1, 20, 0.3, bench.diode, run=False)
    scan.add_preset(Watching(scan, bench.diode))
    with virtual_time(), pytest.raises(ScanAbort):
        scan.run()
    one = saved(bench)
    assert 0 < one.points < 20 and one.flags.tolist() == [0] * one.points


def test_a_file_from_before_these_were_kept_is_read(tmp_path):
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file["1.1/title"], file["1.1/end_reason"], file["1.1/end_message"] = "ascan", "FAILURE", "no beam"
        file["1.1/measurement/diode"] = [1.0, 2.0]
    scan = obtura.open(path).last
    assert [one.message for one in scan.interruptions] == ["no beam"]
    assert scan.valid.tolist() == [True, True] and scan.comments == [] and scan.configuration == {}


# -- comments ---------------------------------------------------------------------------------------------


def test_comments_come_back_whole_with_their_times(tmp_path):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    comments = [
        Comment(now, "windy"),
        Comment(now, "very"),
        Comment(now + timedelta(seconds=1), "µ" * 1234),
        Comment(now + timedelta(seconds=2), "x" * ROW),
        Comment(now + timedelta(seconds=3), "calm"),
    ]
    scan = save(tmp_path, began(), *comments, Points(0, 0, (1.0,)))
    assert scan.comments == comments
