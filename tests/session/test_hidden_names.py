"""A device of the YAML that is called as a word of the session."""

from beamlines import DEVICES, write

from obtura.session.config import Config
from obtura.session.hidden import hidden_by_any

HIDING = (
    DEVICES
    + """
- {name: ascan, class: SimulatedAxis}
- {name: SCANS, class: MeasurementGroup, counters: [diode]}
- {name: sta, class: SimulatedAxis}
- {name: lab, class: Session, exclude: [sta], aliases: {mv: roby, y: robz}}
"""
)


def test_is_found_without_opening_anything_if_it_is_in_a_session(tmp_path):
    config = Config.load(write(tmp_path / "beamline", HIDING))
    told = [str(problem).partition("beamline.yml:")[2] for problem in hidden_by_any(config)]
    assert told == [
        "11:3: ascan: hides the session's own ascan: give it another name",
        "12:3: SCANS: hides the session's own SCANS: give it another name",
        "14:3: lab: aliases: mv is a name of the session's own: take another one",
    ]


def test_is_told_when_the_session_opens(open_session, capsys):
    session = open_session(HIDING)
    told = capsys.readouterr().err
    assert "!!! " in told and "beamline.yml:11:3: ascan: hides the session's own ascan" in told
    assert session.ascan.position == 0 and session.sta is not None
    assert "sta" not in session.devices


def test_other_names_hide_nothing(tmp_path):
    assert hidden_by_any(Config.load(write(tmp_path / "beamline", DEVICES + "- {name: ct1, class: Session}\n"))) == []
