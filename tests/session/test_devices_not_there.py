"""Devices that do not answer when a session opens: it opens, says which, and they refuse until they are back."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from beamlines import DEVICES, LAB, Broken, Hangs, Meter, Unplugged, write

from obtura.contracts.absent import Absent
from obtura.contracts.presets import ScanPreset
from obtura.engine.scan import Scan
from obtura.ground.errors import DeviceError, UsageError
from obtura.session import opening, patience
from obtura.session.where import Where

DEAD = DEVICES + "- {name: lab, class: Session, saving: {base_path: ../data}}\n- {name: mx, class: Broken}\n"


def test_a_constructor_that_fails_is_told_in_one_line_and_everything_else_works(open_session, capsys):
    session = open_session(DEAD)
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "mx is not there: can't be made" in told
    assert "no answer on /dev/ttyS9" in told and "session.retry('mx')" in told
    assert len(session.bench.loopscan(2, 0.001).get_data("diode")) == 2


def test_its_placeholder_says_so_when_shown_and_refuses_when_used(open_session):
    mx = open_session(DEAD).mx
    for shown in (repr(mx), str(mx), mx.__info__()):
        assert shown.startswith("mx is not there: can't be made")
    for use in (lambda: mx.position, lambda: mx.move(3), lambda: mx(), lambda: setattr(mx, "velocity", 3)):
        with pytest.raises(DeviceError, match=r"(?s)mx is not there.*ttyS9.*session.retry\('mx'\)"):
            use()
    assert not hasattr(mx, "_repr_html_")  # who only looks is not bothered


@pytest.mark.parametrize(
    "typed",
    [
        "bench.ascan(mx, 0, 1, 1, 0.01, diode)",
        "bench.dscan(mx, 0, 1, 1, 0.01, diode)",
        "bench.a2scan(roby, 0, 1, mx, 0, 1, 1, 0.01, diode)",
        "bench.amesh(roby, 0, 1, 1, mx, 0, 1, 1, 0.01, diode)",
        "bench.ascan(roby, 0, 1, 1, 0.01, mx)",
        "bench.ct(0.1, mx)",
        "bench.ct(mx)",
        "mv(roby, 1, mx, 1)",
    ],
)
def test_a_command_that_needs_it_refuses_before_anything_moves(open_session, typed):
    session = open_session(DEAD)
    with pytest.raises(DeviceError, match="mx is not there"):
        eval(typed, {**session.namespace(), "bench": session.bench})
    assert session.roby.position == 0


def test_a_group_that_has_it_refuses_and_can_do_without(open_session):
    session = open_session(
        DEVICES
        + """
- {name: mca, class: Broken}
- {name: both, class: MeasurementGroup, counters: [diode, mca], default: true}
- {name: lab, class: Session, saving: {base_path: ../data}}
"""
    )
    with pytest.raises(UsageError, match=r"(?s)mca of measurement group both.*ttyS9.*both.disable\('mca'\)"):
        session.bench.loopscan(1, 0.001)
    session.ACTIVE_MG.disable("mca")
    assert "mca (not there)" in session.ACTIVE_MG.__info__()
    assert list(session.bench.loopscan(1, 0.001).get_data())[-1] == "sim:diode"


def test_once_it_is_mended_retry_brings_it_back(open_session):
    session = open_session(DEAD.replace("{name: lab, ", "{name: lab, aliases: {mono: mx}, "))
    with pytest.raises(DeviceError, match="mx is not there"):
        session.retry("mx")
    with pytest.raises(DeviceError):
        _ = session.mono.position
    Broken.mended = True
    assert session.retry("mx") is session.mx is session.devices["mx"]
    assert isinstance(session.mx, Broken)
    assert session.absent == {}
    with pytest.raises(UsageError, match="mx is not missing; nothing is"):
        session.retry("mx")


def test_what_needs_it_is_not_there_either_and_says_why_and_it_is_tried_once(open_session, capsys):
    yaml = DEAD + "".join(f"- {{name: door{number}, class: Door, of: $mx}}\n" for number in range(5))
    session = open_session(yaml)
    assert len(session.absent) == 6
    assert "door3 is not there: it needs mx: " in capsys.readouterr().err
    assert Broken.tries == 1


def test_a_device_that_is_made_but_does_not_answer_is_not_there(open_session, capsys):
    session = open_session(LAB + "- {name: box, class: Unplugged}\n")
    assert "box is not there: ConnectionError: nobody at 10.0.0.9" in capsys.readouterr().err
    with pytest.raises(DeviceError, match="nobody at"):
        _ = session.box.anything
    Unplugged.plugged = True
    assert session.retry("box").check() is None


def test_one_that_is_made_is_asked_once_at_each_use_and_then_it_is_used(open_session, capsys):
    session = open_session(LAB + "- {name: box, class: Unplugged}\n")
    box, asked = session.box, Unplugged.asked
    assert "session.retry('box'), or use it: it is tried again" in str(box)
    session.lsobj(), session.sta(), str(box), repr(session)
    assert Unplugged.asked == asked
    with pytest.raises(DeviceError, match="nobody at"):
        box.close()
    assert Unplugged.asked == asked + 1
    Unplugged.plugged = True
    box.close()
    assert Unplugged.asked == asked + 2
    assert isinstance(session.box, Unplugged) and session.box.closed == 1
    assert session.absent == {}
    box.closed = 5  # who has the placeholder in hand has the device
    assert session.box.closed == 5
    assert "box is there now" in capsys.readouterr().out


def test_a_group_of_many_that_are_not_there_asks_one_at_each_scan_and_counts_them_once_they_are(
    open_session, monkeypatch
):
    meters = "".join(f"- {{name: m{number}, class: Meter}}\n" for number in range(4))
    group = "- {name: all, class: MeasurementGroup, counters: [m0, m1, m2, m3], default: true}\n"
    session = open_session(LAB + meters + group)
    asked = Meter.asked
    with pytest.raises(UsageError, match=r"(?s)m0 of measurement group all can't be counted: .*nobody answers"):
        session.bench.loopscan(1, 0)
    assert Meter.asked == asked + 1
    monkeypatch.setattr(Meter, "is_there", True)
    scan = session.bench.loopscan(1, 0, save=False)
    assert [name for name in scan.get_data() if name.startswith("m")] == [f"m{n}:m{n}_value" for n in range(4)]


def test_one_that_can_not_be_made_is_not_made_again_by_using_it(open_session):
    session = open_session(DEAD)
    with pytest.raises(DeviceError):
        session.mx.move(1)
    assert Broken.tries == 1
    assert "or use it" not in str(session.mx)


def test_slow_ones_do_not_add_up_and_hold_up_no_other(open_session, capsys, monkeypatch):
    monkeypatch.setattr(opening, "DEADLINE", 3.0)
    Hangs.let_go.clear()
    began = time.monotonic()
    session = open_session(LAB + "".join(f"- {{name: slow{number}, class: Hangs}}\n" for number in range(12)))
    took = time.monotonic() - began
    assert took < 30, "twelve constructors that do not return, 3 s each"
    assert len(session.absent) == 12
    assert "slow11 is not there: has not answered within 3 s" in capsys.readouterr().err
    assert session.roby.position == 0
    Hangs.let_go.set()
    assert session.retry("slow3").name == "slow3"


class Flips:
    """Not done when it is looked at first, and done from then on."""

    looks = 0

    @property
    def is_set(self):
        self.looks += 1
        return self.looks > 1

    def wait(self, timeout):
        """It is not done yet."""


def test_nobody_is_waited_for_who_has_answered_just_now(capsys, monkeypatch):
    monkeypatch.setattr(patience, "FIRST", -1.0)
    patience._wait([("mx", SimpleNamespace(done=Flips()))], time.monotonic() + 60)
    assert capsys.readouterr().err == ""


# -- presets of every scan --------------------------------------------------------------------------------------

GUARDED = DEAD.replace("{name: lab, ", "{name: lab, presets: [guard], ") + "- {name: guard, class: Guard, of: $mx}\n"


def test_without_a_preset_that_is_to_stand_on_every_scan_none_runs(open_session, capsys):
    session = open_session(GUARDED)
    assert "preset guard, which stands on every scan, is not there: it needs mx" in capsys.readouterr().err
    for counters in ((), (session.diode,)):
        with pytest.raises(DeviceError, match=r"(?s)guard.*ttyS9.*remove_preset\(name='guard'\)"):
            session.bench.loopscan(1, 0.001, *counters)
    Broken.mended = True
    session.retry("guard").calls.clear()
    session.bench.loopscan(1, 0.001)
    assert session.guard.calls == ["prepare"]


ORDERED = (
    DEAD.replace("{name: lab, ", "{name: lab, presets: [first, guard, last, chain_first, chain_guard, chain_last], ")
    + """
- {name: first, class: Plain}
- {name: guard, class: Guard, of: $mx}
- {name: last, class: Plain}
- {name: chain_first, class: PlainChain}
- {name: chain_guard, class: ChainGuard, of: $mx}
- {name: chain_last, class: PlainChain}
"""
)


def test_a_preset_that_is_brought_back_has_the_place_that_the_session_gives_it(open_session, capsys):
    session = open_session(ORDERED)
    with pytest.raises(DeviceError, match="chain_guard"):
        session.retry("chain_guard")
    Broken.mended = True
    for name in ("chain_guard", "guard"):
        session.retry(name)
    assert list(session.bench.standing) == [session.first, session.guard, session.last]
    assert list(session.DEFAULT_CHAIN.presets) == [session.chain_first, session.chain_guard, session.chain_last]
    session.bench.loopscan(1, 0.001, session.diode, save=False)


def test_a_chain_made_by_hand_is_not_run_without_its_preset_either(open_session, capsys):
    session = open_session(ORDERED)
    chain = session.DEFAULT_CHAIN.get({"npoints": 1, "count_time": 0.001}, [session.diode])
    with pytest.raises(DeviceError, match=r"(?s)chain_guard.*remove_preset\(name='chain_guard'\)"):
        Scan(chain, save=False).run()
    session.remove_preset(name="chain_guard")
    chain = session.DEFAULT_CHAIN.get({"npoints": 1, "count_time": 0.001}, [session.diode])
    Scan(chain, save=False).run()


def test_one_can_go_on_without_it_on_purpose(open_session):
    session = open_session(LAB)
    session.missing_preset("guard", OSError("no interlock"))
    with pytest.raises(DeviceError):
        session.bench.loopscan(1, 0.001)
    session.remove_preset(name="guard")
    session.bench.loopscan(1, 0.001)


def test_a_scan_preset_stands_on_every_scan_until_it_is_removed(open_session):
    calls = []

    class Watch(ScanPreset):
        def prepare(self, scan):
            calls.append(scan.name)
            if len(calls) == 1:  # a scan within its hook does not enter it again
                session.bench.ct(0.001, session.monitor)

    session = open_session(LAB)
    preset = Watch()
    session.add_preset(preset)
    session.bench.loopscan(1, 0.001)
    session.bench.ct(0.001)
    session.remove_preset(preset)
    session.bench.ct(0.001)
    assert calls == ["loopscan", "ct"]


# -- a real control system --------------------------------------------------------------------------------------

EPICS = """
- {name: mx, class: PVAxis, setpoint_pv: "T:axis", readback_pv: "T:axis:readback", done_pv: "T:axis:done", timeout: 4}
- name: shutter
  class: PVShutter
  command_pv: "T:shutter"
  status_pv: "T:shutter:status"
  open_value: Open
  close_value: Closed
  timeout: 4
- {name: world, class: World}
- {name: sim, class: SimulatedController}
- {name: diode, class: SimulatedDiode, controller: $sim, world: $world}
- {name: lab, class: Session, saving: {base_path: ../data}}
"""

SCRIPT = """
from pathlib import Path
from obtura import load_session
from obtura.ground.errors import DeviceError
from obtura.instruments.simioc import start_ioc

with start_ioc("T:", Path("puts")) as ioc:
    ioc.kill()  # its port is known, and nobody is there
    session = load_session("lab", "line", display=False)
    print("absent", sorted(session.absent))
    for name in ("mx", "shutter"):
        try:
            session.devices[name].check()
        except DeviceError as error:
            print(error)
    try:
        session.ascan(session.mx, 0, 1, 1, 0.01, session.diode)
    except DeviceError as error:
        print("refused", str(error).partition(":")[0])
    ioc.start()
    session.retry("mx"), session.retry("shutter")
    scan = session.ascan(session.mx, 0, 1, 1, 0.01, session.diode)
    print(scan.state.name, session.absent)
    session.close()
"""


def run(script, folder):
    """What a script printed that opens a session on PVs before their IOC runs."""
    pytest.importorskip("caproto")
    write(folder / "line", EPICS)
    (folder / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_pvs_whose_ioc_is_down_are_told_and_come_back_when_it_runs(home, tmp_path):
    done = run(SCRIPT, tmp_path)
    printed = done.stdout.splitlines()
    assert printed[0] == "absent ['mx', 'shutter']"
    assert all("PV T:" in line and "is the IOC running?" in line for line in printed[1:3])
    assert printed[3:] == ["refused mx is not there", "DONE {}"]
    assert done.stderr.count("is not there") == 2


USED = SCRIPT.replace('    session.retry("mx"), session.retry("shutter")\n', "")


def test_pvs_whose_ioc_is_down_when_the_session_opens_are_there_when_they_are_used_later(home, tmp_path):
    done = run(USED, tmp_path)
    assert "mx is there now" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("DONE {'shutter'")


def test_sta_says_why_something_is_not_there(capsys):
    m1 = Absent("m1", "PV X:m1.VAL is not connected", "session.retry('m1')")
    Where(lambda: [], lambda: {"m1": m1}).sta()
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.split(maxsplit=1) == [
        "m1",
        "not there: PV X:m1.VAL is not connected; once it is: session.retry('m1')",
    ]
