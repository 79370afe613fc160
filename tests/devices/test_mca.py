"""Multichannel analysers, and the simulated one."""

import h5py
import numpy as np
import pytest

from obtura.contracts.consumers import Surroundings
from obtura.data.saving import ScanSaving
from obtura.devices.mca import MCA, Calibration, Spectrum
from obtura.devices.sim.mca import SimulatedMCA
from obtura.devices.sim.world import World
from obtura.ground.errors import ScanAbort, UsageError
from obtura.scans.bench import Bench
from obtura.session.session import Session
from obtura.works.clock import clock, virtual_time


def analyser(world=None, **options):
    return SimulatedMCA("mca", world=world or World(), **{"rois": {"fe": (300, 340)}, **options})


def count(*counters, npoints=3, count_time=0.1):
    with virtual_time():
        return Bench(Surroundings()).loopscan(npoints, count_time, *counters).get_data()


def test_a_scan_has_spectra_and_what_is_made_of_them():
    mca = analyser()
    data = count(mca)
    assert data[mca.spectrum].shape == (3, 1024)
    assert data["fe"].tolist() == data["spectrum"][:, 300:341].sum(axis=1).tolist()
    assert data["realtime"] == pytest.approx([0.1] * 3)
    assert data["deadtime"] == pytest.approx(1 - data["livetime"] / data["realtime"])


def test_the_lines_are_where_the_calibration_says():
    mca = analyser(rate=1e6, dead_time=0.0)
    whole = count(mca, count_time=1)["spectrum"].sum(axis=0)
    assert mca.energies()[np.argmax(whole)] == pytest.approx(6.40, abs=0.02)
    assert whole[310:331].sum() > 20 * whole[350:371].sum()
    assert whole.sum() == pytest.approx(3e6, rel=0.01)


def test_it_is_dead_for_a_while_after_each_photon():
    data = count(analyser(rate=1e6, dead_time=1e-6))
    assert data["deadtime"] == pytest.approx([0.5] * 3)
    assert data["spectrum"].sum() == pytest.approx(0.15e6, rel=0.01)


def test_without_beam_it_counts_nothing():
    world = World()
    world.beam = 0.0
    data = count(analyser(world))
    assert data["spectrum"].sum() == 0
    assert data["deadtime"].tolist() == [0, 0, 0]


def test_a_single_counter_may_be_asked_for():
    mca = analyser()
    assert [name for name in count(mca.counters.fe) if name.startswith("mca")] == ["mca:fe"]


def test_the_same_seed_gives_the_same_spectra():
    first, second = (count(analyser(World(seed)))["spectrum"] for seed in (5, 5))
    assert (first == second).all()
    assert (first != count(analyser(World(6)))["spectrum"]).any()


def test_regions_are_added_replaced_and_removed():
    mca = analyser()
    told = []
    mca.on_setting(lambda key, value: told.append((key, value)))
    counter = mca.add_roi("cu", 390, 415)
    assert mca.counters.cu is counter
    mca.add_roi("fe", 310, 330)
    mca.remove_roi("cu")
    assert mca.rois == {"fe": (310, 330)}
    assert told[-1] == ("rois", {"fe": [310, 330]})
    assert mca.__info__() == (
        "MCA mca: 1024 channels, channel c is at 0 + 0.02 c keV\n  fe: channels 310 to 330, 6.2 to 6.6 keV"
    )


def test_regions_live_on_in_the_next_session():
    mca, again = analyser(), analyser()
    mca.add_roi("cu", 390, 415)
    again.restore(mca.settings())
    assert again.rois == mca.rois
    assert list(again.counters) == ["spectrum", "realtime", "livetime", "deadtime", "fe", "cu"]
    with pytest.raises(UsageError, match="expected channels from 0 to 1023"):
        again.restore({"rois": {"bad": [0, 5000]}})
    assert again.rois == mca.rois


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("spectrum", 1, 2), "'spectrum' is a counter of its own"),
        (("x", 5, 3), "region x from 5 to 3: expected channels from 0 to 1023"),
        (("x", 0, 1024), "expected channels from 0 to 1023"),
        (("x", 0.5, 3), "expected channels"),
        (("x", "a", 3), "channel of x must be a number"),
        (("a:b", 1, 3), "contain a colon"),
    ],
)
def test_a_region_that_can_not_be_is_refused(arguments, message):
    mca = analyser()
    with pytest.raises(UsageError, match=message):
        mca.add_roi(*arguments)
    assert list(mca.rois) == ["fe"]


def test_a_region_that_is_not_there_can_not_be_removed():
    with pytest.raises(UsageError, match="mca: region 'fee' is not known: did you mean 'fe'?"):
        analyser().remove_roi("fee")


def test_the_file_has_spectra_and_calibration(tmp_path):
    session = Session("lab", {}, ScanSaving("lab", base_path=tmp_path), display=False)
    scan = session.bench.loopscan(2, 0.001, analyser())
    with h5py.File(scan.scan_info["filename"]) as file:
        entry = file[f"{scan.scan_number}.1"]
        assert entry["measurement/spectrum"].shape == (2, 1024)
        assert entry["instrument/mca/calibration/gain"][()] == 0.02
        assert entry["instrument/mca/energy"][-1] == pytest.approx(20.46)
        assert entry["instrument/mca/rois/fe"][:].tolist() == [300, 340]


class Slow:
    """Needs more time than was asked for; `stop` ends it."""

    blocking = True

    def __init__(self):
        self.log = []
        self.end = 0.0

    def start(self, count_time):
        self.log.append("start")
        self.end = clock.time() + count_time + 0.5

    def stop(self):
        self.log.append("stop")
        self.end = 0.0

    def is_counting(self):
        return clock.time() < self.end

    def read(self):
        self.log.append("read")
        return Spectrum(np.ones(4, int), 0.6, 0.6)


def test_a_driver_is_waited_for_until_it_is_done():
    driver = Slow()
    data = count(MCA("mca", driver, 4, {"low": (0, 1)}, Calibration(1, 2, "eV")), npoints=2)
    assert driver.log == ["start", "read", "start", "read", "stop"]
    assert data["low"].tolist() == [2, 2]


def test_it_is_stopped_when_the_scan_is_aborted():
    driver = Slow()
    mca = MCA("mca", driver, 4)
    with virtual_time():
        scan = Bench(Surroundings()).loopscan(2, 0.1, mca, run=False)
        driver.is_counting = lambda: scan.abort() or True
        with pytest.raises(ScanAbort):
            scan.run()
    assert driver.log[-1] == "stop"
    assert "read" not in driver.log


@pytest.mark.parametrize("nchannels", [0, 1.5, True])
def test_a_number_of_channels_is_whole(nchannels):
    with pytest.raises(UsageError, match="nchannels must be a whole number of at least 1"):
        MCA("mca", Slow(), nchannels)
