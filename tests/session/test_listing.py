"""`lscnt`, `lsmot`, `lsobj`, `lsscan`, `prdef`: what there is in a session, also when something in it is not there."""

import functools

import pytest
from beamlines import DEVICES

from obtura.contracts.presets import ScanPreset
from obtura.ground.errors import DeviceError, UsageError
from obtura.session.listing import prdef

LAB_SESSION = "- {name: lab, class: Session, saving: {base_path: ../data}}\n"
DEAD = DEVICES + LAB_SESSION + "- {name: mx, class: Broken}\n"


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


@pytest.mark.parametrize("pattern", [5, None, ["rob*"]])
def test_objects_are_asked_for_by_a_pattern_in_quotes(open_session, pattern):
    session = open_session(DEVICES + LAB_SESSION)
    with pytest.raises(UsageError, match=r'lsobj: expected a pattern in quotes, as lsobj\("rob\*"\), got '):
        session.lsobj(pattern)


def test_of_no_match_the_pattern_is_told(open_session, capsys):
    session = open_session(DEVICES + LAB_SESSION)
    capsys.readouterr()
    session.lsobj("x*")
    assert capsys.readouterr().out == "no object matches 'x*'\n"


def test_what_a_device_does_not_tell_is_marked_and_the_others_are_listed(open_session, capsys, monkeypatch):
    def hangs(self):
        raise DeviceError(f"{self.name} did not answer within 2 s")

    session = open_session(DEVICES + LAB_SESSION)
    monkeypatch.setattr(type(session.diode), "unit", property(hangs), raising=False)
    monkeypatch.setattr(type(session.roby), "limits", property(hangs))
    monkeypatch.setattr(type(session.roby), "unit", property(hangs), raising=False)
    capsys.readouterr()
    session.lscnt()
    listed = capsys.readouterr().out
    assert "!ERR" in listed and "sim:monitor" in listed and "!!! diode: diode did not answer within 2 s" in listed
    session.lsmot()
    listed = capsys.readouterr().out
    assert listed.count("!ERR") == 3 * 2 and "!!! roby: roby did not answer within 2 s" in listed
    session.wa()
    listed = capsys.readouterr().out
    assert "!!! roby: roby did not answer within 2 s" in listed and "robz" in listed


# -- lsscan -----------------------------------------------------------------------------------------------------


def rows(session, capsys, *arguments):
    """What lsscan prints, words of each row."""
    capsys.readouterr()
    session.lsscan(*arguments)
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def test_before_the_first_scan_that_is_what_is_told(open_session, capsys):
    assert rows(open_session(DEVICES + LAB_SESSION), capsys) == [["no", "scan", "yet"]]


def test_scans_are_listed_with_number_title_state_and_file_the_newest_last(open_session, capsys):
    session = open_session(DEVICES + LAB_SESSION)
    session.ascan(session.roby, 0, 1, 1, 0.001, session.diode)
    session.loopscan(2, 0.001, session.diode, save=False)
    header, _, first, second = rows(session, capsys)
    assert header == ["scan", "title", "began", "state", "file"]
    title = ["ascan", "roby", "0", "1", "1", "0.001"]
    assert first[: 1 + len(title)] == ["1", *title] and first[-2:] == ["DONE", session.SCAN_SAVING.filename]
    assert second[:4] == ["1", "loopscan", "2", "0.001"] and second[-3:] == ["DONE", "not", "saved"]


def test_as_many_as_are_asked_for_are_listed(open_session, capsys):
    session = open_session(DEVICES + LAB_SESSION)
    for points in (1, 2, 3):
        session.loopscan(points, 0.001, session.diode, save=False)
    assert [row[2] for row in rows(session, capsys, 2)[2:]] == ["2", "3"]


def test_a_scan_that_failed_is_listed_as_such(open_session, capsys):
    session = open_session(DEVICES + LAB_SESSION)

    class Fails(ScanPreset):
        def prepare(self, scan):
            raise OSError("no")

    session.add_preset(Fails())
    with pytest.raises(OSError, match="no"):
        session.loopscan(1, 0.001, session.diode, save=False)
    assert "KILLED" in rows(session, capsys)[-1]


@pytest.mark.parametrize("last", ["a", 0, -1, 2.5, True])
def test_how_many_is_a_whole_number(open_session, last):
    session = open_session(DEVICES + LAB_SESSION)
    with pytest.raises(UsageError, match=r"lsscan: expected how many scans, as lsscan\(5\), got "):
        session.lsscan(last)


# -- prdef ------------------------------------------------------------------------------------------------------


def outer():
    """A function with a source, and one within it."""

    def inner(width=2):
        return 3 * width

    return inner


def test_the_source_of_a_function_is_printed_with_its_place(capsys):
    prdef(outer())
    place, *lines = capsys.readouterr().out.splitlines()
    assert place == f"# {__file__}, line {outer.__code__.co_firstlineno + 3}"
    assert lines == ["def inner(width=2):", "    return 3 * width"], "it begins at the margin"


def test_of_a_wrapped_function_or_partial_the_one_within_is_printed(capsys):
    @functools.wraps(outer)
    def wrapper():
        return outer()

    for wrapped in (wrapper, functools.partial(outer)):
        prdef(wrapped)
        assert "def outer():" in capsys.readouterr().out


def test_of_an_object_its_class_is_printed(open_session, capsys):
    session = open_session(DEVICES + LAB_SESSION)
    session.prdef(session.roby)
    assert "class SimulatedAxis(Axis):" in capsys.readouterr().out


def test_of_a_function_of_the_setup_file_the_source_is_there(open_session, capsys):
    session = open_session(
        DEVICES + "- {name: lab, class: Session, setup: setup.py}\n", setup__py="def f():\n    return 5\n"
    )
    capsys.readouterr()
    session.prdef(session.f)
    place, *lines = capsys.readouterr().out.splitlines()
    assert place.endswith("setup.py, line 1") and lines == ["def f():", "    return 5"]


@pytest.mark.parametrize(("thing", "name"), [(len, "len"), (5, "int"), (eval("lambda: 5"), "<lambda>")])
def test_of_what_has_no_source_that_is_told(thing, name):
    with pytest.raises(UsageError, match=f"prdef: the source of {name} is not to be had"):
        prdef(thing)
