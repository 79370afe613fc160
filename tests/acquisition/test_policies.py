"""Policies of counters and devices: the scan fails, the counter drops out, or is tried again."""

import numpy as np
import pytest
from meters import bench

from obtura.contracts.counters import (
    IntegratingCounter,
    IntegratingCounterController,
    SamplingCounter,
    SamplingCounterController,
)
from obtura.contracts.policies import Policy
from obtura.ground.errors import UsageError
from obtura.works.clock import virtual_time


class Box(SamplingCounterController):
    """Reads 1; `bad` fails at the readings in `at`, `prepare` so often."""

    def __init__(self, *at, prepare_fails=0):
        super().__init__("box", blocking=False)
        self.at, self.read_so_far = at, -1
        self.prepare_fails = prepare_fails
        for name in ("good", "bad"):
            SamplingCounter(name, self)

    def prepare(self, *counters):
        if self.prepare_fails:
            self.prepare_fails -= 1
            raise RuntimeError("not ready")

    def read(self, counter):
        if counter.name == "bad":
            self.read_so_far += 1
            if self.read_so_far in self.at:
                raise RuntimeError("no answer")
        return 1.0


class Card(IntegratingCounterController):
    """Counts ones until it falls silent, or can't be triggered any more."""

    def __init__(self, silent_from=99, deaf_from=99):
        super().__init__("card", blocking=False)
        self.silent_from, self.deaf_from, self.done = silent_from, deaf_from, 0
        self.timeout = 1.0
        IntegratingCounter("counts", self)

    def trigger(self, *counters):
        if self.done >= self.deaf_from:
            raise RuntimeError("deaf")
        self.done += 1

    def get_values(self, from_index, *counters):
        return [[1.0] * (min(self.done, self.silent_from) - from_index) for _ in counters]


def counted(device, npoints=3):
    with virtual_time():
        scan = bench().loopscan(npoints, 0.0, device, run=False)
        scan.run()
    return scan


@pytest.mark.parametrize("text", ["required", "optional", "retry 3"])
def test_a_policy_can_be_said_in_words(text):
    box = Box()
    box.counters.bad.policy = text
    assert str(box.counters.bad.policy) == text
    assert box.counters.bad.policy == Policy.of(text)


@pytest.mark.parametrize("wrong", ["sometimes", "retry", "retry x", "retry 0", "", None, 3])
def test_what_is_no_policy_is_refused(wrong):
    with pytest.raises(UsageError, match="expected a policy|how many times"):
        Box().counters.bad.policy = wrong


def test_by_default_a_failure_fails_the_scan():
    with pytest.raises(RuntimeError, match="no answer"):
        counted(Box(1))


def test_one_that_is_optional_drops_out_at_its_first_failure(capsys):
    box = Box(1, 2)
    box.counters.bad.policy = Policy.optional()
    scan = counted(box, npoints=4)
    assert np.array_equal(scan.get_data("bad"), [1, np.nan, np.nan, np.nan], equal_nan=True)
    assert scan.get_data("good").tolist() == [1, 1, 1, 1]
    assert box.read_so_far == 2  # at point 1 together with the other one, then alone; never again
    assert capsys.readouterr().err == (
        "!!! box:bad drops out and is NaN from here on: RuntimeError: no answer\n"
        "!!! box:bad dropped out, it is NaN since then: RuntimeError: no answer\n"
    )
    assert [comment.text for comment in scan.comments] == [
        "box:bad drops out and is NaN from here on: RuntimeError: no answer"
    ]


def test_one_that_is_retried_is_read_again_and_nobody_is_told(capsys):
    box = Box(1, 2)
    box.policy = "retry 2"
    scan = counted(box)
    assert scan.get_data("bad").tolist() == [1, 1, 1]
    assert capsys.readouterr().err == ""


def test_after_the_last_try_the_scan_fails():
    box = Box(*range(1, 99))
    box.counters.bad.policy = Policy.retry(2)
    with pytest.raises(RuntimeError, match="no answer"):
        counted(box)
    assert box.read_so_far == 6  # three times together with the other one, three times alone


def test_a_counter_has_the_policy_of_its_controller_unless_it_has_its_own():
    box = Box()
    box.policy = "optional"
    box.counters.good.policy = "required"
    assert [str(counter.policy) for counter in box.counters.values()] == ["required", "optional"]


def test_a_device_that_fails_in_prepare_is_tried_again():
    box = Box(prepare_fails=2)
    box.policy = Policy.retry(2)
    assert counted(box).get_data("good").tolist() == [1, 1, 1]


def test_a_device_that_fails_in_prepare_drops_out_with_all_its_counters(capsys):
    box = Box(prepare_fails=99)
    box.policy = Policy.optional()
    scan = counted(box)
    assert np.isnan([scan.get_data("good"), scan.get_data("bad")]).all()
    assert box.read_so_far == -1
    assert capsys.readouterr().err.count("drops out") == 2


def test_but_not_when_one_of_them_is_required():
    box = Box(prepare_fails=99)
    box.counters.bad.policy = Policy.optional()
    with pytest.raises(RuntimeError, match="not ready"):
        counted(box)


@pytest.mark.parametrize("card", [Card(silent_from=1), Card(deaf_from=1)])
def test_a_card_that_falls_silent_or_can_not_be_triggered_drops_out(card, capsys):
    card.policy = "optional"
    scan = counted(card)
    assert np.array_equal(scan.get_data("counts"), [1, np.nan, np.nan], equal_nan=True)
    assert capsys.readouterr().err.count("card:counts drops out") == 1


def test_a_counter_of_whole_numbers_can_not_be_optional():
    box = Box()
    whole = SamplingCounter("whole", box, dtype=int)
    with pytest.raises(UsageError, match="whole can't be optional: its values, of type int64, have no NaN"):
        whole.policy = "optional"
    box.policy = "optional"
    with pytest.raises(UsageError, match="whole can't be optional"):
        counted(box)
