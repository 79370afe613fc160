"""A storage ring: it decays and is refilled, and can be counted."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obtura.devices import MachineDriver, MachineInfo
from obtura.devices.sim import SimulatedController, SimulatedDiode, SimulatedRing, World
from obtura.ground.errors import UsageError
from obtura.works.clock import clock, virtual_time


@pytest.fixture
def ring():
    """200 mA that fall to 1/e in 100 s; refills end every 50 s and take 10 s."""
    with virtual_time():
        yield SimulatedRing("ring", 200, lifetime=100, refill_every=50, refill_takes=10, shut_for_refill=True)


def test_its_current_decays_and_is_refilled(ring):
    assert ring.current == 200
    clock.sleep(20)
    assert ring.current == pytest.approx(200 * math.exp(-0.2))
    clock.sleep(20)
    low = 200 * math.exp(-0.4)
    assert ring.current == pytest.approx(low)
    clock.sleep(5)
    assert ring.current == pytest.approx((low + 200) / 2)
    clock.sleep(5)
    assert ring.current == pytest.approx(200)


def test_it_tells_when_it_is_refilled(ring):
    assert ring.refill_countdown == 40
    clock.sleep(30)
    assert ring.refill_countdown == 10
    assert ring.front_end == "OPEN"
    assert ring.check_for_refill(9)
    assert not ring.check_for_refill(11)
    clock.sleep(12)
    assert ring.refill_countdown == 0
    assert ring.front_end == "CLOSED"
    assert not ring.check_for_refill(0)
    clock.sleep(8)
    assert ring.refill_countdown == pytest.approx(40)
    assert ring.front_end == "OPEN"


def test_in_top_up_the_front_end_stays_open():
    with virtual_time():
        ring = SimulatedRing("ring", refill_every=60, refill_takes=3)
        clock.sleep(58)
        assert ring.refill_countdown == 0
        assert ring.front_end == "OPEN"
        assert ring.current == pytest.approx(200, abs=0.4)


@given(st.floats(0, 1e6))
def test_it_has_never_more_than_when_it_is_full(seconds):
    with virtual_time():
        ring = SimulatedRing("ring", 200, lifetime=100, refill_every=50, refill_takes=10)
        clock.sleep(seconds)
        assert 200 * math.exp(-0.4) - 1e-6 <= ring.current <= 200
        assert 0 <= ring.refill_countdown <= 40


def test_one_that_is_never_refilled_decays_for_ever():
    with virtual_time():
        ring = SimulatedRing("ring", lifetime=100, refill_every=math.inf)
        clock.sleep(1000)
        assert ring.current == pytest.approx(200 * math.exp(-10))
        assert ring.refill_countdown == math.inf
        assert not ring.check_for_refill(0)  # 9 uA are no beam


def test_it_can_lose_its_beam(ring):
    ring.dump()
    assert ring.current == 0
    assert not ring.check_for_refill(0)
    assert "0 mA" in ring.__info__()
    assert "refill in unknown time" in ring.__info__()
    clock.sleep(30)
    ring.fill()
    assert ring.current == 200
    assert ring.refill_countdown == 40
    ring.close_front_end()
    assert ring.front_end == "CLOSED"
    assert not ring.check_for_refill(0)
    ring.open_front_end()
    assert ring.check_for_refill(0)


def test_it_outlives_a_change_of_the_clock():
    with virtual_time():
        clock.sleep(1e9)
        ring = SimulatedRing("ring", refill_every=100, refill_takes=10)
    with virtual_time():
        assert ring.current == 200
        assert ring.refill_countdown == 90


def test_its_counters_read_current_lifetime_and_time_to_refill(ring):
    assert list(ring.counters) == ["current", "lifetime", "refill"]
    assert [counter.unit for counter in ring.counters.values()] == ["mA", "s", "s"]
    assert [counter.read() for counter in ring.counters.values()] == [200, 100, 40]
    assert ring.counters["current"].fullname == "ring:current"
    assert ring.lifetime == 100


def test_it_makes_the_beam_of_a_world():
    with virtual_time():
        world = World()
        ring = SimulatedRing("ring", 200, 100, refill_every=50, refill_takes=10, shut_for_refill=True, world=world)
        diode = SimulatedDiode("diode", SimulatedController(), world, height=1e6)
        clock.sleep(30)
        assert world.beam == pytest.approx(math.exp(-0.3))
        assert diode.read() == pytest.approx(1e6 * math.exp(-0.3), rel=0.01)
        world.beam = 0.5
        assert world.beam == pytest.approx(0.5 * math.exp(-0.3))
        clock.sleep(15)
        assert world.beam == 0
        assert abs(diode.read()) < 10
        ring.fill()
        assert world.beam == 0.5


def test_it_says_how_it_is(ring):
    assert ring.__info__().splitlines() == [
        "machine ring: 200 mA, front end OPEN",
        "  lifetime 1 min 40 s, refill in 40 s",
        "  standard scans do not wait for beam and refills",
    ]
    assert repr(ring) == "SimulatedRing('ring')"
    with virtual_time():
        assert "lifetime 10 h 0 min, refill in 59 min 0 s" in SimulatedRing("ring").__info__()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"full_current": 0}, "full_current must be greater than 0"),
        ({"lifetime": "long"}, "lifetime must be a number"),
        ({"refill_every": 10, "refill_takes": 10}, "refill_takes must be less than refill_every, got 10 s"),
        ({"least_current": None}, "least_current must be a number"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(UsageError, match=f"ring: {message}"):
        SimulatedRing("ring", **options)


def test_of_one_that_tells_only_its_current_nothing_else_is_known():
    class Meter(MachineDriver):
        def current(self):
            return 99.0

    machine = MachineInfo("mama", Meter())
    assert machine.check_for_refill(1e9)
    assert machine.front_end == "UNKNOWN"
    assert math.isnan(machine.lifetime)
    assert machine.counters["current"].controller.blocking


def test_check_is_kept_between_sessions_and_told(ring):
    told, kept = [], {}
    ring.on_check(told.append)
    ring.on_setting(kept.__setitem__)
    assert ring.check is False
    ring.check = True
    assert told == [True]
    assert kept == dict(ring.settings()) == {"check": True}
    again = SimulatedRing("ring")
    again.on_check(told.append)
    again.restore(kept)
    assert again.check is True
    assert told == [True, True]


@pytest.mark.parametrize("value", [1, "yes", None])
def test_check_is_true_or_false(ring, value):
    with pytest.raises(UsageError, match=r"ring\.check must be True or False"):
        ring.check = value
    with pytest.raises(UsageError, match=r"ring\.check must be True or False"):
        ring.restore({"check": value})
    assert ring.check is False
