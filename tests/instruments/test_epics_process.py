"""EPICS and the rest of the process: Ctrl-C, the end of the process, and a missing extra."""

import gc
import os
import signal
import subprocess
import sys

import pytest

from obtura.works.clock import clock

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from motors import told

from obtura.instruments.epics import MotorRecord

STRICT = [sys.executable, "-W", "error"]


@pytest.fixture
def running(script):
    """Run a script and talk to it; it must end well and say nothing on stderr."""
    processes = []

    def run(text):
        pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        # a job in the background of a shell would inherit an ignored SIGINT
        process = subprocess.Popen(
            [*STRICT, script("import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + text)],
            text=True,
            **pipes,
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        try:
            _, complaints = process.communicate(timeout=120)
        finally:
            process.kill()
        assert (process.returncode, complaints) == (0, "")


JOGGING = """
m1, m2 = MotorRecord("m1", "T:m1"), MotorRecord("m2", "T:m2")
for axis, velocity in (m1, 2.0), (m2, 0.1):
    axis.velocity = velocity
m2.move(8, wait=False)
m1.jog(2.0)
{end}
"""


@pytest.mark.parametrize(("end", "code"), [("", 0), ("raise SystemExit(3)", 3), ("m1.stop()", 0)])
def test_what_jogs_when_a_script_ends_is_stopped_and_what_moves_goes_on(m1, beamline, script, end, code):
    ended = subprocess.run([*STRICT, script(JOGGING.format(end=end))], capture_output=True, text=True, timeout=240)
    said = "" if end == "m1.stop()" else "!!! m1 was still jogging, it was stopped\n"
    assert (ended.returncode, ended.stderr) == (code, said)
    m2 = MotorRecord("m2", "T:m2")
    assert (m1.is_moving, m2.is_moving) == (False, True)
    assert [pv for pv, _ in told(beamline) if pv.endswith("STOP")] == ["m1.STOP"]
    m2.stop()


SHUTTING = """
shutter = PVShutter("shutter", "T:shutter", "T:shutter:status", "Open", "Closed")
connect(shutter)
for _ in range(15):
    try:
        print("go", flush=True)
        while True:
            shutter.open()
            shutter.close()
    except KeyboardInterrupt:
        pass
    shutter.close()
    assert shutter.state == "CLOSED"
print("end", flush=True)
"""


def test_ctrl_c_at_any_moment_leaves_a_shutter_that_can_be_closed(beamline, running):
    beamline.put(shutter__delay=0.0)
    process = running(SHUTTING)
    for i in range(15):
        assert process.stdout.readline() == "go\n"
        clock.sleep(0.001 + 0.0007 * i)
        process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "end\n"
    assert beamline.puts()[-1] == ("shutter", "Closed")


MOVING = """
axis = PVAxis("mx", "T:axis", "T:axis:readback", stop_pv="T:axis:stop")
axis.check()
try:
    print("go", flush=True)
    axis.move(9)
except KeyboardInterrupt:
    print(axis.is_moving, axis.position < 8, flush=True)
"""


def test_ctrl_c_stops_an_axis_that_is_waited_for(beamline, running):
    beamline.put(axis__velocity=2.0)
    process = running(MOVING)
    assert process.stdout.readline() == "go\n"
    while not beamline.puts():
        clock.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "False True\n"
    assert beamline.puts() == [("axis", "9.0"), ("axis:stop", "1.0")]


def test_a_process_ends_without_noise_while_its_pvs_are_connected(beamline, running):
    process = running("""
diode = PVCounter("diode", "T:diode")
obtura.ct(0.01, diode)
print(diode.read(), flush=True)
""")
    assert process.stdout.readline() == "5.0\n"


def test_a_process_ends_without_noise_also_when_its_ioc_is_dead(mortal_beamline, running):
    process = running(f"""
diode = PVCounter("diode", "{mortal_beamline.pv("diode")}", timeout=2.0)
lost = PVCounter("lost", "NO:SUCH:PV", timeout=0.1)
obtura.ct(0.01, diode)
print(diode.read(), flush=True)
input()
try:
    diode.read()
except RuntimeError as error:
    print(error, flush=True)
""")
    assert process.stdout.readline() == "5.0\n"
    mortal_beamline.ioc.kill()
    process.stdin.write("\n")
    process.stdin.flush()
    assert "lost at" in process.stdout.readline()


def test_a_call_in_the_main_thread_enters_nothing_of_the_client_that_a_ctrl_c_could_tear(beamline):
    diode, shutter, axis = beamline.counter(), beamline.shutter(), beamline.axis()
    entered = set()

    def note(frame, event, _argument):
        if event == "call" and frame.f_code.co_filename.endswith(("threading/client.py", "_circuit.py", "_utils.py")):
            entered.add(frame.f_code.co_name)

    gc.disable()  # what the client has it call when a subscription of another test is gone is called wherever it runs
    sys.setprofile(note)
    try:
        diode.read()
        with shutter:
            axis.move(0.1)
        axis.stop()
    finally:
        sys.setprofile(None)
        gc.enable()
    assert entered == {"connected", "channel"}  # two look-ups


def test_ctrl_c_at_any_moment_leaves_a_shutter_that_can_be_closed_by_either_protocol(c_beamline, running):
    process = running(SHUTTING.replace("T:", c_beamline.pv("")))
    for i in range(15):
        assert process.stdout.readline() == "go\n"
        clock.sleep(0.001 + 0.0007 * i)
        process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "end\n"
    assert c_beamline.puts()[-1] == ("shutter", "Closed")


def test_a_process_with_pvs_of_both_protocols_and_monitors_ends_without_noise(c_beamline, running):
    process = running(f"""
tick = PVCounter("tick", "{c_beamline.pv("tick")}", monitor=True)
lost = PVCounter("lost", "{c_beamline.pv("no_such_pv")}", timeout=0.1)
obtura.ct(0.25, tick, save=False)
print(tick.read() > 0, flush=True)
""")
    assert process.stdout.readline() == "True\n"


def test_a_name_server_that_is_not_there_writes_nothing_into_the_terminal():
    pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")
    script = (
        "import os, time\n"
        'os.environ |= {"EPICS_PVA_NAME_SERVERS": "127.0.0.1:1", "EPICS_PVA_AUTO_ADDR_LIST": "NO"}\n'
        "from obtura.instruments.epics import PVCounter\n"
        'd = PVCounter("d", "pva://nope")\n'
        "time.sleep(0.5)\n"
    )
    itself = {name: value for name, value in os.environ.items() if name != "PVXS_LOG"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True, env=itself)
    assert done.stderr == done.stdout == ""
