"""A scan that stands still while a PV is not as it should be; the PV's server tells, nobody asks."""

import threading
import time

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")

import obtura
from obtura.ground.errors import DeviceTimeoutError, UsageError
from obtura.instruments.epics.link import Link
from obtura.presets.epics_watch import EpicsWatch
from obtura.works.clock import clock


@pytest.fixture
def current(c_beamline):
    """Set the machine's current, now or in a while."""
    link = Link("machine", c_beamline.pv("current"))
    timers = []

    def put(value, after=0.0, *then):
        def now():
            link.put(float(value), "put").wait(clock.time() + 60)
            if then:
                clock.sleep(0.1)
                put(*then)

        if after:
            timers.append(threading.Timer(after, now))
            timers[-1].start()
        else:
            now()

    put(200)
    yield put
    for timer in timers:
        timer.join()


@pytest.fixture
def watched(c_beamline):
    """A scan of some points of `count_time` s with the preset."""

    def make(npoints, count_time, *condition, **options):
        scan = obtura.loopscan(npoints, count_time, c_beamline.counter("i0"), run=False, save=False)
        preset = EpicsWatch(c_beamline.pv("current"), *condition, **options)
        scan.acq_chain.add_preset(preset)
        return scan, preset

    return make


class Puts(obtura.ChainPreset):
    """Has the current lost in the first point, `after` s after its beginning, and back a while later."""

    def __init__(self, put, after):
        self.put, self.after = put, after
        self.left = 1
        self.started = 0

    def get_iterator(self, _chain):
        while True:
            yield Lose(self)


class Lose(obtura.ChainIterationPreset):
    def __init__(self, puts):
        self.puts = puts

    def start(self):
        self.puts.started += 1
        if self.puts.left:
            self.puts.left -= 1
            self.puts.put(2, self.puts.after, 200)


def test_a_scan_waits_until_it_is_good(watched, current, capsys):
    scan, _ = watched(2, 0.01, "> 5")
    current(3)
    began = time.perf_counter()
    current(200, after=0.5)
    scan.run()
    assert time.perf_counter() - began >= 0.5
    assert len(scan.get_data("i0:i0")) == 2


def test_while_it_is_good_nothing_is_asked(watched, current, monkeypatch):
    scan, preset = watched(3, 0.01, "> 5")
    asked = []
    wire = type(preset.links[0].wire)
    send = wire.send
    monkeypatch.setattr(
        wire,
        "send",
        lambda self, these: (asked.extend(each.remote.name for each in these), send(self, these)),
    )
    scan.run()
    assert "C:current" not in asked


def test_a_point_during_which_it_was_not_good_is_taken_again(watched, current):
    scan, _ = watched(2, 2.5, above=5)
    puts = Puts(current, 0.1)
    scan.acq_chain.add_preset(puts)
    scan.run()
    assert len(scan.get_data("i0:i0")) == 2
    assert puts.started == 3


def test_a_deadline_ends_the_scan(watched, current, seconds):
    scan, _ = watched(2, 0.01, "> 5", patience=0.3)
    current(3)
    took, error = seconds(scan.run)
    assert took < 30
    assert isinstance(error, DeviceTimeoutError)
    assert "C:current: " in str(error)
    assert "reads 3 for 0.3 s, > 5 is wanted" in str(error)


def test_the_condition_may_be_a_function_or_limits(watched, current):
    for options in ({"condition": lambda value: value == 200}, {"above": 199, "below": 201}, {}):
        scan, _ = watched(1, 0.01, patience=60.0, **options)
        scan.run()


@pytest.mark.parametrize("condition", ["value + ", "current > 5", "> open('x')", "1 > 0", 5])
def test_what_is_no_condition_is_refused(c_beamline, condition):
    with pytest.raises(UsageError):
        EpicsWatch(c_beamline.pv("current"), condition)


@pytest.mark.parametrize(
    ("pv", "good", "bad"), [("message", "beam available", "no beam"), ("mode", "uniform", "16 bunch")]
)
def test_a_text_or_the_name_of_a_state_may_be_watched(c_beamline, pv, good, bad):
    link, name = Link("machine", c_beamline.pv(pv)), c_beamline.pv(pv)

    def put(text):
        link.put(text, "put").wait(clock.time() + 5)

    put(good)
    scan = obtura.loopscan(1, 0, obtura.SoftCounter(value=lambda: 1.0, name="one"), run=False, save=False)
    scan.acq_chain.add_preset(EpicsWatch(name, one_of=[good, "refill"], patience=60.0))
    scan.run()
    put(bad)
    scan = obtura.loopscan(1, 0, obtura.SoftCounter(value=lambda: 1.0, name="one"), run=False, save=False)
    scan.acq_chain.add_preset(EpicsWatch(name, one_of=[good, "refill"], patience=0.2))
    with pytest.raises(Exception, match=f"reads '{bad}'.*'{good}' or 'refill'"):
        scan.run()
    put(good)


@pytest.mark.parametrize("one_of", ["USER", [], [1], ["USER", None]])
def test_what_is_no_list_of_texts_is_refused(c_beamline, one_of):
    with pytest.raises(UsageError, match="one_of is a list of texts"):
        EpicsWatch(c_beamline.pv("message"), one_of=one_of)
    with pytest.raises(UsageError, match="either"):
        EpicsWatch(c_beamline.pv("message"), "> 5", one_of=["USER"])


def test_a_lost_server_is_not_good_and_back_it_is(mortal_c_beamline):
    beamline = mortal_c_beamline
    scan = obtura.loopscan(3, 0.01, obtura.SoftCounter(value=lambda: 1.0, name="one"), run=False, save=False)
    scan.acq_chain.add_preset(EpicsWatch(beamline.pv("current"), "> 5", timeout=0.3, patience=30.0))

    class Kill(obtura.ChainIterationPreset):
        def prepare(self):
            beamline.ioc.kill()
            threading.Timer(0.5, beamline.ioc.start).start()

    class Once(obtura.ChainPreset):
        def get_iterator(self, _chain):
            return [Kill()]

    scan.acq_chain.add_preset(Once())
    scan.run()
    assert list(scan.get_data("one")) == [1.0] * 3
