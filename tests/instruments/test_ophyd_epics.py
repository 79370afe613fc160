"""ophyd by pyepics, and ophyd-async by PV Access, against servers in other processes.

Each test is a script in a process of its own: libca and p4p read where to ask once, when they are first used. They all
run at once, as they mostly wait: for what was killed, and for libca, which takes some seconds to find an IOC again.
"""

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ophyd", reason="ophyd is an extra: pip install obtura[ophyd]")
pytest.importorskip("ophyd_async", reason="ophyd is an extra: pip install obtura[ophyd]")
pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

pytestmark = pytest.mark.timeout(1000)

STRICT = [sys.executable, "-W", "error"]
pyepics = pytest.mark.skipif(importlib.util.find_spec("epics") is None, reason="pyepics is missing")
pva = pytest.mark.skipif(
    importlib.util.find_spec("pvxslibs") is None, reason="PVA is an extra: pip install obtura[pva]"
)

HERE = f"""
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {str(Path(__file__).parent)!r})
from contextlib import contextmanager
"""

BEAMLINE = f"""{HERE}
from obtura.instruments.simioc import start_ioc
def told(ioc, since=0):
    return [(put.pv.removeprefix("T:"), put.value) for put in ioc.puts()[since:]]
"""


def begun(text, folder):
    """The process of a script."""
    path = folder / "script.py"
    path.write_text(text)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*STRICT, path], text=True, cwd=folder, **pipes)


def check(process):
    """It must end well."""
    try:
        said, complaints = process.communicate(timeout=600)
    finally:
        process.kill()
    assert (process.returncode, said) == (0, "good\n"), complaints


CTRL_C = """
with start_ioc("T:") as ioc:
    from ophyd_classic import devices, obtura, ophyd
    import threading
    mx, diode, _ = devices("T:", timeout=60.0)
    velocity = ophyd.EpicsSignal("T:axis:velocity", name="velocity")
    velocity.wait_for_connection(timeout=60.0)
    velocity.put(0.2, wait=True, timeout=60.0)
    mx.check()
    for move in (lambda: mx.move(9), lambda: obtura.ascan(mx, 9, 10, 2, 0.01, diode, save=False)):
        before = len(ioc.puts())
        def tell():
            while ("axis", "9.0") not in told(ioc, before):
                time.sleep(0.01)
            print("go", flush=True)
        threading.Thread(target=tell).start()
        try:
            move()
        except KeyboardInterrupt:
            assert told(ioc, before) == [("axis", "9.0"), ("axis:stop", "1.0")], ioc.puts()
            assert not mx.is_moving and mx.position < 8
    velocity.put(20.0, wait=True)
    mx.move(0.1)
print("good")
"""


@pyepics
def test_ctrl_c_during_a_set_stops_the_axis(tmp_path):
    with begun(BEAMLINE + CTRL_C, tmp_path) as running:
        for _ in range(2):
            said = running.stdout.readline()
            assert said == "go\n", running.communicate()[1]  # it is under way
            running.send_signal(signal.SIGINT)
        check(running)


@pytest.fixture(scope="module")
def processes(request, tmp_path_factory):
    """The scripts of all tests that were chosen, under way."""
    mine = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    scripts = {item.callspec.params.get("script") for item in mine} - {None}
    running = {script: begun(script, tmp_path_factory.mktemp("script")) for script in scripts}
    yield running
    for process in running.values():
        with process:
            process.kill()


ORDER = """
with start_ioc("T:") as ioc:
    from ophyd_classic import devices, obtura, ophyd
    mx, diode, shutter = devices("T:")
    note = ophyd.EpicsSignal("T:note", name="note", string=True)
    note.wait_for_connection(timeout=60.0)

    class Noting(obtura.ScanPreset):
        def prepare(self, scan): note.put("S.prepare", wait=True)
        def start(self, scan): note.put("S.start", wait=True)
        def stop(self, scan): note.put("S.stop", wait=True)

    class NotingChain(obtura.ChainPreset):
        def prepare(self, chain): note.put("C.prepare", wait=True)
        def start(self, chain): note.put("C.start", wait=True)
        def before_stop(self, chain): note.put("C.before_stop", wait=True)
        def stop(self, chain): note.put("C.stop", wait=True)

    def puts(scan):
        before = len(ioc.puts())
        scan.add_preset(Noting())
        scan.acq_chain.add_preset(NotingChain())
        scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
        scan.run()
        return told(ioc, before)

    def notes(*names):
        return [("note", name) for name in names]

    point = [("shutter", "Open"), ("shutter", "Closed")]
    end = notes("C.before_stop", "C.stop", "S.stop")
    scan = obtura.loopscan(2, 0.01, diode, run=False)
    assert puts(scan) == [*notes("S.prepare", "C.prepare", "S.start", "C.start"), *point, *point, *end], ioc.puts()
    assert len(scan.get_data("diode_value")) == 2 and min(scan.get_data("diode_value")) > 5
    assert puts(obtura.ascan(mx, 1, 2, 1, 0.01, diode, run=False)) == [
        *notes("S.prepare", "C.prepare"), ("axis", "1.0"), *notes("S.start", "C.start"), *point,
        ("axis", "2.0"), *point, *end,
    ], ioc.puts()
print("good")
"""


@pyepics
@pytest.mark.parametrize("script", [BEAMLINE + ORDER], ids=["order"])
def test_the_ioc_sees_the_puts_of_classic_ophyd_in_the_order_of_the_design(processes, script):
    check(processes[script])


KILLED = """
with start_ioc("T:") as ioc:
    from ophyd_classic import devices, obtura
    from obtura import DeviceError
    mx, diode, shutter = devices("T:", timeout=3.0)
    calls = []

    def kills(phase):
        def hook(self, *arguments):
            calls.append(phase)
            if phase == deadly:
                ioc.kill()
        return hook

    class Scan(obtura.ScanPreset):
        prepare, start, stop = (kills(f"scan {hook}") for hook in ("prepare", "start", "stop"))

    class Iteration(obtura.ChainIterationPreset):
        prepare, start, stop = (kills(f"point {hook}") for hook in ("prepare", "start", "stop"))

    class Chain(obtura.ChainPreset):
        before_stop = kills("before_stop")
        def get_iterator(self, chain):
            while True:
                yield Iteration()

    def scan():
        made = obtura.ascan(mx, 0, 0.2, 2, 0.01, diode, run=False, save=False)
        made.add_preset(Scan())
        made.acq_chain.add_preset(Chain())
        return made

    def in_the_end(call):
        limit = time.monotonic() + 60
        while True:
            try:
                return call()
            except DeviceError:
                assert time.monotonic() < limit
                time.sleep(0.05)

    harmless = ("scan stop", "before_stop")  # nothing is asked any more
    for deadly in PHASES:
        calls.clear()
        began = time.monotonic()
        try:
            scan().run()
            assert deadly in harmless, deadly
        except DeviceError as error:
            assert deadly not in harmless, deadly
            assert any(name in str(error) for name in ("mx", "diode")), error
        assert time.monotonic() - began < 60, deadly
        assert calls.count("scan stop") == 1 and calls.count("point prepare") == calls.count("point stop"), calls
        ioc.start()
        in_the_end(mx.check), in_the_end(diode.check)
        deadly = ""
        good = scan()
        good.run()
        assert len(good.get_data("diode_value")) == 3
    ioc.kill()
    try:
        scan().run()
        raise AssertionError("nobody is there")
    except DeviceError as error:
        assert "is not connected after 3 s" in str(error)
    assert "calls" and shutter.state == "UNKNOWN"
print("good")
"""


@pyepics
@pytest.mark.parametrize(
    "script",
    [
        f"{BEAMLINE}PHASES = {phases!r}\n{KILLED}"
        for phases in (("scan prepare", "scan start"), ("point prepare", "point start"), ("point stop", "before_stop"))
    ],
    ids=["scan", "point", "stop"],
)
def test_an_ioc_killed_in_any_phase_fails_the_scan_in_time_and_works_again(processes, script):
    check(processes[script])


MOTOR = f"""{HERE}
import os, subprocess
class Ioc:
    port = "0"
    def start(self):
        command = [sys.executable, "-m", "ophyd_classic", "X:", self.port]
        path = os.pathsep.join([{str(Path(__file__).parent)!r}, os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {{"PYTHONPATH": path}}
        )
        self.port = self.process.stdout.readline().strip()
    def kill(self):
        self.process.kill()
        with self.process:
            pass
ioc = Ioc()
ioc.start()
os.environ |= {{"EPICS_CA_ADDR_LIST": f"127.0.0.1:{{ioc.port}}", "EPICS_CA_AUTO_ADDR_LIST": "NO"}}
try:
    import threading
    from obtura import DeviceError, LimitError, SoftCounter, ascan
    from obtura.instruments.ophyd import OphydAxis
    m1 = OphydAxis("m1", "ophyd:EpicsMotor", prefix="X:m1", timeout=3.0, tolerance=1e-3, patience=10.0)
    m1.move(1.0)
    assert m1.position == 1.0 and m1.limits == (-10.0, 10.0)
    scan = ascan(m1, 0, 1, 2, 0.01, SoftCounter(lambda: 1.0, name="c"), save=False)
    assert scan.get_data("m1").tolist() == [0.0, 0.5, 1.0]
    try:
        m1.move(11)
        raise AssertionError
    except LimitError as error:
        assert "m1: 11 is outside of the limits -10 to 10 of the EpicsMotor m1" in str(error).replace(" mm", ""), error
    def stop():
        while m1.position > 0.9:
            time.sleep(0.01)
        m1.stop()
    threading.Thread(target=stop).start()
    try:
        m1.move(-9)
        raise AssertionError
    except DeviceError as error:
        assert "m1 was stopped at" in str(error), error
    assert not m1.is_moving
    m1.move(5.0, wait=False)
    ioc.kill()
    try:
        m1.wait_move()
        raise AssertionError
    except DeviceError as error:
        assert "EpicsMotor m1" in str(error), error
    ioc.start()
    limit = time.monotonic() + 60
    while True:
        try:
            m1.check()
            break
        except DeviceError:
            assert time.monotonic() < limit
    m1.move(2.0)
    assert m1.position == 2.0
finally:
    ioc.kill()
print("good")
"""


@pyepics
@pytest.mark.parametrize("script", [MOTOR], ids=["motor"])
def test_an_epics_motor_of_classic_ophyd_moves_stops_and_comes_back(processes, script):
    check(processes[script])


PVA = f"""{HERE}
from ophyd_pva import SoftIoc, Stage, in_the_end, puts
import obtura
from obtura.ground.errors import DeviceTimeoutError
from obtura.instruments.ophyd import OphydAxis, OphydDevice, OphydShutter
with SoftIoc(".") as ioc:
    stage = OphydDevice("stage", Stage("P:", "stage"), timeout=3.0)
    in_the_end(stage.check)
    mx = OphydAxis("mx", device=stage, patience=5.0)
    shutter = OphydShutter("sh", device=stage, part="shutter", open_value="Open", close_value="Closed", patience=5.0)
    in_the_end(mx.check), in_the_end(shutter.check)
    seen = mx.position, mx.unit, shutter.state
    assert seen == (0.0, "mm", "CLOSED"), (seen, shutter.trace)
    scan = obtura.ascan(mx, 1, 2, 1, 0.01, stage, save=False, run=False)
    scan.acq_chain.add_preset(obtura.ShutterPreset(shutter, per_point=True))
    scan.run()
    assert scan.get_data("stage-diode").tolist() == [1.0, 4.0]
    assert puts("P:log")[-2:] == [1.0, 2.0] and puts("P:shlog")[-4:] == [1.0, 0.0, 1.0, 0.0]
    ioc.kill()
    for call in (stage.counters["stage-diode"].read, lambda: mx.move(1), shutter.open, lambda: mx.position):
        began = time.monotonic()
        try:
            call()
            raise AssertionError
        except DeviceTimeoutError as error:
            assert "Stage stage" in str(error) or "stage-shutter" in str(error), error
        assert time.monotonic() - began < 60
    ioc.start()
    in_the_end(lambda: mx.position)
    in_the_end(lambda: mx.move(3.0))
    assert mx.position == 3.0 and stage.counters["stage-diode"].read() == 9.0
print("good")
"""


@pva
@pytest.mark.parametrize("script", [PVA], ids=["pva"])
def test_ophyd_async_by_pv_access_scans_and_comes_back_when_its_ioc_was_killed(processes, script):
    check(processes[script])


@pytest.mark.parametrize("module", ["obtura.instruments.ophyd", "obtura.bluesky"])
def test_without_the_extra_the_error_says_what_to_install(module):
    code = f"import sys; sys.modules['bluesky'] = sys.modules['bluesky.protocols'] = None; import {module}"
    done = subprocess.run([*STRICT, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'obtura[ophyd]'" in done.stderr.splitlines()[-1]


def test_nothing_of_ophyd_is_imported_before_it_is_used():
    code = "import sys, obtura, obtura.session.public; print({'bluesky', 'ophyd', 'ophyd_async'} & set(sys.modules))"
    done = subprocess.run([*STRICT, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
