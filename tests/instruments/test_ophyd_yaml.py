"""ophyd devices from YAML: what they are in a session, what is wrong in it, and what another process does for them."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("ophyd", reason="ophyd is an extra: pip install obtura[ophyd]")
pytest.importorskip("ophyd_async", reason="ophyd is an extra: pip install obtura[ophyd]")

import ophyd

from obtura.contracts import looking
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.safety import action_of
from obtura.devices.multiple_positions import LabelledPosition, MultiplePositions, Target
from obtura.engine.scan import Scan
from obtura.ground.errors import DeviceError
from obtura.instruments.ophyd import OphydAxis, OphydDevice, OphydFlyerMaster, OphydShutter
from obtura.session.config import Config, ConfigError
from obtura.session.debugging import debug

LAB = """
- name: stage
  class: OphydDevice
  ophyd: ophyd_async.sim:SimStage
  arguments:
    pattern_generator: {ophyd: "ophyd_async.sim:PatternGenerator"}
  counters:
    - {name: where, key: stage-x}
  axes:
    - {name: sx, part: x, low_limit: -5, high_limit: 5}
    - {name: sy, part: y}

- name: th
  class: OphydAxis
  ophyd: ophyd_async.sim.SimMotor
  arguments: {initial_value: 3, units: deg}

- name: shutter
  class: OphydShutter
  ophyd: their_devices:FileShutter
  arguments: {path: shutter.log}
  safe_action: close

- name: det
  class: OphydDetector
  ophyd: their_devices:Detector
  exposure: exposure

- name: cam
  class: OphydCamera
  ophyd: ophyd_async.sim:SimBlobDetector
  shape: [240, 320]
  dtype: uint8

- name: flyer
  class: OphydFlyer
  ophyd: ophyd.sim:trivial_flyer
  period: null

- name: gone
  class: OphydDevice
  ophyd: their_devices:Gone
  timeout: 0.2
  axes:
    - {name: far, part: far}

- {name: lab, class: Session, saving: {base_path: ../data}}
"""

THEIRS = '''
import asyncio, os
import ophyd, ophyd.sim, ophyd_async.core, ophyd_async.sim

class FileShutter(ophyd.Signal):
    """Each value that is put is a line in a file, with the process that put it."""

    def __init__(self, *, name, path):
        super().__init__(name=name, value=0)
        self._path = path

    def put(self, value, **options):
        super().put(value, **options)
        with open(self._path, "a") as log:
            print(os.getpid(), value, file=log)

class Detector(ophyd.Device):
    exposure = ophyd.Component(ophyd.Signal, value=0.0, kind="omitted")
    counts = ophyd.Component(ophyd.Signal, value=0, kind="hinted")

    def __init__(self, prefix="", *, name):
        super().__init__(prefix, name=name)

    def trigger(self):
        self.counts.put(round(1000 * self.exposure.get()))
        return ophyd.sim.NullStatus()

class Gone(ophyd_async.core.StandardReadable):
    def __init__(self, name=""):
        self.far = ophyd_async.sim.SimMotor()
        super().__init__(name=name)

    async def connect(self, mock=False, timeout=1.0, force_reconnect=False):
        await asyncio.sleep(timeout)
        raise ophyd_async.core.NotConnectedError("far: pva://GONE")
'''


@pytest.fixture
def lab(lab, tmp_path, monkeypatch):
    (tmp_path / "their_devices.py").write_text(THEIRS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "their_devices", raising=False)
    return lab


@pytest.fixture
def session(open_lab):
    return open_lab(LAB)


def test_a_session_has_them_and_says_who_is_not_there(session):
    names = session.env_dict
    assert set(session.absent) == {"gone", "far"}
    assert "Gone gone is not connected after 0.2 s" in str(names["gone"])
    scan = session.ascan(names["sx"], 0, 2, 2, 0.002, names["where"], names["det"], save=False)
    assert scan.get_data("where").tolist() == [0.0, 1.0, 2.0]
    assert scan.get_data("det_counts").tolist() == [2, 2, 2]
    assert (names["th"].position, names["th"].unit, names["sx"].limits) == (3.0, "deg", (-5.0, 5.0))
    with names["shutter"]:
        assert names["shutter"].is_open


def test_its_axes_are_axes_of_a_session(session, capsys):
    session.dscan(session.env_dict["th"], -1, 1, 2, 0.001, session.env_dict["where"], save=False)
    assert session.env_dict["th"].position == 3.0
    wheel = MultiplePositions("wheel", [LabelledPosition("in", [Target(session.env_dict["th"], 3.0)])])
    assert wheel.position == "in"
    session.sta()
    session.wm(session.env_dict["th"])
    shown = capsys.readouterr().out
    assert "READY" in shown and "dial high" in shown and "!" not in shown


def test_of_many_signals_that_are_not_there_a_user_reads_the_first(lab):
    lab(LAB)

    class Lost(ophyd.Device):
        def wait_for_connection(self, all_signals=False, timeout=2.0):
            missing = ", ".join(f"d.signal_{number} (X:{number})" for number in range(30))
            raise TimeoutError(f"Failed to connect to all signals: {missing}; Pending operations: {'much ' * 200}")

    with pytest.raises(DeviceError) as error:
        OphydDevice("d", Lost(name="d")).check()
    assert "d.signal_0 (X:0)" in str(error.value) and "more; is it there" in str(error.value)
    assert len(str(error.value)) < 400


def test_a_camera_that_writes_its_frames_itself_and_a_flyer(session):
    names = session.env_dict
    scan = session.loopscan(2, 0.01, names["cam"])
    assert scan.get_data("cam").shape == (2, 240, 320)
    assert [exchange.sent for exchange in names["cam"].trace].count("stage()") == 1
    chain = AcquisitionChain()
    chain.add(OphydFlyerMaster(names["flyer"]))
    flight = Scan(chain, save=False)
    flight.run()
    assert len(flight.get_data("epoch")) == 100


def test_what_was_said_last_is_shown(session, capsys):
    session.env_dict["sx"].move(1)
    debug(session.env_dict["sx"])
    shown = capsys.readouterr().out
    assert "SimStage, connected since" in shown and "set(1)" in shown


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("ophyd_async.sim.SimMotor", "SimMotor", "ophyd: must be module:Class, as ophyd:EpicsMotor, got 'SimMotor'"),
        ("dtype: uint8", "dtype: pixels", "dtype must be one of numpy, as uint16, got 'pixels'"),
        ("key: stage-x", "kye: stage-x", "has no 'kye'"),
        ("low_limit: -5", "low_limit: left", "low_limit: expected a number"),
        ("low_limit: -5", "low_limit: 50", "low_limit: the low limit 50 is above the high limit 5"),
    ],
)
def test_mistakes_are_told_with_their_place(lab, was, now, told):
    with pytest.raises(ConfigError) as error:
        Config.load(lab(LAB.replace(was, now)))
    assert told in str(error.value) and "devices.yml:" in str(error.value)


def test_for_a_look_only_nothing_is_told(session, monkeypatch):
    names = session.env_dict
    assert names["sx"].position == 0.0
    monkeypatch.setattr(looking, "_looking", True)
    assert names["sx"].position == 0.0 and names["where"].read() == 0.0
    assert session.ct(0.01, names["where"]).get_data("where").tolist() == [0.0]
    for told in (lambda: names["sx"].move(1), names["shutter"].open, lambda: session.ct(0.01, names["det"])):
        with pytest.raises(DeviceError, match="refused: this is read-only"):
            told()
    assert not os.path.exists("shutter.log")


KILLED = """
import time
import obtura
from obtura.instruments.ophyd import OphydShutter

class Dark(obtura.ScanPreset):
    def start(self, scan):
        print("READY", flush=True)
        time.sleep(60)

shutter = OphydShutter("shutter", "their_devices:FileShutter", arguments={"path": "shutter.log"})
scan = obtura.loopscan(1, 0.0, obtura.SoftCounter(lambda: 1.0, name="c"), run=False, save=False)
scan.add_preset(obtura.ShutterPreset(shutter, safety=True))
scan.add_preset(Dark())
scan.run()
"""


def test_a_shutter_is_closed_by_another_process_when_this_one_is_killed(lab, tmp_path):
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": os.environ | {"PYTHONPATH": path}}
    with subprocess.Popen([sys.executable, "-c", KILLED], text=True, **pipes) as process:
        assert process.stdout.readline() == "READY\n", process.communicate()[1]
        process.kill()
        said = process.communicate(timeout=120)[1]
    assert "shutter.close done" in said
    opened, closed = [line.split() for line in (tmp_path / "shutter.log").read_text().splitlines()]
    assert (opened, closed[1]) == ([str(process.pid), "1"], "0") and closed[0] != opened[0]


def test_what_an_action_is():
    action = action_of(OphydShutter("s", "ophyd:Signal", arguments={"value": 0}, close_value=4), "close")
    assert (action.name, action.arguments["value"], action.arguments["ophyd"]) == ("s.close", 4, "ophyd:Signal")


def test_classes_are_known_to_yaml_by_what_they_take():
    assert OphydDevice.yaml_members["axes"] == ("device", "OphydAxis")
    assert next(OphydAxis.yaml_check({"ophyd": "Motor"}))[0] == "ophyd"
