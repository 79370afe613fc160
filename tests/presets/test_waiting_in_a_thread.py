"""What waits for beam, for a refill, for a PV ends at once with its scan also where no Ctrl-C comes: in a thread."""

import threading
from types import SimpleNamespace

import pytest

from obtura import loopscan
from obtura.devices.sim import SimulatedDiode
from obtura.ground.errors import ScanAbort
from obtura.presets import WaitForBeam, WaitForRefill


class Dark:
    """No beam; `asked` is set when it was looked for twice."""

    name = "dark"
    refill_countdown = float("inf")

    def __init__(self):
        self.looks, self.asked = 0, threading.Event()

    def read(self):
        self.looks += 1
        if self.looks == 2:
            self.asked.set()
        return 0.0

    def check_for_refill(self, checktime):
        return bool(self.read())


def begun(scan):
    """A scan that runs in a thread, and the list of what it raises."""
    errors = []

    def run():
        try:
            scan.run()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, errors


def aborted(scan, dark):
    """How a scan ends that waits in a thread."""
    thread, errors = begun(scan)
    assert dark.asked.wait(60)
    scan.abort()
    thread.join(20)
    assert not thread.is_alive()
    return errors


@pytest.mark.parametrize("per_point", [False, True])
def test_abort_ends_the_wait_for_beam(per_point):
    dark, scan = Dark(), loopscan(2, 0.01, SimulatedDiode("d"), run=False, save=False)
    scan.acq_chain.add_preset(WaitForBeam(dark, 10, poll=0.01, per_point=per_point))
    (error,) = aborted(scan, dark)
    assert isinstance(error, ScanAbort) and str(error) == "aborted by scan.abort()"
    assert scan.state.name == "USER_ABORTED" and scan.errors == [error]


def test_abort_ends_the_wait_for_a_refill():
    dark, scan = Dark(), loopscan(2, 0.01, SimulatedDiode("d"), run=False, save=False)
    scan.acq_chain.add_preset(WaitForRefill(dark, polling_time=0.01))
    (error,) = aborted(scan, dark)
    assert isinstance(error, ScanAbort)


def test_a_wait_whose_scan_gave_it_up_ends_too():
    slow, released = threading.Event(), threading.Event()
    dark, scan = Dark(), loopscan(2, 0.01, SimulatedDiode("d"), run=False, save=False)

    def read():
        dark.read()
        if dark.looks > 2:
            slow.set()
            released.wait(60)
        return 0.0

    scan.acq_chain.add_preset(WaitForBeam(SimpleNamespace(name="slow", read=read), 10, poll=0.01))
    scan.deadlines.hook = 0.2
    thread, errors = begun(scan)
    assert slow.wait(60)
    scan.abort()
    assert scan.wait_state("USER_ABORTED", 60)
    released.set()
    thread.join(20)
    assert not thread.is_alive()
    assert isinstance(errors[0], ScanAbort)
