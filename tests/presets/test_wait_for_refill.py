"""WaitForRefill: no point is taken without beam, nor while the machine is refilled."""

import sys

import pytest
from lab import Viewer

from obtura.contracts.consumers import Surroundings
from obtura.devices.sim import SimulatedRing
from obtura.ground.errors import UsageError
from obtura.presets import WaitForBeam, WaitForRefill
from obtura.scans.bench import Bench
from obtura.session.protection import protect
from obtura.works.clock import clock, virtual_time


@pytest.fixture
def ring():
    """Refills end every 50 s and take 10 s."""
    with virtual_time():
        yield SimulatedRing("ring", lifetime=1000, refill_every=50, refill_takes=10)


@pytest.fixture
def viewer():
    return Viewer()


@pytest.fixture
def bench(viewer):
    class Here(Surroundings):
        def consumers(self, save, scan_saving):
            return [viewer]

    return Bench(Here())


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    """The output goes to a terminal: it is said at each look how it stands."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


def test_a_point_that_would_last_into_a_refill_waits_until_that_is_over(ring, bench, viewer):
    scan = bench.loopscan(3, 15, ring, run=False, save=False)
    scan.acq_chain.add_preset(WaitForRefill(ring))
    scan.run()
    assert scan.get_data("timer:elapsed_time") == pytest.approx([0, 15, 50], abs=0.01)
    assert "Waiting for ring: refill in 10 s" in viewer.text
    assert "Waiting for ring: refill " in viewer.text
    assert "ring is back after 20.0 s" in viewer.text


def test_how_long_beam_is_needed_can_be_given_and_the_beam_settles(ring, bench):
    scan = bench.loopscan(3, 1, ring, run=False, save=False, sleep_time=5)
    scan.acq_chain.add_preset(WaitForRefill(ring, checktime=35, waittime=2, polling_time=0.5))
    scan.run()
    # The timer sleeps after the wait: the third point is begun 33 s before a refill, which is not enough.
    assert scan.get_data("timer:elapsed_time") == pytest.approx([0, 6, 50 + 2 + 5], abs=0.01)


def test_without_beam_it_waits_until_there_is_some(bench, viewer):
    with virtual_time():
        ring = SimulatedRing("ring", refill_every=float("inf"))
        ring.dump()
        preset = WaitForRefill(ring)
        said = []

        def say(text, end="\n"):
            said.append(text.strip())
            if len(said) == 3:
                ring.fill()

        preset.wait(0, say)
        assert said == ["Waiting for ring: no beam"] * 3 + ["ring is back after 3.0 s"]


def test_a_refill_while_the_beam_settles_begins_the_wait_anew(ring):
    ring.close_front_end()
    said = []

    def say(text, end="\n"):
        said.append((round(clock.time()), text.strip()))
        if clock.time() >= 20:
            ring.open_front_end()

    WaitForRefill(ring, waittime=30).wait(0, say)
    assert said[20] == (20, "Waiting for ring: refill in 20 s")
    assert said[21] == (40, "Waiting for ring: refill")  # 20 s of beam were not enough
    assert said[-1] == (80, "ring is back after 80.0 s")


def test_check_puts_one_on_every_standard_scan_and_takes_it_off(ring, bench):
    protect(bench.default_chain, [object(), ring])
    assert bench.default_chain.presets == ()
    ring.check = True
    ring.check = True
    (preset,) = bench.default_chain.presets
    assert isinstance(preset, WaitForRefill)
    assert preset.machine is ring
    clock.sleep(39)
    bench.ct(2, ring)
    assert clock.time() == pytest.approx(52)
    ring.check = False
    assert bench.default_chain.presets == ()


def test_one_whose_check_is_on_already_is_protected_from_the_start(ring, bench):
    ring.check = True
    protect(bench.default_chain, [ring])
    assert len(bench.default_chain.presets) == 1


def test_wait_for_beam_works_on_the_current(ring, bench):
    ring.dump()
    scan = bench.loopscan(1, 1, ring.counters["current"], run=False, save=False)

    def fill_at_3_s(seconds, sleep=clock.sleep):
        sleep(seconds)
        if clock.time() >= 3:
            ring.fill()

    scan.acq_chain.add_preset(WaitForBeam(ring.counters["current"], 100))
    clock.sleep = fill_at_3_s
    try:
        scan.run()
    finally:
        del clock.sleep
    assert clock.time() == pytest.approx(4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"checktime": -1}, "checktime must be finite and not negative"),
        ({"waittime": float("inf")}, "waittime must be finite"),
        ({"polling_time": 0}, "polling_time must be more than 0"),
        ({"polling_time": "often"}, "polling_time must be a number"),
    ],
)
def test_what_makes_no_sense_is_refused(ring, options, message):
    with pytest.raises(UsageError, match=message):
        WaitForRefill(ring, **options)


def test_it_needs_a_machine():
    with pytest.raises(UsageError, match=r"WaitForRefill needs a machine with check_for_refill\(\)"):
        WaitForRefill(3)


def test_a_point_longer_than_the_time_between_refills_begins_right_after_one_and_that_is_said(ring, bench, viewer):
    scan = bench.loopscan(2, 70, ring, run=False, save=False)
    scan.acq_chain.add_preset(WaitForRefill(ring))
    scan.run()
    assert scan.get_data("timer:elapsed_time") == pytest.approx([0, 100], abs=0.01)
    words = "ring is refilled again in 40 s, a point needs 70 s: it is begun right after a refill"
    assert viewer.text.count(words) == 2
    assert "ring is back after 50.0 s" in viewer.text


def test_time_to_settle_counts_too(ring):
    said = []
    clock.sleep(5)
    WaitForRefill(ring, waittime=5).wait(38, lambda text, end="\n": said.append((round(clock.time()), text.strip())))
    words = "ring is refilled again in 40 s, a point needs 38 s and 5 s to settle: it is begun"
    assert [time for time, text in said if text.startswith(words)] == [50]
    assert said[-1] == (55, "ring is back after 50.0 s")


def test_a_point_for_which_there_is_time_enough_after_a_refill_is_not_warned_of(ring, bench, viewer):
    clock.sleep(5)
    scan = bench.loopscan(1, 38, ring, run=False, save=False)
    scan.acq_chain.add_preset(WaitForRefill(ring))
    scan.run()
    assert clock.time() == pytest.approx(50 + 38) and "again" not in viewer.text
