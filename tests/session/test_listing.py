"""`lscnt`, `lsmot`, `lsobj`: what there is in a session, also when something in it is not there."""

import pytest
from beamlines import DEVICES

from obtura.ground.errors import DeviceError

DEAD = DEVICES + "- {name: lab, class: Session, saving: {base_path: ../data}}\n- {name: mx, class: Broken}\n"


def test_a_device_that_is_not_there_keeps_no_other_from_being_listed(open_session, capsys):
    session = open_session(DEAD)
    capsys.readouterr()
    session.lscnt()
    session.lsmot()
    listed = capsys.readouterr().out
    assert all(f"{name} " in listed for name in ("sim:diode", "sim:monitor", "roby", "robz"))
    assert "mx" not in listed


def test_objects_that_are_not_there_are_listed_with_the_reason(open_session, capsys):
    session = open_session(DEAD)
    capsys.readouterr()
    session.lsobj("[dm]*")
    _, _, diode, monitor, mx = capsys.readouterr().out.splitlines()
    assert diode.split()[:2] == ["diode", "SimulatedDiode"] and monitor.startswith("monitor")
    assert mx.startswith("mx       not there       can't be made") and "no answer on /dev/ttyS9" in mx


def test_the_counters_of_one_that_is_not_there_are_refused(open_session):
    session = open_session(DEAD)
    with pytest.raises(DeviceError, match="mx is not there"):
        session.lscnt(session.mx)
