"""A session's scans: numbered, saved, kept, refused in plain words before anything is touched."""

import errno
import subprocess
import sys
import threading

import h5py
import pytest

from obtura.contracts.consumers import Consumer
from obtura.contracts.devices import is_movable
from obtura.contracts.presets import ChainPreset, ScanPreset
from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.devices.soft import SoftCounter
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, SavingError, ScanAbort, UsageError
from obtura.ground.events import Text
from obtura.session.session import Session
from obtura.works.clock import Flag, virtual_time


@pytest.fixture
def session(tmp_path):
    with virtual_time():
        yield Session("lab", demo_beamline()._asdict(), ScanSaving("lab", base_path=tmp_path), display=False)


def test_what_jogs_is_stopped_when_it_closes_and_what_moves_goes_on(session, capsys):
    roby, robz = session.devices["roby"], session.devices["robz"]
    roby.jog(0.5)
    robz.move(5, wait=False)
    session.close()
    assert (roby.is_moving, robz.is_moving) == (False, True)
    assert capsys.readouterr().err == "!!! roby was still jogging, it was stopped\n"


@pytest.fixture
def touched(session):
    """What was done to devices and presets: nothing, when a scan is refused."""
    calls = []

    class Watch(ScanPreset):
        def prepare(self, scan):
            calls.append("prepare")

        def stop(self, scan):
            calls.append("stop")

    session.watch = Watch()
    session.counter = SoftCounter(value=lambda: calls.append("read") or 1.0, name="watched")
    return calls


def made(session, command, *arguments, **options):
    scan = getattr(session.bench, command)(*arguments, session.counter, run=False, **options)
    scan.add_preset(session.watch)
    return scan


def refused(scan, error, match, touched, session):
    with pytest.raises(error, match=match):
        scan.run()
    assert touched == []
    assert session.devices["roby"].position == 0
    assert scan.state is ScanState.KILLED


# -- good scans -----------------------------------------------------------------------------------------------


def test_scans_count_on_in_their_file_and_unsaved_ones_on_their_own(session, tmp_path):
    numbers = [session.bench.loopscan(1, 0.01, session.devices["diode"]).scan_number for _ in range(2)]
    unsaved = session.bench.ct(0.01, session.devices["diode"]).scan_number
    assert (numbers, unsaved) == ([1, 2], 1)
    with h5py.File(tmp_path / "lab" / "data.h5") as file:
        assert sorted(file) == ["1.1", "2.1"]
        assert len(file["2.1/measurement/diode"]) == 1


def test_the_last_scans_are_kept_but_no_ct(session):
    diode = session.devices["diode"]
    scans = [session.bench.sct(0.01, diode), session.bench.loopscan(1, 0.01, diode)]
    session.bench.ct(0.01, diode)
    assert list(session.bench.scans) == scans


def test_positions_of_every_axis_are_kept_with_the_data(session, tmp_path):
    roby, diode = session.devices["roby"], session.devices["diode"]
    session.devices["robz"].move(3)
    session.bench.ascan(roby, 0, 2, 2, 0.01, diode)
    with h5py.File(tmp_path / "lab" / "data.h5") as file:
        instrument = file["1.1/instrument"]
        assert instrument["positioners_start/robz"][()] == pytest.approx(3)
        assert instrument["positioners_start/roby"][()] == pytest.approx(0)
        assert instrument["positioners_end/roby"][()] == pytest.approx(2)


def test_a_dscan_returns_its_motor_and_says_absolute_positions_in_the_data(session):
    roby = session.devices["roby"]
    roby.move(4)
    scan = session.bench.dscan(roby, -1, 1, 2, 0.01, session.devices["diode"])
    assert scan.get_data(roby) == pytest.approx([3, 4, 5])
    assert roby.position == pytest.approx(4)


def test_a_dscan_returns_its_motor_after_an_error_too(session):
    roby = session.devices["roby"]
    roby.move(4)

    class Fails(ChainPreset):
        def before_stop(self, acq_chain):
            raise RuntimeError("no")

    scan = session.bench.dscan(roby, -1, 1, 2, 0.01, session.devices["diode"], run=False)
    scan.acq_chain.add_preset(Fails())
    with pytest.raises(RuntimeError, match="no"):
        scan.run()
    assert roby.position == pytest.approx(4)


def test_a_mesh_takes_every_point_and_back_and_forth_turns_every_second_line(session):
    roby, robz, diode = (session.devices[name] for name in ("roby", "robz", "diode"))
    scan = session.bench.amesh(roby, 0, 2, 2, robz, 0, 1, 1, 0.01, diode, backnforth=True)
    assert scan.get_data(roby) == pytest.approx([0, 1, 2, 2, 1, 0])
    assert scan.get_data(robz) == pytest.approx([0, 0, 0, 1, 1, 1])


def test_a_standing_preset_is_on_every_scan_ct_included_until_it_is_removed(session):
    seen = []

    class Standing(ChainPreset):
        def start(self, acq_chain):
            seen.append("start")

    preset, diode = Standing(), session.devices["diode"]
    session.bench.default_chain.add_preset(preset, name="mine")
    session.bench.default_chain.add_preset(preset, name="mine")
    session.bench.ct(0.01, diode)
    session.bench.loopscan(1, 0.01, diode)
    session.bench.default_chain.remove_preset(name="mine")
    session.bench.ct(0.01, diode)
    assert seen == ["start", "start"]


def test_a_session_has_the_names_that_people_type(session):
    names = session.namespace()
    wanted = "ct sct loopscan timescan ascan dscan a2scan amesh mv mvr wa SCANS DEFAULT_CHAIN SCAN_SAVING"
    assert set(wanted.split()) <= set(names)
    assert is_movable(names["roby"])


def test_every_scan_is_read_by_the_consumers_that_were_added(session):
    seen = []

    class Reads(Consumer):
        def receive(self, events):
            seen.extend(type(event).__name__ for event in events)

    session.add_consumer(Reads)
    session.bench.ct(0.01, session.devices["diode"])
    assert (seen[0], seen[-1]) == ("ScanBegan", "ScanClosed")
    seen.clear()
    session.remove_consumer(Reads)
    session.bench.ct(0.01, session.devices["diode"])
    assert seen == []


def test_what_consumers_print_while_they_open_is_read(session):
    seen = []

    class Speaks(Consumer):
        def open(self, began, say):
            say("stdout", "ready\n")

        def receive(self, events):
            seen.extend(event.text for event in events if isinstance(event, Text))

    session.add_consumer(Speaks)
    session.bench.ct(0.01, session.devices["diode"])
    assert "ready\n" in seen


def test_a_consumer_that_fails_is_detached_and_the_scan_goes_on(session):
    class Breaks(Consumer):
        def receive(self, events):
            raise RuntimeError("no")

    session.add_consumer(Breaks)
    scan = session.bench.loopscan(3, 0.01, session.devices["diode"])
    assert scan.state is ScanState.DONE
    assert len(scan.get_data("diode")) == 3


def test_counters_of_the_same_name_are_told_apart_everywhere(session, tmp_path):
    first, second = SoftCounter(value=lambda: 1.0, name="v"), SoftCounter(value=lambda: 2.0, name="v")
    scan = session.bench.loopscan(1, 0.01, first, second)
    data = scan.get_data()
    assert (data[first][0], data[second][0]) == (1.0, 2.0)
    with h5py.File(tmp_path / "lab" / "data.h5") as file:
        measured = file["1.1/measurement"]
        assert sorted(float(measured[name][0]) for name in measured if name.startswith("v")) == [1.0, 2.0]


def test_an_abort_before_the_run_ends_it_at_once(session, touched):
    scan = made(session, "loopscan", 2, 0.01)
    scan.abort()
    with pytest.raises(ScanAbort, match="aborted by"):
        scan.run()
    assert touched == []
    assert scan.state is ScanState.USER_ABORTED


def test_what_was_not_left_in_order_is_said_first(session):
    class Broken(ScanPreset):
        def stop(self, scan):
            raise RuntimeError("no echo")

    scan = session.bench.loopscan(1, 0.01, session.devices["diode"], run=False)
    scan.add_preset(Broken())
    with pytest.raises(RuntimeError) as caught:
        scan.run()
    assert any("NOT in order, look at it: Broken.stop" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("counters", ["diode", [], ["diode"], [3], None])
def test_a_callback_that_could_never_be_called_is_refused(session, counters):
    class Protects(ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels(counters, lambda counter, name, data: None)

    scan = session.bench.loopscan(1, 0.01, session.devices["diode"], run=False)
    scan.add_preset(Protects())
    with pytest.raises(UsageError, match="connect_data_channels"):
        scan.run()


def test_a_callback_of_a_counter_that_is_not_in_the_scan_is_a_warning(session):
    monitor = session.devices["monitor"]

    class Protects(ScanPreset):
        def prepare(self, scan):
            self.connect_data_channels([monitor], lambda counter, name, data: None)

    scan = session.bench.loopscan(1, 0.01, session.devices["diode"], run=False)
    scan.add_preset(Protects())
    with pytest.warns(UserWarning, match="monitor is not in this scan"):
        scan.run()


def test_a_counter_that_gives_no_number_is_named(session):
    counter = SoftCounter(value=lambda: "text", name="level")
    with pytest.raises(DeviceError, match="level read 'text', which is no number"):
        session.bench.loopscan(1, 0.01, counter)


# -- refused scans --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base_path", ["/proc/nowhere", "/dev/null/below"])
def test_a_target_that_can_t_be_written_is_refused_with_its_path(session, touched, base_path):
    session.scan_saving.base_path = base_path
    refused(made(session, "loopscan", 2, 0.01), SavingError, "/lab", touched, session)


def test_a_full_disk_is_refused_with_the_free_space(session, touched, monkeypatch):
    monkeypatch.setattr("obtura.data.saver.free_bytes", lambda path: 1_000_000)
    refused(made(session, "loopscan", 2, 0.01), SavingError, "disk is full", touched, session)


def test_a_file_that_another_process_writes_is_refused_by_the_writer_s_name(session, touched, tmp_path):
    holder = (
        "import sys; from pathlib import Path; from obtura.data import lock\n"
        f"lock.take(Path({str(tmp_path / 'lab' / 'data.h5')!r}), 12)\n"
        "print('held', flush=True); sys.stdin.read()\n"
    )
    (tmp_path / "lab").mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        refused(made(session, "loopscan", 2, 0.01), SavingError, rf"pid {process.pid}.*scan 12", touched, session)
        process.stdin.close()


def test_a_relative_scan_whose_motor_was_moved_since_is_refused(session):
    roby = session.devices["roby"]
    scan = session.bench.dscan(roby, -1, 1, 2, 0.01, session.devices["diode"], run=False)
    roby.move(9)
    with pytest.raises(UsageError, match="roby has moved from 0 to 9"):
        scan.run()
    assert roby.position == pytest.approx(9)


@pytest.mark.parametrize("wrong", [{"title": 3}, {"run": "no"}, {"save": 1}, {"name": 3}, {"scan_info": 3}])
def test_keywords_of_the_wrong_type_are_answered_with_the_usage(session, touched, wrong):
    with pytest.raises(UsageError, match="Intended usage"):
        session.bench.loopscan(1, 0.01, session.counter, **wrong)
    assert touched == []


def test_a_template_that_escapes_its_base_is_refused(session, touched):
    session.scan_saving.template = "../{session}"
    refused(made(session, "loopscan", 2, 0.01), UsageError, "template", touched, session)


def test_a_target_out_of_limits_anywhere_in_a_mesh_is_refused(session, touched):
    roby, robz = session.devices["roby"], session.devices["robz"]
    scan = made(session, "amesh", roby, 0, 5, 5, robz, 0, 101, 5, 0.01)
    refused(scan, LimitError, "robz.*101", touched, session)


def test_a_device_in_use_by_another_running_scan_is_refused_by_that_scan_s_name(session, touched):
    inside, go_on = threading.Event(), Flag()

    class Waits(ScanPreset):
        def start(self, scan):
            inside.set()
            go_on.wait(60)

    first = session.bench.loopscan(1, 0.01, session.counter, run=False, save=False)
    first.add_preset(Waits())
    thread = threading.Thread(target=first.run)
    thread.start()
    inside.wait(60)
    try:
        refused(made(session, "loopscan", 2, 0.01), DeviceBusyError, "in use by loopscan", touched, session)
    finally:
        go_on.set()
        thread.join()
    assert first.state is ScanState.DONE


def test_an_error_while_saving_fails_the_scan_with_the_way_out_done(session, monkeypatch, tmp_path):
    shutter = session.devices["shutter"]
    (tmp_path / "spool").touch()  # no directory: nor can it go on elsewhere
    monkeypatch.setenv("OBTURA_SPOOL", str(tmp_path / "spool"))

    def full(file, event):
        raise OSError(errno.ENOSPC, "No space left on device")

    class Opens(ScanPreset):
        def start(self, scan):
            shutter.open()
            monkeypatch.setattr("obtura.data.scan_file.ScanFile.take", full)

        def stop(self, scan):
            shutter.close()

    scan = session.bench.loopscan(3, 0.01, session.devices["diode"], run=False)
    scan.add_preset(Opens())
    with pytest.raises(SavingError, match="writing failed"):
        scan.run()
    assert shutter.is_closed
    assert scan.state is ScanState.KILLED


ENCODED = """
- {name: roby, class: SimulatedAxis, encoder: $renc}
- {name: renc, class: SimulatedEncoder}
- {name: twice, class: ExpressionCalcCounter, expression: 2 * renc, inputs: [$renc.counter]}
- {name: measured, class: MeasurementGroup, counters: [renc, twice]}
- {name: lab, class: Session, saving: {base_path: ../data}}
"""


def test_an_encoder_is_counted_by_its_name_in_a_measurement_group(open_session):
    with virtual_time():
        session = open_session(ENCODED)
        data = session.ascan(session.roby, 0, 1, 1, 0.01, save=False).get_data()
    assert (data["renc"].tolist(), data["twice"].tolist()) == ([0, 1], [0, 2])
