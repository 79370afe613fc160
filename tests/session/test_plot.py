"""`plot`: the last scan, a given one, one from a file."""

import pytest

from obtura.data.saving import ScanSaving
from obtura.devices.sim import demo_beamline
from obtura.devices.sim.camera import SimulatedCamera
from obtura.devices.sim.mca import SimulatedMCA
from obtura.ground.errors import UsageError
from obtura.session.session import Session
from obtura.works.clock import virtual_time


@pytest.fixture
def session(tmp_path):
    with virtual_time():
        line = demo_beamline()
        line.shutter.open()
        line.cover.set_out()
        yield Session("test", line._asdict(), ScanSaving("test", base_path=tmp_path), display=False)


def test_plot_draws_the_last_scan_in_text_and_says_what_is_seen(session, capsys):
    session.ascan(session.roby, 0, 10, 20, 0.01, session.diode)
    session.plot()
    shown = capsys.readouterr().out
    assert "scan 1: ascan roby 0 10 20 0.01" in shown
    assert "roby [mm]" in shown and "▲" in shown
    assert "diode: peak" in shown and "now: roby 10 mm" in shown
    assert "\x1b" not in shown


def test_counters_and_scans_can_be_named_in_every_way(session, capsys):
    first = session.ascan(session.roby, 0, 10, 20, 0.01, session.diode, session.monitor)
    session.loopscan(3, 0.01, session.diode, session.monitor)
    for arguments, words in [
        ((), ["scan 2: loopscan", "diode: peak"]),
        ((session.monitor,), ["scan 2: loopscan", "monitor: peak"]),
        (("monitor", session.diode), ["scan 2: loopscan", "monitor: peak", "diode: peak"]),
        ((first,), ["scan 1: ascan", "diode: peak"]),
        ((first, "monitor"), ["scan 1: ascan", "monitor: peak"]),
        ((1, session.monitor), ["scan 1: ascan", "monitor: peak"]),
        ((None, [session.monitor]), ["scan 2: loopscan", "monitor: peak"]),
    ]:
        session.plot(*arguments)
        shown = capsys.readouterr().out
        assert all(word in shown for word in words), arguments


def test_selected_counters_are_plotted(session, capsys):
    session.plotselect(session.monitor, session.diode)
    session.loopscan(3, 0.01, session.diode, session.monitor)
    session.plot()
    shown = capsys.readouterr().out
    assert shown.index("monitor: peak") < shown.index("diode: peak")


def test_a_scan_is_plotted_from_its_file(session, capsys):
    session.ascan(session.roby, 0, 10, 20, 0.01, session.diode, session.diode2)
    session.amesh(session.roby, 3, 7, 4, session.robz, -1, 1, 2, 0.01, session.diode2, backnforth=True)
    session.loopscan(3, 0.01, session.diode)
    file = session.scan_saving.filename
    for number, words in [(1, "diode: peak"), ("2.1", "diode2: peak"), (3, "at time"), (None, "at time")]:
        session.plot(*([file] if number is None else [file, number]))
        assert words in capsys.readouterr().out
    session.plot(str(file), 1, "diode2")
    shown = capsys.readouterr().out
    assert "scan 1.1 of scan0001.h5: ascan roby 0 10 20 0.01" in shown and "diode2: peak" in shown


def test_a_file_gives_the_same_plot_as_the_scan(session, capsys):
    session.amesh(session.roby, 3, 7, 4, session.robz, -1, 1, 2, 0.01, session.diode2)
    session.plot()
    of_scan = capsys.readouterr().out
    session.plot(session.scan_saving.filename)
    of_file = capsys.readouterr().out
    assert of_file.splitlines()[1:-1] == of_scan.splitlines()[1:-2]


def test_a_file_or_scan_that_is_not_there_is_said(session, tmp_path):
    with pytest.raises(UsageError, match="there is no scan yet"):
        session.plot()
    with pytest.raises(UsageError, match="there is no file .*nowhere"):
        session.plot(str(tmp_path / "nowhere.h5"))
    session.loopscan(3, 0.01, session.diode)
    with pytest.raises(UsageError, match="has no scan 12; the last ones: 1.1"):
        session.plot(session.scan_saving.filename, 12)
    with pytest.raises(UsageError, match="'nix' can't be looked at; there are diode"):
        session.plot(session.scan_saving.filename, 1, "nix")
    with pytest.raises(UsageError, match="'nix' is no channel of this scan"):
        session.plot("nix")


def test_a_plot_is_written_into_a_file(session, tmp_path, capsys):
    session.loopscan(3, 0.01, session.diode)
    session.plot(file=tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out.startswith("diode: peak")


def test_alignment_and_plot_are_words_of_a_session(session):
    names = session.namespace()
    words = "cen com peak trough fwhm goto_cen goto_com goto_peak goto_min goto_custom find_position where lineup"
    assert not set(f"{words} plot plotselect plotinit".split()) - set(names)


def test_frames_and_spectra_are_plotted_from_the_scan_and_from_its_file(session, capsys):
    camera = SimulatedCamera("camera", session.roby, session.robz, world=session.world, size=(30, 40), sigma=0.2)
    mca = SimulatedMCA("mca", 256, world=session.world)
    session.ascan(session.roby, 0, 1, 2, 0.01, camera, mca, session.diode)
    spectrum = next(counter for counter in mca.counters.values() if counter.shape)
    session.plot(None, spectrum)
    assert "of 256, at roby" in capsys.readouterr().out
    session.plot(None, camera)
    assert "frame 3 of 3" in capsys.readouterr().out
    session.plot(session.scan_saving.filename, 1, "camera")
    assert "camera, frame 3 of 3" in capsys.readouterr().out
