"""Whole nights on the demo beamline: what happens, what waits, what is written; and again, the same."""

import json
import time
from datetime import datetime

import h5py
import pytest

from obtura.ground.errors import UsageError
from obtura.rehearsal import rehearse

NIGHT = """
from obtura.presets.wait_for_refill import WaitForRefill
import time
DEFAULT_CHAIN.add_preset(WaitForRefill(machine, checktime=10, waittime=30))
shutter.open()
for sample in range(16):
    try:
        ascan(roby, 0, 10, 20, 60, diode, monitor)
    except Exception as error:
        print("sample", sample, "failed:", error)
    time.sleep(600)
"""

EVENTS = """
start: 2026-03-01 20:00
events:
- {at: "22:10", event: beam lost, lasts: 20 min}
- {at: +1h, event: refill, lasts: 5 min, every: 3 h}
- {at: 03:50, event: fails, device: roby}
"""


def lines(report, *kinds):
    """What the timeline says of some kinds of things."""
    return [each.text for each in report.timeline if each.kind in kinds]


def test_a_night_of_eight_hours_with_lost_beam_refills_and_a_motor_that_fails(night):
    began = time.monotonic()
    report = night(NIGHT, EVENTS)
    assert time.monotonic() - began < 250
    assert report.exit_code == 0
    assert 8 * 3600 < report.seconds < 9 * 3600
    assert report.start == datetime(2026, 3, 1, 20, 0)
    assert [scan.state for scan in report.scans].count("DONE") == 15
    (failed,) = lines(report, "failed")
    assert failed.startswith("scan 15: roby.start_move failed (") and "night.yml:6" in failed
    waits = [each for each in report.timeline if each.kind == "waited"]
    assert len(waits) == 4
    assert "scan 5, point 3 waits 19 min 51 s for WaitForRefill.start: Waiting for machine: no beam" in waits[1].text
    times, seconds = report.waits["WaitForRefill"]
    assert times == 4
    assert 33 * 60 < seconds < 34 * 60
    (file,) = report.files
    assert file.meant.endswith("/scans/demo/data.h5")
    assert file.entries == tuple(f"{number}.1" for number in range(1, 17))
    assert file.size > 100_000
    with h5py.File(file.path, locking=False) as data:
        assert len(data["3.1/measurement/diode"]) == 21
        assert data["3.1/start_time"][()].startswith(b"2026-03-01T21:02:06")


def test_two_rehearsals_of_one_night_find_the_same(night):
    script = """
shutter.open()
ascan(roby, 0, 10, 4, 30, diode, camera, mca)
dscan(robz, -1, 1, 3, 10, diode2)
try:
    loopscan(10, 60, camera, diode)
except KeyboardInterrupt:
    print("morning")
cscan(roby, 0, 10, 10, 5, diode)
"""
    events = """
events:
- {at: +1 min, event: hangs, device: camera, lasts: 7 min}
- {at: +16 min, event: ctrl-c}
"""
    first, second = (night(script, events).as_json() for _ in range(2))
    for report in (first, second):
        del report["data"]
        for file in report["files"]:
            del file["path"], file["size"]  # how full the last blocks are depends on how fast the machine is
    assert json.dumps(first, indent=1) == json.dumps(second, indent=1)
    assert [scan["state"] for scan in first["scans"]] == ["DONE", "DONE", "USER_ABORTED", "DONE"]
    assert first["waits"]["camera, which hung"]["times"] >= 1


def test_top_masters_side_by_side_take_the_time_of_the_longer_each_time(night):
    script = """
from obtura.acquisition.counter import SamplingCounterAcquisitionSlave
from obtura.acquisition.motor import LinearStepTriggerMaster
from obtura.acquisition.timer import SoftwareTimerMaster
motor = LinearStepTriggerMaster(10, roby, 0, 5)
chain = DEFAULT_CHAIN.get({"npoints": 10, "count_time": 7.0}, [diode], motor)
timer = SoftwareTimerMaster(3.0, name="other_timer", npoints=30)
chain.add(timer, SamplingCounterAcquisitionSlave(monitor, count_time=3.0, npoints=30))
motor.terminator = timer.terminator = False
Scan(chain, "two").run()
"""
    first, second = (night(script, "events: [{at: +20s, event: hangs, device: roby, lasts: 1 min}]") for _ in range(2))
    assert first.error is None, first.error
    assert first.seconds == pytest.approx(130, abs=10)  # ten points of 7 s and the minute in which roby hangs
    assert (first.timeline, first.scans, first.waits) == (second.timeline, second.scans, second.waits)
    assert first.waits["roby, which hung"][1] == pytest.approx(60, abs=10)


def test_a_device_that_hangs_for_ever_holds_the_night_up_until_ctrl_c(night):
    script = "ct(1, camera)\nloopscan(100, 60, camera)"
    events = """
events:
- {at: +10 min, event: hangs, device: camera}
- {at: +4h, event: ctrl-c}
"""
    report = night(script, events)
    assert report.exit_code == 1
    assert not report.interrupted
    assert report.seconds == pytest.approx(4 * 3600 + 10, abs=1)  # the device is given up after 10 s
    assert "camera.read hangs" in lines(report, "device") or "camera.trigger hangs" in lines(report, "device")
    assert report.traceback == (f"{report.script}, line 2: loopscan(100, 60, camera)",)


def test_an_unplugged_counter_fails_the_scans_until_it_is_back(night):
    script = """
import time
for _ in range(3):
    try:
        loopscan(2, 60, diode)
    except Exception:
        time.sleep(3600)
"""
    report = night(script, "events: [{at: +30s, event: unplugged, device: diode, lasts: 1 h}]")
    assert [scan.state for scan in report.scans] == ["KILLED", "DONE", "DONE"]
    assert "does not answer, it is unplugged" in lines(report, "failed")[0]


def test_a_full_disk_refuses_the_next_scan_and_the_one_that_runs_goes_on_in_the_spool(night):
    script = """
import time
loopscan(3, 60, diode)
try:
    loopscan(1, 1, diode)
except Exception:
    time.sleep(3600)
loopscan(1, 1, diode)
"""
    report = night(script, "events: [{at: +90 s, event: disk full, lasts: 1 h}]")
    assert report.error is None
    assert [scan.state for scan in report.scans] == ["DONE", "DONE"]
    (refused,) = lines(report, "refused")
    assert "loopscan 1 1 is refused" in refused and "the disk is full" in refused
    assert report.files[0].meant.rpartition("/")[0] in refused and str(report.data) not in refused
    assert list((report.data / "spool").glob("*.journal")) or "spool" in (report.data / "output.txt").read_text()


def test_one_entry_is_called_an_entry(night):
    told = str(night("loopscan(1, 1, diode)"))
    assert ": 1 entry (1.1), " in told


def test_the_clock_of_the_night_answers_what_a_script_asks(night):
    script = """
import time, datetime, asyncio
from datetime import date
time.sleep(3600)
asyncio.run(asyncio.sleep(1800))
sleep(1800)
assert datetime.datetime.now() == datetime.datetime(2026, 1, 1, 22, 0), datetime.datetime.now()
assert isinstance(datetime.datetime(2026, 1, 1), datetime.datetime)
assert datetime.date.today() == datetime.date(2026, 1, 1)
assert datetime.datetime.fromtimestamp(time.time()) == datetime.datetime.now()
SCAN_SAVING.base_path = "/data/visitor"
loopscan(1, 1, diode)
"""
    before = datetime.now, time.time, time.sleep
    report = night(script)
    assert report.error is None, report.error
    assert report.seconds == 7201.0
    assert report.files[0].meant == "/data/visitor/demo/data.h5"
    assert (datetime.now, time.time, time.sleep) == before


def test_an_error_is_told_with_the_line_of_the_script(night):
    report = night("loopscan(1, 1, diode)\nascan(robyy, 0, 1, 1, 1)\n")
    assert report.exit_code == 1
    assert report.error.startswith("!!! NameError: name 'robyy' is not defined: did you mean 'roby'?")
    assert report.traceback == (f"{report.script}, line 2: ascan(robyy, 0, 1, 1, 1)",)
    assert len(report.scans) == 1


def test_a_script_that_never_ends_is_ended_at_the_limit(night):
    report = night("import time\nwhile True:\n    time.sleep(60)\n", "limit: 5 h")
    assert report.seconds == 5 * 3600
    assert report.error.startswith("!!! the script has not ended after 5 h")
    assert (report.exit_code, report.interrupted) == (1, False)


def test_a_night_in_which_the_beam_never_returns_ends_at_the_limit(night):
    script = """
from obtura.presets.wait_for_beam import WaitForBeam
DEFAULT_CHAIN.add_preset(WaitForBeam(monitor, 50))
sleep(1)
loopscan(2, 10, diode)
"""
    report = night(script, "limit: 2 h\nevents: [{at: +0.5s, event: beam lost}]")
    assert report.seconds == pytest.approx(2 * 3600, abs=1)
    assert report.waits["WaitForBeam"] == (1, pytest.approx(2 * 3600, abs=2))
    assert lines(report, "waited")[0].startswith("scan 1 waits 1 h 59 min for WaitForBeam.prepare: Waiting for beam")


def test_nobody_answers_questions_at_night(night):
    assert "EOFError" in night("input('continue?')").error


def test_data_that_are_there_are_not_touched(tmp_path):
    script = tmp_path / "night.py"
    script.write_text("loopscan(1, 1, diode)")
    with pytest.raises(UsageError, match="is not empty"):
        rehearse("demo", script, tmp_path)


def test_data_that_can_not_be_written_are_refused(tmp_path):
    script, in_the_way = tmp_path / "night.py", tmp_path / "file"
    script.write_text("loopscan(1, 1, diode)")
    in_the_way.touch()
    with pytest.raises(UsageError, match="can't be written: Not a directory; say where else"):
        rehearse("demo", script, in_the_way / "data")


def test_a_mistake_in_what_is_given_is_told_before_anything_is_made(tmp_path):
    script, data = tmp_path / "night.py", tmp_path / "data"
    with pytest.raises(UsageError, match="no such file"):
        rehearse("demo", script, data)
    script.write_text("")
    with pytest.raises(UsageError, match="there is no session 'dem'"):
        rehearse("dem", script, data)
    with pytest.raises(UsageError, match="can't be read: No such file"):
        rehearse("demo", script, data, tmp_path / "none.yml")
    assert not data.exists()


def test_a_device_that_the_session_does_not_have_is_told_with_its_place(night):
    with pytest.raises(UsageError, match=r"night.yml:2:35: device: no simulated device 'robi': did you mean 'rob"):
        night("", "events:\n- {at: +1h, event: fails, device: robi}\n")
