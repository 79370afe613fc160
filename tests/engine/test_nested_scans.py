"""A scan started in a hook of another one."""

import signal

import pytest
from doubles import Around, diode, make_bench
from harness import noted_presses, outcome_of

from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.engine.states import ScanState
from obtura.ground.errors import DeviceBusyError, ScanAbort, UsageError
from obtura.works.clock import virtual_time

MOMENTS_ALLOWED = ("S.prepare", "C.prepare", "C.before_stop", "C.stop", "S.stop")
MOMENTS_REFUSED = ("S.start", "C.start", "I.prepare", "I.start", "I.stop")


@pytest.fixture(autouse=True)
def on_virtual_time():
    with virtual_time():
        yield


@pytest.fixture
def bench():
    return make_bench(Around(watched=False))


class Looks:
    """Calls `look` at one moment of an outer scan, once."""

    def __init__(self, moment, look):
        self.moment = moment
        self.look = look
        self.log = []

    def at(self, moment):
        self.log.append(moment)
        if moment == self.moment:
            self.moment = None
            self.look()

    def put_on(self, scan):
        """Presets of all three levels on `scan`."""
        at = self.at

        class Each(ChainIterationPreset):
            def prepare(self):
                at("I.prepare")

            def start(self):
                at("I.start")

            def stop(self):
                at("I.stop")

        class Chain(ChainPreset):
            def get_iterator(self, acq_chain):
                while True:
                    yield Each()

            def prepare(self, acq_chain):
                at("C.prepare")

            def start(self, acq_chain):
                at("C.start")

            def before_stop(self, acq_chain):
                at("C.before_stop")

            def stop(self, acq_chain):
                at("C.stop")

        class Whole(ScanPreset):
            def prepare(self, scan):
                at("S.prepare")

            def start(self, scan):
                at("S.start")

            def stop(self, scan):
                at("S.stop")

        scan.add_preset(Whole())
        scan.acq_chain.add_preset(Chain())
        return scan


@pytest.mark.parametrize("moment", MOMENTS_ALLOWED)
def test_a_look_at_the_beam_with_a_counter_of_the_scan_is_allowed_while_no_point_is_taken(bench, moment):
    counter, inner = diode(), []
    looks = Looks(moment, lambda: inner.append(bench.ct(0.1, counter)))
    scan = looks.put_on(bench.loopscan(2, 0.1, counter, run=False))
    scan.run()
    assert scan.state is ScanState.DONE
    assert inner[0].state is ScanState.DONE
    assert list(inner[0].get_data(counter)) == [4.0]
    assert list(scan.get_data(counter)) == [4.0, 4.0]


@pytest.mark.parametrize("moment", MOMENTS_REFUSED)
def test_it_is_refused_while_a_point_is_taken_and_the_message_names_device_and_scan(bench, moment):
    counter, touched = diode(), []

    def look():
        touched.append(counter.controller.touched)
        bench.ct(0.1, counter)

    scan = Looks(moment, look).put_on(bench.loopscan(2, 0.1, counter, run=False))
    with pytest.raises(DeviceBusyError, match=r"diode_sim is in use by loopscan \(scan 1\), which is running"):
        scan.run()
    assert counter.controller.touched == touched[0], "the refused scan touched the device"
    assert scan.state is ScanState.KILLED


@pytest.mark.parametrize("moment", MOMENTS_ALLOWED + MOMENTS_REFUSED)
def test_a_scan_of_other_devices_is_allowed_at_any_moment(bench, moment):
    counter, other, inner = diode(), diode("other"), []
    looks = Looks(moment, lambda: inner.append(bench.ct(0.1, other)))
    scan = looks.put_on(bench.loopscan(2, 0.1, counter, run=False))
    scan.run()
    assert scan.state is inner[0].state is ScanState.DONE


class Standing(ChainPreset):
    """Stands on every scan; `look` is called in its first prepare."""

    def __init__(self, look=None):
        self.look = look
        self.log = []

    def prepare(self, acq_chain):
        self.log.append("prepare")
        if self.look:
            look, self.look = self.look, None
            look()

    def stop(self, acq_chain):
        self.log.append("stop")


def test_a_standing_preset_that_is_entered_already_is_left_out_of_a_scan_in_a_hook(bench):
    counter = diode()
    standing = Standing()
    bench.default_chain.add_preset(standing)
    looks = Looks("S.prepare", lambda: None)
    scan = looks.put_on(bench.loopscan(1, 0.1, counter, run=False))
    standing.look = lambda: bench.ct(0.1, counter)
    scan.run()
    assert standing.log == ["prepare", "stop"]


def test_a_preset_put_on_a_nested_scan_by_hand_is_refused_while_it_is_entered(bench):
    counter = diode()
    standing = Standing()
    outer = bench.loopscan(1, 0.1, counter, run=False)
    inner = bench.loopscan(1, 0.1, counter, run=False)
    outer.acq_chain.add_preset(standing)
    inner.acq_chain.add_preset(standing)
    standing.look = inner.run
    with pytest.raises(UsageError, match="this Standing is in use by loopscan"):
        outer.run()
    assert standing.log == ["prepare", "stop"]


def test_an_error_of_the_inner_scan_is_an_error_of_the_hook_and_ends_the_outer_scan(bench):
    class Broken(ScanPreset):
        def prepare(self, scan):
            raise ValueError("no beam")

    counter = diode()
    inner = bench.ct(0.1, counter, run=False)
    inner.add_preset(Broken())
    looks = Looks("C.prepare", inner.run)
    outer = looks.put_on(bench.loopscan(1, 0.1, counter, run=False))
    with pytest.raises(ValueError, match="no beam"):
        outer.run()
    assert (inner.state, outer.state) == (ScanState.KILLED, ScanState.KILLED)
    assert looks.log == ["S.prepare", "C.prepare", "C.before_stop", "C.stop", "S.stop"]


@pytest.fixture
def presses():
    noted, before = noted_presses()
    yield noted
    signal.signal(signal.SIGINT, before)


class Presses(ScanPreset):
    """Ctrl-C in one of its hooks."""

    def __init__(self, moment):
        self.moment = moment
        self.log = []

    def at(self, moment):
        self.log.append(f"{moment} begins")
        if moment == self.moment:
            signal.raise_signal(signal.SIGINT)
        self.log.append(f"{moment} ends")

    def prepare(self, scan):
        self.at("prepare")

    def start(self, scan):
        self.at("start")

    def stop(self, scan):
        self.at("stop")


@pytest.mark.parametrize("moment", ["prepare", "start", "stop"])
@pytest.mark.parametrize("outer_moment", ["S.prepare", "C.prepare"])
def test_ctrl_c_in_the_inner_scan_leaves_both_scans(bench, presses, moment, outer_moment):
    counter = diode()
    inner = bench.ct(0.1, counter, run=False)
    inner.add_preset(pressing := Presses(moment))
    looks = Looks(outer_moment, inner.run)
    outer = looks.put_on(bench.loopscan(1, 0.1, counter, run=False))
    assert isinstance(outcome_of(outer), ScanAbort)
    assert (inner.state, outer.state) == (ScanState.USER_ABORTED, ScanState.USER_ABORTED)
    assert pressing.log[-1] == "stop ends"
    assert looks.log[-1] == "S.stop"
    assert not presses, "the engine's handler was not there any more"


@pytest.mark.parametrize("moment", ["prepare", "start", "stop"])
@pytest.mark.parametrize("outer_moment", ["C.before_stop", "C.stop", "S.stop"])
def test_ctrl_c_in_a_scan_that_a_hook_of_the_way_out_started_lets_it_end_and_ends_the_outer_scan(
    bench, presses, moment, outer_moment
):
    counter = diode()
    inner = bench.ct(0.1, counter, run=False)
    inner.add_preset(pressing := Presses(moment))
    looks = Looks(outer_moment, inner.run)
    outer = looks.put_on(bench.loopscan(1, 0.1, counter, run=False))
    assert isinstance(outcome_of(outer), ScanAbort)
    assert (inner.state, outer.state) == (ScanState.DONE, ScanState.USER_ABORTED)
    assert pressing.log == [f"{hook} {what}" for hook in ("prepare", "start", "stop") for what in ("begins", "ends")]
    assert looks.log[-1] == "S.stop"
