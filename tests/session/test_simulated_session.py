"""Sessions on simulated devices: the YAML is that of the beamline, nothing outside of this process is touched."""

import subprocess
import sys

import h5py
import pytest

from obtura.devices.sim.counters import ConstantCounter, SimulatedDiode
from obtura.devices.sim.motor import SimulatedAxis
from obtura.ground.errors import DeviceError, UsageError
from obtura.presets.epics_watch import EpicsWatch
from obtura.session import opened, opening
from obtura.session.config import Config, known
from obtura.session.config.known import MEMBERS, OWN, TWINS, KnownClasses

LAB = """
- {name: sx, class: PVAxis, setpoint_pv: "NOWHERE:m1", unit: mm, low_limit: -2, high_limit: 3, tolerance: 0}
- {name: reader, class: PVReader, max_sampling_frequency: 50}
- {name: i0, class: PVCounter, pv: "NOWHERE:i0", controller: $reader, unit: nA}
- {name: phase, class: PVCounter, pv: "NOWHERE:phase", controller: $reader, as_text: true}
- {name: front, class: PVShutter, command_pv: "NOWHERE:shutter", safe_action: close}
- {name: open_it, class: ShutterPreset, shutter: $front}
- {name: mono, class: ExpressionCalcCounter, expression: 2*x, inputs: {x: $i0}}
- name: box
  class: TextInstrument
  tcp: 127.0.0.1:1
  counters: [{name: pressure, query: "P?", unit: mbar}, {name: status, query: "S?", as_text: true}]
  axes: [{name: setpoint, set: "S {position}", readback: "S?", unit: mbar, limits: [0, 100], velocity: 50}]
  shutters: [{name: valve, open: "O 1", close: "O 0"}]
  multiplexers: [{name: mode, outputs: {ramp: {inputs: {LIN: L, MAX: M}, status: "R?"}}}]
- {name: switch, class: PVMultiplexer, outputs: {gain: {pv: "NOWHERE:gain"}, speed: {pv: "X", inputs: {slow: 1}}}}
- {name: beam, class: EpicsWatch, pv: "NOWHERE:current", condition: "> 5"}
- {name: gauge, class: OwnGauge, port: /dev/nothing}
- {name: lonely, class: Lonely}
- {name: friend, class: Friend, of: $lonely}
- {name: beyond, class: Friend, of: $sx.links}
- {name: lab, class: Session, presets: [open_it], consumers: [documents], saving: {base_path: ../data}}
- {name: documents, class: EventDocuments}
"""


class OwnGauge:
    """A class of a user's, which knows what stands in for it."""

    def __init__(self, name: str, port: str):
        raise AssertionError("it would open its port")

    @staticmethod
    def simulated(name, **arguments):
        return ConstantCounter(name, value=float(len(arguments["port"])))


class Lonely:
    """Nothing stands in for it."""

    def __init__(self, name: str):
        raise AssertionError("it would talk to its hardware")


class Friend:
    twin = "none"

    def __init__(self, name: str, of=None):
        self.name = name


@pytest.fixture
def simulated(home, tmp_path, monkeypatch):
    """Open the lab on simulated devices."""
    for name in ("OwnGauge", "Lonely", "Friend"):
        monkeypatch.setitem(known.OWN, name, f"{__name__}:{name}")
    monkeypatch.setattr(opened, "_opened", [])  # other tests may leave some
    folder = tmp_path / "beamline"
    folder.mkdir()
    (folder / "all.yml").write_text(LAB.split("- {name: documents")[0].replace(", consumers: [documents]", ""))
    sessions = []

    def open_it(**how):
        session = opening.load_session("lab", folder, display=False, **(how or {"simulate": True}))
        sessions.append(session)
        return session

    yield open_it
    for session in sessions:
        session.close()


def test_what_stands_in_has_name_unit_limits_and_kind_of_the_yaml(simulated):
    session = simulated()
    assert isinstance(session.sx, SimulatedAxis) and isinstance(session.i0, SimulatedDiode)
    assert (session.sx.unit, session.sx.limits) == ("mm", (-2, 3))
    assert (session.setpoint.limits, session.setpoint.velocity) == ((0, 100), 50)
    assert session.i0.unit == "nA" and session.i0.controller is session.reader
    assert session.reader.max_sampling_frequency == 50
    assert session.mode.outputs == {"ramp": ("LIN", "MAX")}
    assert session.gauge.read() == len("/dev/nothing")
    session.mode.switch("ramp", "MAX")
    session.valve.open()
    assert session.front.is_closed


def test_a_counter_of_texts_gives_a_text(simulated):
    session = simulated()
    assert session.phase.controller is session.reader
    scan = session.loopscan(2, 0.01, session.phase, session.status, session.i0)
    assert scan.get_data(session.phase).tolist() == scan.get_data(session.status).tolist() == ["simulated"] * 2


def test_an_output_whose_inputs_only_the_control_system_knows_takes_any(simulated):
    session = simulated()
    session.switch.switch("gain", "High")
    session.switch.switch("speed", "slow")
    assert session.switch.connections == {"gain": "High", "speed": "slow"}
    assert "gain  = High  (of any)" in session.switch.__info__()
    with pytest.raises(UsageError, match="input of speed 'fast' is not known"):
        session.switch.switch("speed", "fast")
    with pytest.raises(UsageError, match="output 'gaine' is not known"):
        session.switch.switch("gaine", "High")
    with pytest.raises(UsageError, match="input of gain must be a name"):
        session.switch.switch("gain", 3)


@pytest.mark.parametrize("every_point", [True, False])
def test_a_preset_on_a_pv_looks_for_none_and_says_so(simulated, monkeypatch, every_point):
    def find(name):
        raise AssertionError(f"it looks for {name}")

    monkeypatch.setattr("obtura.instruments.epics.link.wire_of", find)
    session = simulated()
    scan = session.loopscan(2, 0.01, session.i0, run=False)
    for preset in session.beam, EpicsWatch("NOWHERE:gap", "> 5", every_point=every_point):
        scan.acq_chain.add_preset(preset)
        assert preset.links == []
    said = []
    scan.acq_chain.say = said.append
    scan.run()
    assert said == [f"NOWHERE:{pv} is taken as good: devices are simulated" for pv in ("current", "gap")]
    session.close()
    with pytest.raises(AssertionError, match="it looks for NOWHERE:gap"):  # this process pretends no longer
        EpicsWatch("NOWHERE:gap", "> 5")


def test_a_scan_goes_as_at_the_beamline_and_its_file_says_simulated(simulated, home, tmp_path):
    session = simulated()
    scan = session.ascan(session.sx, 0, 1, 2, 0.01, session.i0, session.mono, session.pressure)
    assert scan.state.name == "DONE" and scan.scan_info["manner"] == "simulated"
    assert not (tmp_path / "data").exists()
    place = home / "scans" / "simulated"
    assert scan.scan_info["filename"].startswith(str(place))
    with h5py.File(scan.scan_info["filename"]) as file:
        assert '"manner": "simulated"' in file["1.1/scan_info"][()].decode()
    session.close()
    assert not session.scan_saving.filename.startswith(str(place))  # of this process, too


def test_settings_of_the_beamline_are_neither_written_nor_forgotten(simulated, home, tmp_path):
    session = simulated()
    session.setpoint.offset = 5.0
    session.close()
    assert not list(home.rglob("*.db"))
    assert simulated().setpoint.offset == 0.0


def test_what_nothing_stands_in_for_is_told_and_so_is_who_needs_it(simulated, capsys):
    session = simulated()
    told = capsys.readouterr().err
    assert "simulated: sx (PVAxis), " in told and "front (PVShutter)" in told
    assert "nothing simulated stands in for a Lonely" in told
    assert "friend is not there: it needs lonely" in told
    with pytest.raises(DeviceError, match="nothing simulated stands in"):
        session.lonely.anything()


def test_what_a_class_offers_beyond_is_told_plainly(simulated, capsys):
    session = simulated()
    wanted = "sx is simulated: a SimulatedAxis has no 'links', as a PVAxis may have"
    assert wanted in capsys.readouterr().err  # of `$sx.links`
    with pytest.raises(AttributeError, match="box is simulated: a SimulatedController has no 'query'"):
        session.box.query("*IDN?")
    assert not hasattr(session.sx, "links")


def test_a_library_that_is_missing_is_not_needed(simulated, monkeypatch, capsys):
    for name in list(sys.modules):
        if name.startswith("obtura.instruments.epics"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "caproto", None)
    session = simulated()
    assert (session.sx.unit, session.sx.limits) == ("mm", (-2, 3))
    assert session.i0.controller is session.reader
    session.ascan(session.sx, 0, 1, 2, 0.01, session.i0)
    session.close()
    assert "EPICS needs the extra" not in capsys.readouterr().err
    simulated(simulate=False).close()
    assert "sx is not there: " in (told := capsys.readouterr().err) and "EPICS needs the extra" in told


def test_what_is_recorded_of_classes_is_what_they_say():
    found = KnownClasses()
    said = {name: getattr(found.find(name).make, "twin", None) for name in OWN}
    away = {name: twin for name, twin in said.items() if twin and OWN[name].startswith("obtura.instruments.")}
    assert {name: twin for name, twin in away.items() if twin != "none"} == TWINS
    assert {name: found.find(name).make.yaml_members for name in MEMBERS} == MEMBERS


OPHYD = """
- {name: det, class: OphydDetector, ophyd: "ophyd.sim:det"}
- name: stage
  class: OphydDevice
  ophyd: nowhere:Stage
  axes: [{name: ox, part: x, low_limit: -1}]
  shutters: [{name: osh, part: shutter}]
- {name: gauge, class: OphydDevice, ophyd: "nowhere:Gauge", counters: [{name: p1}, {name: p2, unit: mbar}]}
- {name: lab, class: Session, saving: {base_path: ../data}}
"""


@pytest.mark.parametrize("library", ["missing", "there"])
def test_devices_of_ophyd_have_what_is_listed_or_a_counter_of_their_own(simulated, monkeypatch, tmp_path, library):
    if library == "missing":
        for name in [name for name in sys.modules if name.startswith("obtura.instruments.ophyd")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "bluesky.protocols", None)
    (tmp_path / "beamline" / "all.yml").write_text(OPHYD)
    session = simulated()
    scan = session.ascan(session.ox, 0, 0.01, 1, 0.001, session.det, session.stage, session.gauge, save=False)
    counted = {name for name in scan.get_data() if name.startswith(("det:", "stage:", "gauge:"))}
    assert counted == {"det:det", "stage:stage", "gauge:p1", "gauge:p2"}
    assert (session.osh.state, session.ox.limits[0], session.p2.unit) == ("CLOSED", -1, "mbar")


def test_consumers_are_left_out_and_told(simulated, tmp_path, capsys):
    (tmp_path / "beamline" / "all.yml").write_text(LAB)
    simulated()
    assert "left out: documents" in capsys.readouterr().err


def test_the_description_itself_stays_as_it_is(simulated, tmp_path):
    simulated()
    assert Config.load(tmp_path / "beamline").describe("sx").class_name == "PVAxis"


def test_one_process_is_simulated_or_not(simulated):
    simulated()
    with pytest.raises(UsageError, match="open in this process that is simulated"):
        simulated(simulate=False)


def test_shell_and_script_say_so(simulated, tmp_path):
    simulated().close()
    (tmp_path / "night.py").write_text("sx.move(1)\nprint(session)\nloopscan(1, .01, i0)\n")
    yaml = LAB.partition("- {name: open_it")[0] + "- {name: lab, class: Session}\n"
    (tmp_path / "beamline" / "all.yml").write_text(yaml)
    where = ["--config", str(tmp_path / "beamline"), "--simulate"]
    obtura = [sys.executable, "-m", "obtura"]
    told = {"capture_output": True, "text": True, "timeout": 50, "cwd": tmp_path}
    ran = subprocess.run([*obtura, "run", *where, "night.py"], **told)
    assert ran.returncode == 0, ran.stderr
    assert "SIMULATED\n" in ran.stdout and "simulated: sx (PVAxis)" in ran.stderr
    checked = subprocess.run([*obtura, "check", str(tmp_path / "beamline"), "--simulate"], **told)
    names = "sx (PVAxis), reader (PVReader), i0 (PVCounter), phase (PVCounter)"
    assert checked.stdout.endswith(f"simulated: {names}, front (PVShutter)\n")
    typed = subprocess.run([*obtura, "shell", *where], input="sx.position\n", **told)
    assert typed.stdout.startswith("LAB SIMULATED [1]:")
