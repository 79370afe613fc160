"""What YAML says of EPICS: mistakes are told with their place, before anything is made."""

import re

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")

from obtura.ground.errors import UsageError
from obtura.instruments.epics import MotorRecord, PVOutput
from obtura.session.config import Config, ConfigError

WRONG = {
    "{class: PVCounter, pv: 'caa://X:d'}": "there is no protocol caa://; there are ca, pva",
    "{class: PVCounter, pv: 'X: d'}": "'X: d' is no name of a PV",
    "{class: PVCounter, pv: ''}": "'' is no name of a PV",
    "{class: PVCounter, pv: '$(P'}": r"macros are written \$\(P\)",
    "{class: PVCounter, pv: '${P}d'}": r"macros are written \$\(P\)",
    "{class: PVCounter, pv: 'X:d', mode: MEEN}": "did you mean MEAN",
    "{class: PVAxis, setpoint_pv: 'X:a', done_pv: 'X: a'}": "done_pv: 'X: a' is no name of a PV",
    "{class: PVAxis, setpoint_pv: 'X:a', low_limit: 5, high_limit: 1}": "high_limit: is 1, below low_limit, 5",
    "{class: PVShutter, command_pv: 'X:s', open_value: Open}": "must be both numbers, or both text",
    "{class: PVShutter, command_pv: 'X:s', open_value: In, close_value: In}": "it would never close",
    "{class: PVMultiplexer, outputs: {a: {pv: 'X: a'}}}": "outputs.a: 'X: a' is no name of a PV",
    "{class: MotorRecord, pv: 'X:m1.VAL'}": "is the field VAL of a record; say the record alone, X:m1",
    "{class: EpicsWatch, pv: 'X: d'}": "'X: d' is no name of a PV",
    "{class: EpicsWatch, pv: 'X:d', above: 9, below: 3}": "nothing is above 9 and below 3",
}


@pytest.fixture
def problems(tmp_path):
    """Those of a beamline with one object."""

    def find(described):
        (tmp_path / "devices.yml").write_text(f"- {{name: it, {described.removeprefix('{')}\n")
        with pytest.raises(ConfigError) as raised:
            Config.load(tmp_path)
        return raised.value.problems

    return find


@pytest.mark.parametrize("described", WRONG)
def test_what_can_not_be_is_told_with_its_place(problems, described):
    (problem,) = problems(described)
    assert problem.place.line == 1
    assert re.search(WRONG[described], str(problem))


def test_a_macro_that_is_not_known_is_told_once(problems):
    (problem,) = problems("{class: PVCounter, pv: '$(Q)d'}")
    assert "there is no macro $(Q)" in str(problem)


def test_names_are_looked_at_in_python_too():
    with pytest.raises(UsageError, match="m1: is the field VAL of a record"):
        MotorRecord("m1", "X:m1.VAL")
    with pytest.raises(UsageError, match="is no name of a PV"):
        PVOutput("X:a", readback_pv="X: b")
