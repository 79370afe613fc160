"""Plots that a scan is asked for: of what is in it."""

import re

import h5py
import pytest

from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.engine.scan_info import ScanInfo
from obtura.ground.errors import UsageError
from obtura.session.session import Session
from obtura.works.clock import virtual_time


@pytest.fixture
def session(tmp_path):
    with virtual_time():
        yield Session("lab", demo_beamline()._asdict(), ScanSaving("lab", base_path=tmp_path), display=False)


def entry_of(session, number):
    return h5py.File(session.scan_saving.filename)[f"{number}.1"]


def made(session, command, *arguments):
    return getattr(session.bench, command)(*arguments, session.devices["monitor"], run=False)


@pytest.mark.parametrize("asked", ["curve", "scatter"])
def test_a_plot_of_what_is_no_channel_is_refused_before_anything_moves(session, asked):
    scan = made(session, "ascan", session.devices["roby"], 1, 2, 2, 0.1)
    if asked == "curve":
        scan.scan_info.add_curve_plot(yleft=[session.devices["monitor"], session.devices["diode"]])
        missing = "'simulation:diode'"
    else:
        scan.scan_info.add_scatter_plot(session.devices["roby"], "axis:robx")
        missing = "'axis:robx', no channel of the scan: did you mean 'axis:roby'?"
    with pytest.raises(UsageError, match=rf"ascan: its {asked}-plot asks for {re.escape(missing)}") as caught:
        scan.run()
    assert "simulation:monitor" in str(caught.value), "what there is"
    assert session.devices["roby"].position == 0


def test_a_plot_knows_short_names_and_a_counter_by_its_alias(session):
    session.aliases.add("i0", session.devices["monitor"])
    scan = made(session, "ascan", session.devices["roby"], 0, 1, 2, 0.1)
    scan.scan_info.add_curve_plot(x="roby", yleft=session.devices["monitor"])
    scan.run()
    assert scan.scan_info["plots"] == [{"kind": "curve-plot", "x": "roby", "yleft": ["simulation:i0"]}]
    assert entry_of(session, 1)["plot"].attrs["signal"] == "i0"


@pytest.mark.parametrize("thing", [5, None, ["diode"]])
def test_what_can_be_no_channel_is_refused_at_once(thing):
    with pytest.raises(UsageError, match=re.escape(f"a channel: its name, a counter or an axis, got {thing!r}")):
        ScanInfo().add_scatter_plot(thing, "axis:roby")
