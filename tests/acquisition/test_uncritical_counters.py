"""A counter that is not critical does not end the scan: it is NaN where it can't be read, and a line says so."""

import numpy as np
import pytest
from meters import bench

from obtura.contracts.counters import (
    IntegratingCounter,
    IntegratingCounterController,
    SamplingCounter,
    SamplingCounterController,
)
from obtura.ground.errors import UsageError
from obtura.works.clock import virtual_time


class Box(SamplingCounterController):
    """Reads 1; a counter that is `broken` raises at the points in `at`, or gives `instead`."""

    def __init__(self, broken="", at=(), instead=None):
        super().__init__("box", blocking=False)
        self.broken, self.at, self.instead = broken, at, instead
        self.point = -1
        for name in ("good", "bad"):
            SamplingCounter(name, self)

    def read_all(self, *counters):
        self.point += 1
        return [self._value(counter) for counter in counters]

    def _value(self, counter):
        if counter.name != self.broken or (self.at and self.point not in self.at):
            return 1.0
        if self.instead is not None:
            return self.instead
        raise RuntimeError("no answer")


class Card(IntegratingCounterController):
    """Counts ones; a counter that is `broken` can't be fetched."""

    def __init__(self, *broken):
        super().__init__("card", blocking=False)
        self.broken, self.done = broken, 0
        for name in ("good", "bad"):
            IntegratingCounter(name, self)

    def trigger(self, *counters):
        self.done += 1

    def get_values(self, from_index, *counters):
        if any(counter.name in self.broken for counter in counters):
            raise RuntimeError("no answer")
        return [[1.0] * (self.done - from_index) for _ in counters]


def counted(device, npoints=3, count_time=0.0):
    with virtual_time():
        return bench().loopscan(npoints, count_time, device).get_data()


def test_a_counter_that_is_not_critical_is_nan_and_the_others_are_counted(capsys):
    box = Box("bad")
    box.counters.bad.is_critical = False
    data = counted(box)
    assert np.isnan(data["bad"]).all()
    assert data["good"].tolist() == [1, 1, 1]
    assert capsys.readouterr().err == "!!! box:bad can't be read and is NaN: RuntimeError: no answer\n"


def test_it_is_nan_at_those_points_only_at_which_it_failed():
    box = Box("bad", at=[1])
    box.counters.bad.is_critical = False
    with virtual_time():
        data = bench().loopscan(3, 0, box.counters.bad).get_data()
    assert data["bad"].tolist() == pytest.approx([1, np.nan, 1], nan_ok=True)


@pytest.mark.parametrize("count_time", [0.0, 0.1])
def test_each_scan_says_it_once(capsys, count_time):
    box = Box("bad")
    box.max_sampling_frequency = 100
    box.counters.bad.is_critical = False
    counted(box, count_time=count_time)
    counted(box, count_time=count_time)
    assert capsys.readouterr().err.count("box:bad") == 2


def test_what_is_no_number_is_nan_too(capsys):
    box = Box("bad", instead="overflow")
    box.counters.bad.is_critical = False
    assert np.isnan(counted(box)["bad"]).all()
    assert "it read 'overflow', which is no number" in capsys.readouterr().err


def test_a_critical_one_beside_it_still_ends_the_scan():
    box = Box("good")
    box.counters.bad.is_critical = False
    with pytest.raises(RuntimeError, match="no answer"):
        counted(box)


def test_counters_are_critical_by_default():
    with pytest.raises(RuntimeError, match="no answer"):
        counted(Box("bad"))


def test_the_points_of_a_card_are_nan_where_they_can_not_be_fetched(capsys):
    card = Card("bad")
    card.counters.bad.is_critical = False
    data = counted(card)
    assert np.isnan(data["bad"]).all()
    assert data["good"].tolist() == [1, 1, 1]
    assert capsys.readouterr().err.count("card:bad can't be read") == 1


def test_a_card_of_which_nothing_can_be_fetched_gives_nan_for_each_trigger():
    card = Card("good", "bad")
    for counter in card.counters.values():
        counter.is_critical = False
    data = counted(card)
    assert np.isnan([data["bad"], data["good"]]).all()
    assert data["good"].shape == (3,)


def test_a_counter_of_whole_numbers_must_be_critical():
    with pytest.raises(UsageError, match="whole: is_critical must be True: its values, of type int64, have no NaN"):
        SamplingCounter("whole", Box(), dtype=int, is_critical=False)
    with pytest.raises(UsageError, match="is_critical must be True or False, got 'no'"):
        Box().counters.bad.is_critical = "no"
