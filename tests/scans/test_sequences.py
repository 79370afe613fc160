"""Sequences: sub-scans under one number, their state, their channels, Ctrl-C; and groups."""

import threading

import numpy as np
import pytest

from obtura.contracts.presets import ScanPreset
from obtura.display.page import ScanPage
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import LimitError, ScanAbort, ScanSequenceError, ScanStateError, UsageError
from obtura.ground.events import ScanBegan, ScanClosed, SubScan


@pytest.fixture
def sequence(hall):
    return hall.bench.Sequence(title="two of them")


def loop(hall, **options):
    return hall.scan("loopscan", 2, 0.1, run=False, **options)


def no_thread_is_left():
    return not [thread for thread in threading.enumerate() if thread.name.startswith(("sequence", "lane sequence"))]


def test_sub_scans_run_one_after_the_other_with_numbers_of_their_own(hall, sequence):
    with sequence.sequence_context() as context:
        first = context.add_and_run(loop(hall))
        second = context.add_and_run(hall.scan("ascan", hall.roby, 0, 1, 2, 0.1, run=False))
        assert sequence.state is ScanState.RUNNING
    assert (sequence.scan.scan_number, first.scan_number, second.scan_number) == (1, 2, 3)
    assert sequence.state is ScanState.DONE
    assert list(sequence.scan.get_data("scans")) == [2, 3]
    assert first.scan_info["sequence"] == 1
    assert [(sub.number, sub.name) for sub in hall.of(SubScan)] == [(2, "loopscan"), (3, "ascan")]
    assert sequence.scan_info["title"] == "two of them"
    assert no_thread_is_left()


def test_a_sequence_has_channels_of_its_own(hall, sequence):
    sequence.add_custom_channel(AcquisitionChannel("oven:temperature", unit="K"))
    sequence.add_custom_channel(AcquisitionChannel("spectrum", shape=(3,)))
    with sequence.sequence_context() as context:
        sequence.custom_channels["oven:temperature"].emit(300.0)
        context.add_and_run(loop(hall))
        context.emit("oven:temperature", [310.0, 320.0])
        context.emit("spectrum", np.ones(3))
    assert sequence.scan.get_data("temperature") == pytest.approx([300, 310, 320])
    assert sequence.scan.get_data("spectrum").shape == (1, 3)


def test_channels_are_added_before_and_once(hall, sequence):
    sequence.add_custom_channel(AcquisitionChannel("temperature"))
    with pytest.raises(UsageError, match="already"):
        sequence.add_custom_channel(AcquisitionChannel("temperature"))
    with pytest.raises(UsageError, match="already"):
        sequence.add_custom_channel(AcquisitionChannel("scans"))
    with sequence.sequence_context() as context:
        with pytest.raises(ScanStateError, match="before it runs"):
            sequence.add_custom_channel(AcquisitionChannel("late"))
        with pytest.raises(UsageError, match="it has temperature"):
            context.emit("tmperature", 1.0)


def test_a_sub_scan_may_run_on_another_thread_and_is_waited_for(hall, sequence):
    with sequence.sequence_context() as context:
        scan = loop(hall)
        context.add(scan)
        thread = threading.Thread(target=scan.run)
        thread.start()
        context.wait_all_subscans(timeout=10)
        thread.join()
    assert sequence.state is ScanState.DONE
    assert list(sequence.scan.get_data("scans")) == [scan.scan_number]


def test_a_sub_scan_that_has_not_ended_is_an_error(hall, sequence):
    unfinished = pytest.raises(ScanSequenceError, match=r"not ended when the sequence did: loopscan \(IDLE\)")
    with unfinished, sequence.sequence_context() as context:
        context.add_and_run(loop(hall))
        context.add(loop(hall))
    assert sequence.state is ScanState.KILLED
    other = hall.bench.Sequence()
    with pytest.raises(ScanSequenceError, match="has not ended after"), other.sequence_context() as context:
        context.add(loop(hall))
        context.wait_all_subscans(timeout=0.01)
    assert other.state is ScanState.KILLED


def test_the_error_of_a_sub_scan_is_raised_and_kills_the_sequence(hall, sequence):
    with pytest.raises(LimitError, match="roby"), sequence.sequence_context() as context:
        context.add_and_run(hall.scan("ascan", hall.roby, 0, 1000, 2, 0.1, run=False))
        raise AssertionError("never comes here")
    assert sequence.state is ScanState.KILLED
    assert no_thread_is_left()


def test_a_failed_sub_scan_that_the_body_did_not_mind_kills_the_sequence_all_the_same(hall, sequence):
    with sequence.sequence_context() as context:
        with pytest.raises(LimitError):
            context.add_and_run(hall.scan("ascan", hall.roby, 0, 1000, 2, 0.1, run=False))
        context.add_and_run(loop(hall))
    assert sequence.state is ScanState.KILLED
    assert "sub-scan ascan failed: roby" in str(sequence.scan.errors[0])
    assert sequence.scan.scan_info["end_reason"] == "FAILURE"


def test_an_error_of_the_body_itself_kills_the_sequence(hall, sequence):
    with pytest.raises(ZeroDivisionError), sequence.sequence_context():
        1 / 0  # noqa: B018 - the error is the point
    assert sequence.state is ScanState.KILLED


class Pressing(ScanPreset):
    """Ctrl-C in the middle of a sub-scan."""

    def start(self, scan):
        scan.abort()


def test_an_aborted_sub_scan_aborts_the_sequence(hall, sequence):
    with pytest.raises(ScanAbort), sequence.sequence_context() as context:
        scan = loop(hall)
        scan.add_preset(Pressing())
        context.add_and_run(scan)
    assert (scan.state, sequence.state) == (ScanState.USER_ABORTED, ScanState.USER_ABORTED)
    assert no_thread_is_left()


def test_ctrl_c_between_sub_scans_aborts_the_sequence(hall, sequence):
    with pytest.raises(KeyboardInterrupt), sequence.sequence_context() as context:
        context.add_and_run(loop(hall))
        raise KeyboardInterrupt
    assert sequence.state is ScanState.USER_ABORTED
    assert list(sequence.scan.get_data("scans")) == [2]


def test_a_sequence_runs_once(hall, sequence):
    with sequence.sequence_context():
        pass
    with pytest.raises(ScanStateError, match="a sequence runs once"), sequence.sequence_context():
        raise AssertionError("never comes here")


def test_a_sequence_that_can_not_open_raises_at_once(hall, sequence):
    hall.number = lambda *arguments: 1 / 0
    with pytest.raises(ZeroDivisionError), sequence.sequence_context():
        raise AssertionError("never comes here")
    assert sequence.state is ScanState.KILLED


def test_presets_may_be_put_on_the_sequence_as_a_whole(hall, sequence):
    calls = []

    class Whole(ScanPreset):
        def prepare(self, scan):
            calls.append("prepare")

        def stop(self, scan):
            calls.append("stop")

    sequence.scan.add_preset(Whole())
    with sequence.sequence_context() as context:
        context.add_and_run(loop(hall))
        assert calls == ["prepare"]
    assert calls == ["prepare", "stop"]


def test_only_scans_and_each_once_can_be_added(hall, sequence):
    with sequence.sequence_context() as context:
        scan = context.add_and_run(loop(hall))
        with pytest.raises(UsageError, match="already"):
            context.add(scan)
        with pytest.raises(UsageError, match="expected a scan"):
            context.add("loopscan")


def test_a_sequence_may_be_part_of_another(hall, sequence):
    inner = hall.bench.Sequence(title="inside")
    with sequence.sequence_context() as context:
        with inner.sequence_context() as inside:
            inside.add_and_run(loop(hall))
        context.add(inner)
    assert list(sequence.scan.get_data("scans")) == [inner.scan.scan_number] == [2]


def test_a_sequence_shows_a_heading_and_an_end_but_no_rows(hall, sequence):
    with sequence.sequence_context() as context:
        context.add_and_run(loop(hall))
    began, closed = hall.of(ScanBegan)[0], hall.of(ScanClosed)[-1]
    page = ScanPage(began)
    lines = page.take(began).splitlines()
    assert [line.strip() for line in lines if line] == [
        "Scan 1 Wed Mar 13 11:06:11 2019 <no saving> user =",
        "two of them",
    ]
    assert page.take(closed).startswith("\nTook 0:00:00.2")


# -- the newer form ---------------------------------------------------------------------------------------------


def test_a_sequence_can_be_a_function(hall):
    def runner(context):
        for temperature in (300.0, 310.0):
            context.emit("temperature", temperature)
            context.add_and_run(loop(hall))

    sequence = hall.bench.ScanSequence(runner, name="ramp", channels=[AcquisitionChannel("temperature")])
    sequence.run()
    assert sequence.state is ScanState.DONE
    assert sequence.scan.name == sequence.scan_info["title"] == "ramp"
    assert list(sequence.scan.get_data("temperature")) == [300, 310]
    with pytest.raises(UsageError, match="expected a function"):
        hall.bench.ScanSequence("runner")


# -- groups ----------------------------------------------------------------------------------------------------


def test_scans_of_before_can_be_grouped(hall):
    scans = [hall.scan("loopscan", 1, 0.1) for _ in range(2)]
    group = hall.bench.Group(*scans, title="afterwards")
    assert group.state is ScanState.DONE
    assert list(group.scan.get_data("scans")) == [1, 2]
    assert group.scan.scan_number == 3


def test_what_can_not_be_grouped_is_refused(hall):
    with pytest.raises(UsageError, match="name the scans"):
        hall.bench.Group()
    with pytest.raises(UsageError, match="is IDLE; only scans that have run"):
        hall.bench.Group(loop(hall))
    with pytest.raises(UsageError, match="there is no scan 7"):
        hall.bench.Group(7)
    with pytest.raises(UsageError, match="expected scans or their numbers"):
        hall.bench.Group("7")


def test_a_scan_that_was_not_saved_is_not_grouped_with_those_that_were(hall):
    looked, kept = hall.scan("ct", 0.1), hall.scan("loopscan", 1, 0.1)
    with pytest.raises(UsageError, match=r"Group: 1 \(ct\) was not saved, so that the group's entry can't link to it"):
        hall.bench.Group(looked, kept)
    group = hall.bench.Group(looked, kept, save=False)
    assert list(group.scan.get_data("scans")) == [looked.scan_number, kept.scan_number]


def test_a_sequence_that_fails_says_that_it_has_points(hall, sequence):
    sequence.add_custom_channel(AcquisitionChannel("temperature"))
    with pytest.raises(ZeroDivisionError) as caught, sequence.sequence_context() as context:
        context.add_and_run(loop(hall))
        1 / 0  # noqa: B018 - the error is the point
    assert caught.value.__notes__[-1] == "sequence (scan 1): everything was stopped; 1 point is not saved"
