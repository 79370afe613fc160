"""obtura in bluesky, with real RunEngines: our scans in plans, our devices in plans, plan stubs in hooks."""

import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

pytest.importorskip("bluesky", reason="bluesky is an extra: pip install obtura[ophyd]")

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import ophyd.sim
import ophyd_async.sim
from bluesky import RunEngine
from bluesky.protocols import HasHints, Locatable, Readable, Status, Stoppable, Triggerable
from bluesky.run_engine import RunEngineInterrupted
from bluesky.utils import FailedStatus, Msg
from event_model import DocumentNames, schema_validators

import obtura
from obtura.bluesky import PlanPreset, as_bluesky, obtura_scan
from obtura.devices.sim import SimulatedAxis, SimulatedShutter
from obtura.ground.errors import DeviceError, LimitError, UsageError
from obtura.instruments.ophyd import OphydAxis, OphydDevice
from obtura.works.clock import Flag


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Documents:
    """Every document of a RunEngine, each valid by the schemas of event-model."""

    def __init__(self):
        self.all = []

    def __call__(self, name, document):
        schema_validators[DocumentNames[name]].validate(document)
        self.all.append((name, document))

    def names(self):
        return [name for name, _ in self.all]

    def of(self, name):
        return [document for each, document in self.all if each == name]


@pytest.fixture
def RE():
    engine = RunEngine({}, context_managers=[])
    yield engine
    if engine.state != "idle":
        engine.abort()
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    engine._th.join(60)
    engine.loop.close()


@pytest.fixture
def documents(RE):
    documents = Documents()
    RE.subscribe(documents)
    return documents


def roby(**options):
    return SimulatedAxis("roby", unit="mm", limits=(-10, 10), velocity=1e6, acceleration=1e9, **options)


def diode(axis):
    return obtura.SoftCounter(lambda: axis.position**2, name="diode", unit="V")


def test_an_obtura_scan_is_a_run_of_the_run_engine(RE, documents):
    axis = roby()
    RE.md["proposal"] = "ih1"
    result = RE(obtura_scan(lambda: obtura.ascan(axis, 0, 2, 2, 0.001, diode(axis)), md={"purpose": "test"}))
    assert documents.names() == ["start", "descriptor", "event", "event", "event", "stop"]
    start, descriptor, stop = (documents.of(name)[0] for name in ("start", "descriptor", "stop"))
    assert result == (start["uid"],)
    assert (start["plan_name"], start["proposal"], start["purpose"]) == ("ascan", "ih1", "test")
    assert start["obtura"]["filename"].endswith("data.h5") and start["motors"] == ["roby"]
    assert descriptor["data_keys"]["roby"]["units"] == "mm" and descriptor["hints"]["diode"] == {"fields": ["diode"]}
    events = documents.of("event")
    assert [event["data"]["roby"] for event in events] == [0, 1, 2]
    assert [event["data"]["diode"] for event in events] == [0, 1, 4]
    assert (stop["exit_status"], stop["num_events"]) == ("success", {"primary": 3})


def test_a_plan_goes_on_after_a_scan_and_has_what_it_gave(RE, documents):
    axis, seen = roby(), []

    def plan():
        scan = yield from obtura_scan(obtura.ascan(axis, 0, 1, 1, 0.001, diode(axis), run=False))
        seen.append(scan.get_data("diode").tolist())
        yield from obtura_scan(lambda: [obtura.ct(0.001, diode(axis)) for _ in range(2)])

    RE(plan())
    assert seen == [[0.0, 1.0]]
    assert len(documents.of("stop")) == 3


def test_a_scan_that_a_function_has_made_and_not_run_is_run(RE, documents):
    counter = obtura.SoftCounter(lambda: 1.0, name="c")
    plan = obtura_scan(lambda: obtura.loopscan(2, 0.001, counter, run=False, save=False))
    RE(plan)
    assert documents.names() == ["start", "descriptor", "event", "event", "stop"]


def test_what_a_scan_raises_the_plan_raises_and_the_run_has_failed(RE, documents):
    def broken():
        raise DeviceError("no light")

    with pytest.raises(DeviceError, match="no light"):
        RE(obtura_scan(lambda: obtura.loopscan(2, 0.001, obtura.SoftCounter(broken, name="c"))))
    assert documents.of("stop")[0]["exit_status"] == "fail"
    with pytest.raises(LimitError):
        RE(obtura_scan(lambda: obtura.ascan(roby(), 0, 99, 2, 0.001, diode(roby()))))
    with pytest.raises(UsageError, match="obtura_scan: expected a scan, or a function that runs one, got 7"):
        obtura_scan(7)


@pytest.mark.parametrize("end", ["abort", "stop", "halt"])
def test_a_pause_of_the_run_engine_pauses_the_scan_and_it_ends_as_the_run_engine_says(RE, documents, end):
    scan = obtura.timescan(0.001, obtura.SoftCounter(lambda: 1.0, name="c"), run=False)
    running = Flag()
    RE.subscribe(lambda name, document: running.set(), "event")
    threading.Thread(target=lambda: running.wait(60) and RE.request_pause(), daemon=True).start()
    with pytest.raises(RunEngineInterrupted):
        RE(obtura_scan(scan))
    assert scan.wait_state("PAUSED", 10)
    if end == "halt":
        RE.halt()
    else:
        getattr(RE, end)("enough") if end == "abort" else RE.stop()
    assert scan.wait_state("DONE", 10)
    assert str(scan.state) == ("DONE" if end == "stop" else "USER_ABORTED")
    if end != "halt":
        assert documents.of("stop")[0]["exit_status"] == {"abort": "abort", "stop": "success"}[end]
    assert RE.state == "idle"


def test_a_scan_that_was_paused_goes_on(RE, documents):
    axis = roby()
    scan = obtura.loopscan(40, 0.002, diode(axis), run=False)
    running = Flag()
    RE.subscribe(lambda name, document: running.set(), "event")
    threading.Thread(target=lambda: running.wait(60) and RE.request_pause(), daemon=True).start()
    with pytest.raises(RunEngineInterrupted):
        RE(obtura_scan(scan))
    assert scan.wait_state("PAUSED", 10)
    RE.resume()
    numbers = [event["seq_num"] for event in documents.of("event")]
    assert sorted(set(numbers)) == list(range(1, 41))
    assert documents.of("stop")[0]["exit_status"] == "success"


def test_our_axes_and_counters_in_a_plan_of_bluesky(RE, documents):
    axis = roby()
    motor, detector = as_bluesky(axis), as_bluesky(diode(axis), count_time=0.001)
    for protocol in (Readable, Locatable, Stoppable, HasHints):
        assert isinstance(motor, protocol)
    assert isinstance(detector, Readable) and isinstance(detector, Triggerable)
    RE(bp.scan([detector], motor, 0, 2, 3))
    assert documents.names() == ["start", "descriptor", "event", "event", "event", "stop"]
    assert [event["data"] for event in documents.of("event")] == [
        {"roby": 0.0, "diode": 0.0},
        {"roby": 1.0, "diode": 1.0},
        {"roby": 2.0, "diode": 4.0},
    ]
    keys = documents.of("descriptor")[0]["data_keys"]
    assert (keys["roby"]["units"], keys["diode"]["units"]) == ("mm", "V")
    RE(bp.rel_scan([detector], motor, -1, 1, 3))
    assert axis.position == 2.0


def test_both_worlds_in_one_plan(RE, documents):
    axis = roby()
    RE(bp.scan([as_bluesky(diode(axis), count_time=0), ophyd.sim.det1], ophyd.sim.motor, -1, 1, 2))
    assert {"diode", "det1", "motor"} <= set(documents.of("event")[0]["data"])
    theirs = ophyd_async.sim.SimMotor("m")
    ours = OphydAxis("m", theirs)
    assert as_bluesky(ours) is theirs and as_bluesky(OphydDevice("d", theirs)) is theirs
    ours.move(3.0)
    RE(bps.mv(theirs, 4.0))
    assert ours.position == 4.0


def test_an_obtura_scan_drives_devices_that_live_on_the_loop_of_the_run_engine(RE, documents):
    axis = OphydAxis("m", ophyd_async.sim.SimMotor("m"))
    scan = obtura.ascan(axis, 0, 2, 2, 0.001, OphydDevice("d", axis.ophyd_device), run=False, save=False)
    scan.add_preset(PlanPreset(stop=lambda: bps.mv(axis.ophyd_device, 5)))
    RE(obtura_scan(scan))
    assert [event["data"]["axis:m"] for event in documents.of("event")] == [0, 1, 2]
    assert axis.position == 5


def test_a_scan_started_in_a_hook_is_a_run_beside(RE, documents):
    axis = roby()

    class Look(obtura.ScanPreset):
        def prepare(self, scan):
            obtura.ct(0.001, diode(axis))

    scan = obtura.loopscan(2, 0.001, diode(axis), run=False, save=False)
    scan.add_preset(Look())
    RE(obtura_scan(scan))
    outer, inner = (start["uid"] for start in documents.of("start"))
    assert [stop["run_start"] for stop in documents.of("stop")] == [inner, outer]
    assert [stop["num_events"]["primary"] for stop in documents.of("stop")] == [1, 2]


CTRL_C = """
import threading, signal, os, time
from bluesky import RunEngine
from bluesky.run_engine import RunEngineInterrupted
import obtura
from obtura.bluesky import obtura_scan
RE = RunEngine()
scan = obtura.timescan(0.001, obtura.SoftCounter(lambda: 1.0, name="c"), run=False, save=False)
told = threading.Event()
RE.subscribe(lambda *_: told.is_set() or (told.set(), print("go", flush=True)), "event")
try:
    RE(obtura_scan(scan))
except RunEngineInterrupted:
    print(RE.state, scan.wait_state("PAUSED", 10), flush=True)
RE.abort()
print(RE.state, scan.state, flush=True)
"""


def test_ctrl_c_pauses_the_run_engine_and_the_scan_and_abort_ends_both(tmp_path):
    code = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{CTRL_C}"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path}
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as process:
        while process.stdout.readline() != "go\n":
            assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    assert "paused True\n" in said and said.endswith("idle USER_ABORTED\n"), said


def test_a_refused_or_failed_move_is_a_failed_status(RE):
    with pytest.raises(FailedStatus) as error:
        RE(bps.mv(as_bluesky(roby()), 99))
    assert "roby: move to 99 mm would exceed high limit (10 mm)" in str(error.value.__cause__)


def test_texts_are_strings_to_a_run_engine(RE, documents):
    words = iter(["idle", "moving", "there"])
    phase = obtura.SoftCounter(value=lambda: next(words), name="phase", as_text=True)
    detector = as_bluesky(phase, count_time=0)
    RE(bp.count([detector], 2))
    assert [event["data"] for event in documents.of("event")] == [{"phase": "idle"}, {"phase": "moving"}]
    assert documents.of("descriptor")[0]["data_keys"]["phase"]["dtype"] == "string"
    assert detector.hints == {"fields": []}
    RE(obtura_scan(obtura.loopscan(1, 0, phase, run=False, save=False)))
    told = documents.of("event")[-1]["data"]
    (key,) = [key for key in told if key.endswith("phase")]
    assert told[key] == "there"
    assert documents.of("descriptor")[1]["data_keys"][key]["dtype"] == "string"


def test_a_shutter_is_set_by_words(RE):
    shutter = SimulatedShutter("shutter")
    RE(bps.mv(as_bluesky(shutter), "open"))
    assert shutter.is_open
    with pytest.raises(UsageError, match="a shutter is set to 'open' or 'closed', not to 1"):
        RE(bps.mv(as_bluesky(shutter), 1))
    RE(bps.mv(as_bluesky(shutter), "closed"))
    assert shutter.is_closed


def test_what_is_no_device_is_refused():
    for wrong in ((), (7,), (roby(), roby())):
        with pytest.raises(UsageError, match="as_bluesky: "):
            as_bluesky(*wrong)


def test_plan_stubs_are_hooks_of_a_scan_and_both_kinds_of_devices_obey():
    axis, motor, classic = roby(), ophyd_async.sim.SimMotor("m"), ophyd.sim.SynAxis(name="c")
    ours = OphydDevice("d", motor)
    seen = []

    def prepare():
        yield from bps.mv(motor, 3, classic, 4)
        where = yield Msg("locate", motor)
        seen.append(where["readback"])
        yield from bps.stage(classic)
        yield from bps.sleep(0.001)

    preset = PlanPreset(prepare=prepare, stop=lambda: bps.mv(motor, 0, classic, 0))
    scan = obtura.ascan(axis, 0, 1, 1, 0.001, ours, run=False, save=False)
    scan.add_preset(preset)
    scan.run()
    assert seen == [3.0] and scan.get_data("m").tolist() == [3.0, 3.0]
    assert classic.position == 0 and ours.counters["m"].read() == 0


def test_a_stub_that_fails_stops_what_moves_and_is_a_device_error():
    class Refusing(ophyd.sim.SynAxis):
        def set(self, value):
            status = ophyd.DeviceStatus(self)
            status.set_exception(ValueError("blocked"))
            return status

    moving, refusing = ophyd_async.sim.SimMotor("m", instant=False), Refusing(name="r")

    def prepare():
        yield from bps.abs_set(moving, 100, group="a")
        yield from bps.mv(refusing, 1)

    scan = obtura.loopscan(1, 0.001, diode(roby()), run=False, save=False)
    scan.add_preset(PlanPreset(prepare=prepare))
    with pytest.raises(DeviceError, match="PlanPreset.prepare: r.set: Refusing r ended with ValueError: blocked"):
        scan.run()
    here = OphydAxis("m", moving)
    before = here.position
    time.sleep(0.15)
    assert here.position == before


def test_a_stub_may_handle_a_failure_and_what_needs_a_run_engine_is_refused():
    handled = []

    def run():
        try:
            yield Msg("open_run")
        except UsageError as error:
            handled.append(str(error))

    scan = obtura.loopscan(1, 0.001, diode(roby()), run=False, save=False)
    scan.add_preset(PlanPreset(start=run))
    scan.run()
    assert handled[0].startswith("PlanPreset.start: a hook can't do 'open_run', which needs a RunEngine")
    with closing(bps.null()) as plan, pytest.raises(UsageError, match="a plan can be gone through once only"):
        PlanPreset(prepare=plan)
    with pytest.raises(UsageError, match="give a plan"):
        PlanPreset()


def test_the_status_of_our_work_is_a_status():
    status = as_bluesky(roby()).set(1)
    assert isinstance(status, Status)
    assert status.exception(5) is None and status.done and status.success
