"""What a sampling counter makes of its readings, by its mode."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meters import Meter, bench

from obtura.contracts.counters import SamplingCounter, SamplingMode
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.tally import Tally
from obtura.works.clock import virtual_time

READINGS = [3.0, 1.0, 2.0, 6.0]


def counted(mode, readings=READINGS, count_time=0.4, npoints=1, **options):
    """A scan in which the meter is read ten times a second."""
    meter = Meter(readings, max_sampling_frequency=10)
    counter = SamplingCounter("diode", meter, mode=mode, **options)
    with virtual_time():
        scan = bench().loopscan(npoints, count_time, counter)
    return scan.get_data(), counter


@pytest.mark.parametrize(
    ("mode", "value"),
    [("MEAN", 3.0), ("STATS", 3.0), ("SAMPLES", 3.0), ("SINGLE", 3.0), ("LAST", 6.0), ("INTEGRATE", 1.2)],
)
def test_each_mode_has_its_value(mode, value):
    data, counter = counted(mode)
    assert data[counter] == pytest.approx([value])


def test_single_is_the_first_reading_and_takes_no_other():
    data, counter = counted("SINGLE", [5.0, 1.0])
    assert data[counter] == [5.0]
    assert len(counter.controller.calls) == 1


def test_single_beside_another_mode_is_the_first_of_many_readings():
    meter = Meter([5.0, 1.0, 1.0], max_sampling_frequency=10)
    single, mean = SamplingCounter("single", meter, mode="SINGLE"), SamplingCounter("mean", meter)
    with virtual_time():
        data = bench().loopscan(1, 0.4, single, mean).get_data()
    assert (data[single], data[mean]) == ([5.0], [2.0])
    assert meter.calls == [["single", "mean"]] * 4


def test_stats_adds_the_channels_of_the_statistics():
    data, _ = counted("STATS")
    found = {name.removeprefix("meter:diode_"): data[name][0] for name in data if "_" in name and "time" not in name}
    assert found == {
        "N": 4,
        "std": pytest.approx(statistics.pstdev(READINGS)),
        "var": pytest.approx(statistics.pvariance(READINGS)),
        "min": 1,
        "max": 6,
        "p2v": 5,
    }


def test_integrate_stats_are_those_of_the_integral():
    data, _ = counted("INTEGRATE_STATS")
    assert data["diode"] == pytest.approx([1.2])
    assert data["diode_N"] == [4]
    assert data["diode_std"] == pytest.approx([0.4 * statistics.pstdev(READINGS)])
    assert data["diode_var"] == pytest.approx([0.16 * statistics.pvariance(READINGS)])
    assert [data[f"diode_{name}"][0] for name in ("min", "max", "p2v")] == pytest.approx([0.4, 2.4, 2.0])


def test_the_unit_of_an_integral_has_the_seconds():
    counter = SamplingCounter("current", Meter(), mode="INTEGRATE_STATS", unit="mA")
    scan = bench().loopscan(1, 0, counter, run=False)
    (node,) = scan.acq_chain.get_node_from_devices(counter)
    units = {channel.short_name: channel.unit for channel in node.channels}
    assert (units["current"], units["current_std"], units["current_var"]) == ("mA*s", "mA*s", "(mA*s)^2")
    assert units["current_N"] is None


def test_samples_keeps_every_reading_in_rows_of_one_length():
    data, _ = counted("SAMPLES", [*READINGS, 7.0], npoints=2)
    rows = data["diode_samples"]
    assert rows.shape == (2, 5)
    assert rows[0].tolist()[:4] == READINGS
    assert np.isnan(rows[0][4])
    assert np.nanmean(rows, axis=1) == pytest.approx(data["diode"])


def test_samples_of_a_device_without_a_limit_are_taken_a_thousand_times_a_second():
    counter = SamplingCounter("diode", Meter(), mode="SAMPLES")
    with virtual_time():
        data = bench().loopscan(1, 0.05, counter).get_data()
    assert data["diode_samples"].shape == (1, 51)
    assert 49 <= np.isfinite(data["diode_samples"]).sum() <= 51


def test_a_spectrum_has_statistics_element_by_element():
    readings = [np.array([1.0, 10.0]), np.array([3.0, 10.0])]
    meter = Meter(readings, max_sampling_frequency=10)
    counter = SamplingCounter("spectrum", meter, mode="STATS", shape=(2,))
    with virtual_time():
        data = bench().loopscan(1, 0.2, counter).get_data()
    assert data["spectrum"].tolist() == [[2, 10]]
    assert data["spectrum_max"].tolist() == [[3, 10]]
    assert data["spectrum_std"].tolist() == [[1, 0]]


def test_a_device_may_use_its_buffer_again():
    buffer = np.zeros(2)

    class Reusing(Meter):
        def read_all(self, *counters):
            buffer[:] += 1
            return [buffer]

    counter = SamplingCounter("spectrum", Reusing(max_sampling_frequency=10), mode="STATS", shape=(2,))
    with virtual_time():
        data = bench().loopscan(1, 0.3, counter).get_data()
    assert (data["spectrum"][0][0], data["spectrum_min"][0][0], data["spectrum_max"][0][0]) == (2, 1, 3)


def test_with_a_single_reading_there_is_no_spread():
    data, counter = counted("STATS", count_time=0)
    assert data["diode_N"] == [1]
    assert np.isnan([data["diode_std"][0], data["diode_var"][0]]).all()
    assert data["diode_p2v"] == [0]
    assert counter.statistics.N == 1


@pytest.mark.parametrize("mode", ["MEAN", "LAST"])
def test_statistics_of_the_last_point_are_known_in_every_mode(mode):
    data, counter = counted(mode, [9.0] * 4 + READINGS, count_time=0.35, npoints=2)
    told = counter.statistics
    assert told._replace(timestamp=0) == (
        *(3, 4, pytest.approx(statistics.pstdev(READINGS)), pytest.approx(statistics.pvariance(READINGS)), 1, 6, 5),
        *(0.35, 0),
    )
    assert told.timestamp == pytest.approx(data["epoch"][-1] + 0.3, abs=0.02)


def test_a_counter_that_was_never_counted_has_no_statistics():
    told = SamplingCounter("diode", Meter()).statistics
    assert told.N == 0
    assert math.isnan(told.mean)


def test_a_conversion_is_made_for_each_reading():
    data, _ = counted("STATS", conversion_function=lambda value: value**2)
    assert data["diode"] == pytest.approx([(9 + 1 + 4 + 36) / 4])
    assert data["diode_max"] == [36]


@pytest.mark.parametrize("mode", list(SamplingMode))
def test_what_is_no_number_is_an_error_in_every_mode(mode):
    with pytest.raises(DeviceError, match="counter diode read 'broken', which is no number"):
        counted(mode, ["broken"])


def test_a_mode_can_be_said_in_three_ways():
    counter = SamplingCounter("diode", Meter(), mode="stats")
    assert counter.mode is SamplingMode.STATS
    counter.mode = 5
    assert counter.mode is SamplingMode.LAST
    counter.mode = SamplingMode.SINGLE
    assert counter.mode is SamplingMode.SINGLE
    with pytest.raises(UsageError, match="sampling mode 'STAT' is not known: did you mean STATS?"):
        counter.mode = "STAT"
    assert counter.mode is SamplingMode.SINGLE


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_the_tally_agrees_with_the_textbook(readings):
    tally = Tally(readings[0])
    for reading in readings[1:]:
        tally.add(reading)
    told = tally.statistics(1.0, 0.0)
    spread = max(map(abs, readings)) + 1
    assert told.mean == pytest.approx(statistics.fmean(readings), abs=1e-9 * spread)
    assert told.var == pytest.approx(statistics.pvariance(readings), rel=1e-6, abs=1e-9 * spread**2)
    assert (told.N, told.min, told.max) == (len(readings), min(readings), max(readings))


class Odd(Meter):
    """Gives `readings` as they are."""

    def read_all(self, *counters):
        return self.readings.pop(0)


@pytest.mark.parametrize("given", [[], [1.0, 2.0], 5])
def test_a_device_that_gives_not_a_value_for_each_counter_is_named(given):
    counter = SamplingCounter("diode", Odd([given]))
    with pytest.raises(DeviceError, match=r"meter\.read_all must give a value for each of diode, got "):
        bench().loopscan(1, 0, counter)


def test_an_array_in_the_place_of_a_number_is_told_with_its_shape():
    message = r"counter diode read an array of shape \(2,\), expected one number"
    with pytest.raises(DeviceError, match=message):
        counted("MEAN", [np.array([1.0, 2.0])])


@pytest.mark.parametrize("mode", ["MEAN", "STATS", "SAMPLES"])
def test_an_array_that_changes_its_size_is_told_with_both(mode):
    class Spectrum(SamplingCounter):
        shape = (3,)

    counter = Spectrum("mca", Meter([np.zeros(3), np.zeros(4)], max_sampling_frequency=10), mode=mode)
    message = r"counter mca read an array of shape \(4,\), expected one of shape \(3,\)"
    with virtual_time(), pytest.raises(DeviceError, match=message):
        bench().loopscan(1, 0.4, counter)
