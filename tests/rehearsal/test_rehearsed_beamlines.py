"""Rehearsing a beamline that is described in YAML: real devices, stand-ins, settings."""

import pytest

from obtura.ground.errors import UsageError
from obtura.rehearsal import rehearse
from obtura.session.config import known
from obtura.session.opening import load_session

SIMULATED = """
- {name: roby, class: SimulatedAxis, unit: mm, limits: [-10, 10]}
- {name: diode, class: SimulatedDiode}
- {name: lab, class: Session, devices: [roby, diode]}
"""
REAL = """
- {name: sx, class: PVAxis, setpoint_pv: "LAB:m1", unit: mm, low_limit: -2, high_limit: 3}
- {name: i0, class: PVCounter, pv: "LAB:i0"}
- {name: front, class: PVShutter, command_pv: "LAB:shutter"}
- {name: mono, class: ExpressionCalcCounter, expression: 2*x, inputs: {x: $i0}}
- {name: lab, class: Session}
"""


@pytest.fixture
def line(tmp_path, monkeypatch):
    """Describe a beamline, and rehearse a script on it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    directory, script, count = tmp_path / "line", tmp_path / "night.py", iter(range(100))
    directory.mkdir()

    def rehearsed(yaml, text, **options):
        (directory / "obtura.yml").write_text(f"settings: {tmp_path / 'settings.db'}\n")
        (directory / "all.yml").write_text(yaml)
        script.write_text(text)
        return rehearse("lab", script, tmp_path / f"data{next(count)}", config=str(directory), **options)

    return rehearsed


def test_settings_are_those_of_the_session_and_stay_as_they_are(line, tmp_path):
    line(SIMULATED, "")
    with load_session("lab", tmp_path / "line") as session:
        session.roby.move(3.0)
    before = (tmp_path / "settings.db").read_bytes()
    report = line(SIMULATED, "assert roby.position == 3.0\nroby.move(5.0)\nloopscan(2, 10, diode)\n")
    assert report.error is None, report.error
    assert (tmp_path / "settings.db").read_bytes() == before
    with load_session("lab", tmp_path / "line") as session:
        assert session.roby.position == 3.0


def test_real_devices_are_named_and_nothing_is_touched(line):
    with pytest.raises(UsageError) as caught:
        line(REAL, "")
    told = str(caught.value)
    assert "nothing was touched" in told
    for name, kind in {"sx": "PVAxis", "i0": "PVCounter", "front": "PVShutter"}.items():
        assert f"{name} is real: {kind} (" in told
    assert "mono is real" not in told


def test_stand_ins_have_the_names_and_limits_of_what_they_stand_for(line):
    script = """
assert front.is_closed
front.open()
sx.move(1.0)
assert (sx.unit, sx.limits) == ("mm", (-2, 3)), (sx.unit, sx.limits)
ascan(sx, 0, 1, 2, 60, i0, mono)
"""
    report = line(REAL, script, simulate=True)
    assert report.error is None, report.error
    assert [each.partition(" ")[0] for each in report.simulated] == ["sx", "i0", "front"]
    assert [scan.points for scan in report.scans] == [3]


class Lonely:
    """Nothing stands in for it."""

    def __init__(self, name: str):
        self.name = name


def test_what_nothing_can_stand_in_for_is_refused_with_simulate_too(line, monkeypatch):
    monkeypatch.setitem(known.OWN, "Lonely", f"{__name__}:Lonely")
    yaml = REAL + "- {name: lonely, class: Lonely}\n"
    with pytest.raises(UsageError, match="--simulate knows no simulated device"):
        line(yaml, "", simulate=True)


SPOKEN_TO = """
- name: box
  class: TextInstrument
  tcp: 127.0.0.1:1
  counters: [{name: pressure, query: "P?", unit: mbar}]
  axes: [{name: setpoint, set: "S {position}", readback: "S?", unit: mbar, limits: [0, 100]}]
  shutters: [{name: valve, open: "O 1", close: "O 0"}]
  multiplexers: [{name: mode, outputs: {ramp: {inputs: {LIN: L, MAX: M}, status: "R?"}}}]
- {name: lab, class: Session}
"""


def test_a_preset_on_a_pv_looks_for_none(line, monkeypatch):
    def find(name):
        raise AssertionError(f"it looks for {name}")

    monkeypatch.setattr("obtura.instruments.epics.link.wire_of", find)
    script = """
from obtura.presets.epics_watch import EpicsWatch
scan = ascan(sx, 0, 1, 2, 60, i0, run=False)
scan.acq_chain.add_preset(EpicsWatch("LAB:gap", "> 5"))
scan.acq_chain.add_preset(beam)
scan.run()
"""
    beam = '- {name: beam, class: EpicsWatch, pv: "LAB:current", condition: "> 5"}\n'
    report = line(REAL + beam, script, simulate=True)
    assert report.error is None, report.error
    assert [scan.points for scan in report.scans] == [3]


def test_instruments_that_are_spoken_to_in_text_are_stood_in_for(line):
    script = """
valve.open()
mode.switch("ramp", "MAX")
assert mode.connections == {"ramp": "MAX"} and mode.outputs == {"ramp": ("LIN", "MAX")}
assert setpoint.limits == (0, 100)
ascan(setpoint, 0, 1, 2, 60, pressure)
"""
    report = line(SPOKEN_TO, script, simulate=True)
    assert report.error is None, report.error
    assert [each.partition(" ")[0] for each in report.simulated] == ["box", "pressure", "setpoint", "valve", "mode"]
