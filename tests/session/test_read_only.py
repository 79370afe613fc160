"""Sessions that are opened for a look: everything is asked, nothing is told, nothing is left behind."""

import subprocess
import sys

import pytest

from obtura.contracts import looking
from obtura.contracts.presets import ScanPreset
from obtura.devices.axis import Axis
from obtura.devices.axis_driver import AxisDriver
from obtura.devices.axis_state import AxisState
from obtura.devices.multiplexer import Multiplexer, MultiplexerDriver
from obtura.devices.shutter import Shutter
from obtura.devices.shutter_driver import ShutterDriver, ShutterState
from obtura.ground.errors import DeviceError, UsageError
from obtura.session import opened, opening
from obtura.session.config import known

TOLD = []
"""What the drivers below were told, by whoever."""


class OwnStage(AxisDriver):
    """A driver as users write it; it knows nothing of sessions for a look."""

    def start_move(self, target, velocity, acceleration):
        TOLD.append("move")

    def stop(self):
        TOLD.append("stop")

    def position(self):
        return 1.5

    def state(self):
        return AxisState("READY")

    def set_position(self, position):
        TOLD.append("set_position")

    def start_home(self, switch, velocity, acceleration):
        TOLD.append("home")

    def on(self):
        TOLD.append("on")


class OwnBlade(ShutterDriver):
    def open(self):
        TOLD.append("open")

    def close(self):
        TOLD.append("close")

    def state(self):
        return ShutterState.OPEN


class OwnCard(MultiplexerDriver):
    def switch(self, output, input):
        TOLD.append("switch")

    def get_output(self, output):
        return "a"


class OwnLamp:
    """A device that is made of nothing of ours."""

    def __init__(self, name):
        self.name = name

    def on(self):
        TOLD.append("on")

    def level(self):
        return 7


class Opens(ScanPreset):
    """A preset that would tell a device something."""

    def __init__(self, name, shutter):
        self.shutter = shutter

    def prepare(self, scan):
        self.shutter.open()


def stage(name):
    return Axis(name, OwnStage(), unit="mm")


class Front(Shutter):
    def __init__(self, name):
        super().__init__(name, OwnBlade())


def card(name):
    return Multiplexer(name, OwnCard(), {"out": ["a", "b"]})


LAB = """
- {name: sx, class: stage}
- {name: front, class: Front, safe_action: close}
- {name: mux, class: card}
- {name: lamp, class: OwnLamp}
- {name: roby, class: SimulatedAxis, unit: mm}
- {name: diode, class: SimulatedDiode}
- {name: camera, class: SimulatedCamera}
- {name: opens, class: Opens, shutter: $front}
- {name: lab, class: Session, presets: [opens], saving: {base_path: ../data}}
"""


@pytest.fixture
def look(home, tmp_path, monkeypatch):
    """Open the lab for a look; this process tells devices something again when the test is over."""
    monkeypatch.setattr(looking, "_looking", False)
    for name in ("stage", "Front", "card", "OwnLamp", "Opens"):
        monkeypatch.setitem(known.OWN, name, f"{__name__}:{name}")
    monkeypatch.setattr(opened, "_opened", [])  # other tests may leave some
    folder = tmp_path / "beamline"
    folder.mkdir()
    (folder / "all.yml").write_text(LAB)
    TOLD.clear()
    sessions = []

    def look(**how):
        session = opening.load_session("lab", folder, display=False, **(how or {"read_only": True}))
        sessions.append(session)
        return session

    yield look
    for session in sessions:
        session.close()


@pytest.mark.parametrize(
    "tell",
    [
        "sx.move(3)",
        "sx.move(1.5)",
        "sx.rmove(1)",
        "sx.home()",
        "sx.on()",
        "mv(sx, 3)",
        "mv(roby, 3)",
        "roby.jog(1)",
        "sx.dial = 4",
        "front.open()",
        "front.close()",
        "mux.switch('out', 'b')",
        "lamp.on()",
        "camera.take()",
        "ascan(sx, 0, 1, 2, .01, diode)",
        "dscan(roby, 0, 1, 2, .01, diode)",
        "ct(.01, camera)",
        "with_front()",
    ],
)
def test_whoever_would_be_told_refuses_before_it_is(look, tell):
    session = look()
    names = session.env_dict

    def with_front():
        with names["front"]:
            pass

    with pytest.raises(DeviceError, match="this is read-only, devices are asked and told nothing"):
        exec(tell, {**session.namespace(), "with_front": with_front})
    assert TOLD == []


def test_what_is_only_asked_works(look, capsys):
    session = look()
    for words in ("wa()", "wm(sx)", "sta()", "lscnt()", "ct(.01, diode)", "loopscan(2, .01, diode)"):
        exec(words, session.namespace())
    assert session.sx.position == 1.5 and session.front.is_open and session.lamp.level() == 7
    assert session.mux.connections == {"out": "a"}
    scans = list(session.scans)
    assert scans[-1].state.name == "DONE"
    assert scans[-1].scan_info["filename"] is None and scans[-1].scan_info["manner"] == "read-only"
    assert "sx" in capsys.readouterr().out
    assert TOLD == []


def test_nothing_is_left_behind_neither_data_nor_settings(look, tmp_path):
    with look(read_only=False) as session:
        session.roby.offset = 3.0
        session.loopscan(2, 0.01, session.diode, run=False)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with look() as session:
        assert session.roby.offset == 3.0
        session.roby.offset = 5.0
        session.SCAN_SAVING.base_path = str(tmp_path / "elsewhere")
        session.loopscan(2, 0.01, session.diode)
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    changed = {path.name for path in {*before, *after} if before.get(path) != after.get(path)}
    assert changed <= {name for name in changed if name.endswith((".db-wal", ".db-shm"))}, changed
    assert not (tmp_path / "data").exists() and not (tmp_path / "elsewhere").exists()


def test_presets_that_may_drive_devices_are_left_out_and_told(look, capsys):
    look()
    assert "opens stand on no scan" in capsys.readouterr().err


def test_one_process_does_not_do_both(look):
    with look(read_only=False), pytest.raises(UsageError, match="a session is open in this process that uses devices"):
        look(read_only=True)
    with look(read_only=True):
        pass
    with pytest.raises(UsageError, match="read-only until it ends"):
        look(read_only=False)


def test_the_shell_says_so_at_its_prompt(home, tmp_path):
    obtura = [sys.executable, "-m", "obtura", "shell", "-s", "demo", "--read-only"]
    text = "umv(roby, 1)\nloopscan(1, .01, diode)\n"
    ended = subprocess.run(obtura, input=text, capture_output=True, text=True, timeout=240)
    assert ended.stdout.startswith("DEMO READ-ONLY [1]:")
    told = ended.stdout + ended.stderr
    assert "roby.move refused: this is read-only" in told
    assert "<no saving>" in told and "READ-ONLY\n" in told
