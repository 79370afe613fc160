"""The watchdog of a scan: what it is told, when it times out, how it ends a scan."""

import threading

import pytest

from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset
from obtura.contracts.watchdog import WatchdogCallback
from obtura.engine.states import ScanState
from obtura.ground.errors import ScanAbort, ScanStateError, UsageError
from obtura.works.clock import Flag, clock


class Keeping(WatchdogCallback):
    """Keeps what it is told, and the threads on which it is."""

    def __init__(self, watchdog_timeout=1.0):
        super().__init__(watchdog_timeout)
        self.told = []
        self.data = {}
        self.threads = set()

    def tell(self, what):
        self.told.append(what)
        self.threads.add(threading.current_thread().name)

    def on_scan_new(self, scan, scan_info):
        self.tell(("new", scan.name, scan_info["npoints"]))

    def on_scan_data(self, data_events, scan_info):
        for name, values in data_events.items():
            self.data.setdefault(name, []).extend(values)

    def on_timeout(self):
        self.tell("timeout")

    def on_scan_end(self, scan_info):
        self.tell("end")


class Hanging(AcquisitionSlave):
    """A device that never answers, but can be stopped; time goes on meanwhile."""

    def __init__(self, blocking):
        super().__init__(name="hanging")
        self.blocking = blocking
        self.halted = Flag()

    def reading(self):
        while not clock.wait(self.halted, 0.1):
            self.halted.wait(0.0001)  # real time, or this thread would have the processor for itself

    def stop(self):
        self.halted.set()


def hanging(hall, callback, blocking=True):
    chain = AcquisitionChain()
    chain.add(SoftwareTimerMaster(0.1, npoints=3), Hanging(blocking))
    scan = hall.bench.Scan(chain, "hanging", {"npoints": 3}, save=False)
    scan.set_watchdog_callback(callback)
    return scan


def test_it_is_told_of_the_beginning_of_all_data_and_of_the_end(hall):
    callback = Keeping(watchdog_timeout=1000)
    scan = hall.scan("ascan", hall.roby, 0, 2, 2, 0.1, run=False)
    scan.set_watchdog_callback(callback)
    scan.run()
    assert callback.told == [("new", "ascan", 3), "end"]
    assert callback.data["axis:roby"] == pytest.approx([0, 1, 2])
    assert callback.data["four:diode"] == [4, 4, 4]
    assert callback.threads == {"reader watchdog"}


@pytest.mark.parametrize("blocking", [True, False])
def test_a_stop_iteration_ends_the_scan_well(hall, blocking):
    class Enough(Keeping):
        def on_timeout(self):
            super().on_timeout()
            if self.told.count("timeout") == 3:
                raise StopIteration

    callback = Enough(watchdog_timeout=5)
    scan = hanging(hall, callback, blocking)
    scan.run()
    assert scan.state is ScanState.DONE
    assert callback.told == [("new", "hanging", 3), *["timeout"] * 3, "end"]


@pytest.mark.parametrize("blocking", [True, False])
def test_another_error_fails_the_scan_and_is_named(hall, blocking):
    class Angry(Keeping):
        def on_timeout(self):
            raise RuntimeError("no data for 5 s")

    callback = Angry(watchdog_timeout=5)
    scan = hanging(hall, callback, blocking)
    with pytest.raises(RuntimeError, match="no data for 5 s") as raised:
        scan.run()
    assert "in Angry.on_timeout" in raised.value.__notes__
    assert scan.state is ScanState.KILLED
    assert callback.told[-1] == "end"


def test_an_error_about_the_data_fails_the_scan_too(hall):
    class Picky(Keeping):
        def on_scan_data(self, data_events, scan_info):
            raise ValueError("too bright")

    scan = hall.scan("timescan", 0.1, run=False)
    scan.set_watchdog_callback(Picky())
    with pytest.raises(ValueError, match="too bright"):
        scan.run()
    assert scan.state is ScanState.KILLED


def test_a_stop_iteration_on_data_ends_an_endless_scan(hall):
    class Five(Keeping):
        def on_scan_data(self, data_events, scan_info):
            super().on_scan_data(data_events, scan_info)
            if len(self.data.get("four:diode", ())) >= 5:  # a batch may end in the middle of a point
                raise StopIteration

    scan = hall.scan("timescan", 0.1, run=False)
    scan.set_watchdog_callback(callback := Five())
    scan.run()
    assert scan.state is ScanState.DONE
    assert len(callback.data["four:diode"]) >= 5


def test_an_error_at_the_end_fails_the_scan(hall):
    class Late(Keeping):
        def on_scan_end(self, scan_info):
            raise ValueError("too few")

    scan = hall.scan("loopscan", 2, 0.1, run=False)
    scan.set_watchdog_callback(Late())
    with pytest.raises(ValueError, match="too few"):
        scan.run()
    assert scan.state is ScanState.KILLED


def test_an_aborted_scan_tells_of_its_end_and_times_out_no_more(hall):
    class Aborting(ScanPreset):
        def start(self, scan):
            scan.abort()

        def stop(self, scan):
            clock.sleep(100)

    callback = Keeping(watchdog_timeout=50)
    scan = hall.scan("loopscan", 2, 0.1, run=False)
    scan.add_preset(Aborting())
    scan.set_watchdog_callback(callback)
    with pytest.raises(ScanAbort):
        scan.run()
    assert scan.state is ScanState.USER_ABORTED
    assert callback.told == [("new", "loopscan", 2), "end"]


def test_a_slow_watchdog_does_not_hold_up_the_scan(hall):
    class Slow(Keeping):
        def on_scan_data(self, data_events, scan_info):
            ended.wait(60)  # real time: until the last point was taken
            super().on_scan_data(data_events, scan_info)

    class Last(ScanPreset):
        def stop(self, scan):
            ended.set()

    ended = Flag()
    callback = Slow(watchdog_timeout=1000)
    scan = hall.scan("loopscan", 100, 0.1, run=False)
    scan.add_preset(Last())
    scan.set_watchdog_callback(callback)
    scan.run()
    assert ended.is_set
    assert len(callback.data["four:diode"]) == 100


def test_it_can_be_given_to_the_scan_at_once_and_needs_no_super_init(hall):
    class Bare(WatchdogCallback):
        def __init__(self):
            self.ended = 0

        def on_scan_end(self, scan_info):
            self.ended += 1

    callback = Bare()
    chain = hall.bench.default_chain.get({"npoints": 1, "count_time": 0.1}, [hall.diode])
    hall.bench.Scan(chain, "mine", save=False, watchdog_callback=callback).run()
    assert callback.ended == 1


def test_what_is_no_watchdog_is_refused(hall):
    scan = hall.scan("loopscan", 1, 0.1, run=False)
    with pytest.raises(UsageError, match="expected a WatchdogCallback"):
        scan.set_watchdog_callback(print)
    with pytest.raises(UsageError, match="watchdog_timeout must be a time"):
        scan.set_watchdog_callback(WatchdogCallback(0))
    scan.run()
    with pytest.raises(ScanStateError, match="set it before run"):
        scan.set_watchdog_callback(WatchdogCallback())


def test_a_watchdog_whose_methods_take_other_arguments_is_refused(hall):
    class Short(WatchdogCallback):
        def on_scan_data(self, data_events):
            pass

    message = r"Short\.on_scan_data must be called as on_scan_data\(data_events, scan_info\)"
    with pytest.raises(UsageError, match=message):
        hall.scan("loopscan", 1, 0.1, run=False).set_watchdog_callback(Short())


def test_a_watchdog_whose_method_holds_a_yield_would_do_nothing_and_is_refused(hall):
    class Yielding(WatchdogCallback):
        def on_scan_data(self, data_events, scan_info):
            yield

    with pytest.raises(UsageError, match="Yielding.on_scan_data holds a `yield`, so calling it runs nothing"):
        hall.scan("loopscan", 1, 0.1, run=False).set_watchdog_callback(Yielding())
