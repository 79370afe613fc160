"""Which points a device was waited for in vain: they have the bit `timeout`, also in a scan that was killed."""

import pytest
from scan_stream import began, channel, ended, record, rows, saving_in, timer
from test_journal import crashed, recovered

import obtura
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.counters import IntegratingCounter, IntegratingCounterController
from obtura.data.reader import showing
from obtura.data.saver import HDF5Saver
from obtura.data.saving import ScanSaving
from obtura.data.validity import Validity
from obtura.devices.sim.beamline import demo_beamline
from obtura.devices.soft import SoftCounter
from obtura.ground.errors import DeviceTimeoutError
from obtura.ground.events import WaitedInVain
from obtura.session.session import Session
from obtura.works.clock import virtual_time

NAN = float("nan")
LATE = Validity.TIMEOUT | Validity.NOT_READ


@pytest.fixture
def bench(tmp_path):
    """The commands of a session."""
    session = Session("lab", demo_beamline()._asdict(), ScanSaving("lab", base_path=tmp_path), display=False)
    yield session
    session.close()


def flags(session):
    return obtura.open(session.scan_saving.filename).last.flags.tolist()


def answering(*answers, policy=None, mode="SINGLE"):
    """A counter that gives numbers, and raises what is an error."""
    left = iter(answers)

    def value():
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    counter = SoftCounter(value=value, name="shy", mode=mode)
    if policy is None:
        counter.is_critical = False
    else:
        counter.policy = policy
    return counter


def test_points_at_which_a_counter_that_is_not_critical_does_not_answer_have_it_and_stay_good(bench):
    late = DeviceTimeoutError("no answer within 1 s")
    bench.loopscan(4, 0, answering(1.0, late, TimeoutError("socket"), 4.0), bench.diode)
    one = obtura.open(bench.scan_saving.filename).last
    assert one.flags.tolist() == [0, LATE, LATE, 0]
    assert one.valid.all() and "2 timeout" in showing(one.file, one.number)


def test_an_error_that_is_no_timeout_is_none(bench):
    bench.loopscan(3, 0, answering(1.0, RuntimeError("it broke"), 3.0), bench.diode)
    assert flags(bench) == [0, Validity.NOT_READ, 0]


def test_an_optional_one_is_waited_for_once_and_not_read_from_there_on(bench):
    bench.loopscan(3, 0, answering(1.0, TimeoutError("no answer"), policy="optional"), bench.diode)
    assert flags(bench) == [0, LATE, Validity.NOT_READ]


def test_one_that_answers_when_it_is_asked_again_leaves_no_mark(bench):
    bench.loopscan(2, 0, answering(1.0, TimeoutError("no answer"), 2.0, policy="retry 3"), bench.diode)
    assert flags(bench) == [0, 0]


def test_any_reading_of_a_point_may_be_the_one(bench):
    late = TimeoutError("no answer")
    with virtual_time():
        bench.loopscan(1, 1.0, answering(1.0, 1.0, late, *[1.0] * 10_000, mode="MEAN"))
    assert flags(bench) == [LATE]


class Stuck(IntegratingCounterController):
    """Counts two points, and no further one."""

    def get_values(self, from_index, *counters):
        return [[float(index) for index in range(from_index, min(2, self.asked))] for _ in counters]

    def start(self, *counters):
        self.asked = 0

    def trigger(self, *counters):
        self.asked += 1


def test_a_device_that_counts_by_itself_and_gives_nothing_more(bench):
    box = Stuck("box")
    box.timeout = 2.0
    IntegratingCounter("events", box).policy = "optional"
    bench.loopscan(4, 0, box, bench.diode)
    assert flags(bench) == [0, 0, LATE, Validity.NOT_READ]


class Last(AcquisitionSlave):
    """Is ready for two points, after all others have emitted theirs."""

    def __init__(self, error):
        super().__init__(name="last", npoints=4)
        self.error, self.asked = error, 0

    def prepare(self):
        pass

    def start(self):
        pass

    def stop(self):
        pass

    def wait_ready(self):
        self.asked += 1
        if self.asked == 3:
            raise self.error


@pytest.mark.parametrize(
    ("error", "flag"),
    [
        (DeviceTimeoutError("it never said that it was ready"), Validity.INTERRUPTED | Validity.TIMEOUT),
        (RuntimeError("it broke"), Validity.INTERRUPTED),
    ],
)
def test_where_the_scan_ends_by_it_its_point_is_interrupted_too(bench, error, flag):
    scan = bench.loopscan(4, 0, bench.diode, run=False)
    scan.acq_chain.add(scan.acq_chain.top_masters[0], Last(error))
    with pytest.raises(type(error)):
        scan.run()
    assert flags(bench) == [0, 0, flag]


STREAM = timer(), channel("s:a")._replace(may_fail=True), channel("s:b")


def stream():
    a = [1.0, NAN, NAN, 4.0]
    for row in range(4):
        points = list(rows(row, [float(row)], [a[row]], [5.0]))
        yield from [WaitedInVain(1, row, 1), *points] if row == 2 else points


def test_a_scan_that_was_killed_has_them_when_it_is_recovered(tmp_path):
    master = crashed(tmp_path, began(*STREAM), *([event] for event in stream()))
    recovered(master)
    assert obtura.open(master).last.flags.tolist() == [0, Validity.NOT_READ, LATE, 0]


def test_a_point_that_was_good_when_it_was_taken_again_is_not_marked(tmp_path):
    saving = saving_in(tmp_path)
    again = WaitedInVain(1, 3, 1)  # of an attempt; the point that was kept has its number
    record(HDF5Saver(saving), began(*STREAM), *stream(), again, end=ended())
    assert obtura.open(saving.filename).last.flags.tolist() == [0, Validity.NOT_READ, LATE, 0]


def test_what_comes_at_its_own_pace_has_no_rows_to_mark(tmp_path):
    saving = saving_in(tmp_path)
    own = channel("s:own", per_point=False)._replace(may_fail=True)
    events = [*rows(0, [0.0, 1.0]), WaitedInVain(1, 0, 1), *rows(0, [], [NAN])]
    record(HDF5Saver(saving), began(timer(), own), *events, end=ended())
    assert obtura.open(saving.filename).last.flags.tolist() == [0, 0]
