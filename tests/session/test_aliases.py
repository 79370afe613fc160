"""Aliases: other names for devices, for typing and in the data."""

import h5py
import pytest

from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.devices.soft import SoftCounter
from obtura.ground.errors import UsageError
from obtura.session.session import Session
from obtura.works.clock import virtual_time


@pytest.fixture
def session(tmp_path):
    with virtual_time():
        yield Session("lab", demo_beamline()._asdict(), ScanSaving("lab", base_path=tmp_path), display=True)


def test_an_alias_is_a_name_of_the_session(session):
    session.ALIASES.add("sample_y", session.roby)
    assert session.sample_y is session.roby is session.roby
    assert session.ALIASES.list_aliases() == {"sample_y": session.roby}
    assert session.ALIASES.__info__().splitlines()[-1].split() == ["sample_y", "roby"]
    session.ALIASES.remove("sample_y")
    assert "sample_y" not in session.namespace()


def test_columns_in_memory_in_the_table_and_in_the_file_are_called_so(session, tmp_path, capsys):
    session.ALIASES.add("sample_y", session.roby)
    session.ALIASES.add("i0", session.monitor)
    scan = session.bench.ascan(session.roby, 0, 2, 2, 0.01, session.monitor, session.diode)
    assert {"axis:sample_y", "simulation:i0", "simulation:diode"} <= set(scan.get_data())
    assert scan.get_data(session.roby) is not None and len(scan.get_data("i0")) == 3
    assert scan.get_data("sample_y") == pytest.approx([0, 1, 2])
    header = next(line for line in capsys.readouterr().out.splitlines() if "dt[s]" in line)
    assert header.split() == ["#", "dt[s]", "sample_y[mm]", "i0", "diode"]
    with h5py.File(tmp_path / "lab" / "data.h5") as file:
        assert {"sample_y", "i0", "diode"} <= set(file["1.1/measurement"])
        assert file["1.1/instrument/positioners_start/sample_y"][()] == pytest.approx(0)
        assert file["1.1/instrument/positioners_end/sample_y"][()] == pytest.approx(2)


def test_once_it_is_removed_columns_have_their_names_again(session):
    session.ALIASES.add("i0", session.monitor)
    session.ALIASES.remove("i0")
    assert "simulation:monitor" in session.bench.ct(0.01, session.monitor).get_data()


def test_a_group_finds_a_counter_by_its_alias(session):
    session.ALIASES.add("i0", session.monitor)
    group = session.MeasurementGroup("align", ["i0", "diode"])
    group.disable("i0")
    assert group.enabled == ["simulation:diode"]


@pytest.mark.parametrize("alias", ["roby", "ascan", "2nd", "a b", "", "for", "_x", None])
def test_what_is_no_name_or_taken_is_refused(session, alias):
    with pytest.raises(UsageError, match="alias"):
        session.ALIASES.add(alias, session.roby)
    assert session.ALIASES.list_aliases() == {}


def test_one_object_has_one_alias_and_the_same_again_is_fine(session):
    session.ALIASES.add("y", session.roby)
    session.ALIASES.add("y", session.roby)
    with pytest.raises(UsageError, match=r"roby has the alias y already: ALIASES.remove\('y'\)"):
        session.ALIASES.add("z", session.roby)
    with pytest.raises(UsageError, match="is no device"):
        session.ALIASES.add("z", 3)
    with pytest.raises(UsageError, match="no alias 'x'; did you mean|no alias 'x'; there are: y"):
        session.ALIASES.remove("x")


def test_an_alias_never_hides_another_column(session):
    controller = session.monitor.controller
    other = SoftCounter(value=lambda: 2.0, name="i0")
    other.controller.name = controller.name
    session.ALIASES.add("i0", session.monitor)
    data = session.bench.ct(0.01, session.monitor, other).get_data()
    assert data[other][0] == 2.0
    assert data[session.monitor][0] > 50
