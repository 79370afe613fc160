"""The policy `wait`: a scan is held up until a counter is back; and counters that fail apart from others."""

import math

import pytest

from obtura import Policy, SamplingCounter, SamplingCounterController, UsageError, loopscan
from obtura.contracts.partly import PartlyReadError
from obtura.ground.errors import DeviceError, MisfitError
from obtura.works.clock import clock, virtual_time


class Away(SamplingCounterController):
    """Its counter `lost` can't be read between two moments; `others` always can. `calls`: how often it was asked."""

    def __init__(self, lost_at, back_at):
        super().__init__("away", blocking=False)
        self.lost_at, self.back_at = lost_at, back_at
        self.calls = 0
        self.error = DeviceError("lost.read failed: away")
        self.never = {}
        self.lost, self.other = (SamplingCounter(name, self) for name in ("lost", "other"))

    def sample(self, counters):
        self.calls += 1
        is_lost = self.lost_at <= clock.time() < self.back_at
        found = [self.error if is_lost and one is self.lost else self.never.get(one, 1.0) for one in counters]
        if any(isinstance(each, Exception) for each in found):
            raise PartlyReadError(found)
        return found


@pytest.fixture(autouse=True)
def in_virtual_time():
    with virtual_time():
        yield


def scanned(device, policy, sleep_time=1.0):
    device.lost.policy = policy
    return loopscan(4, 0, device.lost, device.other, sleep_time=sleep_time, save=False)


def test_the_scan_waits_with_a_word_and_goes_on(capsys):
    scan = scanned(Away(0.5, 20.0), "wait 60")
    assert list(scan.get_data("away:lost")) == [1.0] * 4
    said = capsys.readouterr().err
    assert "!!! away:lost: lost.read failed: away; the scan waits up to 60 s for it" in said
    assert "!!! away:lost is back after " in said


@pytest.mark.parametrize("error", [MisfitError("it is text"), UsageError("no such thing"), TypeError("no float")])
def test_what_no_waiting_heals_is_not_waited_for(error):
    device = Away(0.5, 20.0)
    device.error = error
    with pytest.raises(type(error)):
        scanned(device, "wait 60")
    assert clock.time() < 2


def test_where_one_is_lost_and_another_is_a_misfit_the_lost_one_is_waited_for():
    device = Away(0.5, 20.0)
    wrong = SamplingCounter("wrong", device)
    wrong.policy = "optional"
    device.never = {wrong: MisfitError("it is text")}
    device.lost.policy = "wait 60"
    scan = loopscan(3, 0, device.lost, wrong, sleep_time=1.0, save=False)
    assert list(scan.get_data("away:lost")) == [1.0] * 3
    assert all(map(math.isnan, scan.get_data("away:wrong")))


def test_the_wait_has_an_end():
    with pytest.raises(DeviceError, match="lost.read failed: away"):
        scanned(Away(0.5, 20.0), "wait 3")
    assert clock.time() < 10


def test_one_that_may_fail_keeps_no_other_from_being_read_and_nobody_is_asked_twice():
    device = Away(0.5, math.inf)
    scan = scanned(device, "optional")
    assert list(scan.get_data("away:other")) == [1.0] * 4
    assert [value == value for value in scan.get_data("away:lost")] == [True, False, False, False]
    assert device.calls == 4


def test_what_is_read_partly_says_how_many_failed():
    error = PartlyReadError([1.0, DeviceError("a"), DeviceError("b")])
    assert str(error) == "a (and 1 more could not be read)"
    assert error.failing("xyz") == ["y", "z"]


@pytest.mark.parametrize(("text", "seconds"), [("wait 60", 60.0), (" wait 0.5 ", 0.5), ("wait .25", 0.25)])
def test_it_is_read_from_text_and_written_as_such(text, seconds):
    assert Policy.of(text) == Policy.wait(seconds)
    assert Policy.of(str(Policy.of(text))) == Policy.of(text)


@pytest.mark.parametrize("text", ["wait", "wait 0", "wait -1", "wait long", "wait inf", "wait 1 2"])
def test_what_is_no_wait_is_refused(text):
    with pytest.raises(UsageError):
        Policy.of(text)
