"""At any moment a scan says what it waits for, and a device that takes too long is named."""

import re
import threading
import time

import pytest
from cast import Repeating
from doubles import Around, make_scan

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset
from obtura.engine import patience
from obtura.ground.errors import UsageError
from obtura.ground.events import Text


class Slow(AcquisitionSlave):
    """Its second trigger waits to be released."""

    def __init__(self, name="camera"):
        super().__init__(name=name)
        self.reached, self.released = threading.Event(), threading.Event()
        self.count = 0

    def trigger(self):
        self.count += 1
        if self.count == 2:
            self.reached.set()
            self.released.wait(60)


class Waits(ScanPreset):
    def __init__(self):
        self.reached, self.released = threading.Event(), threading.Event()

    def prepare(self, scan):
        self.reached.set()
        self.released.wait(60)


def scan_of(*slaves):
    chain = AcquisitionChain()
    top = Repeating("timer", 3)
    chain.add(top)
    for slave in slaves:
        chain.add(top, slave)
    return make_scan(chain, Around(), name="loopscan")


def asked(scan, reached, released):
    answers = []

    def ask():
        reached.wait(60)
        answers.append(scan.why())
        released.set()

    thread = threading.Thread(target=ask)
    thread.start()
    scan.run()
    thread.join(60)
    return answers[0].splitlines()


def test_a_device_that_is_waited_for_is_named_with_the_point_and_its_master():
    slow = Slow()
    first, *waits = asked(scan_of(slow), slow.reached, slow.released)
    assert first == "loopscan (scan 1) is RUNNING, point 1 of 3; it waits for"
    assert any(re.fullmatch(r"  camera\.trigger, for \d+\.\d s: for timer, point 1 of 3", line) for line in waits)


def test_a_device_in_memory_is_named_with_how_long_it_has_been_called():
    slow = Slow()
    slow.blocking = False
    _, line = asked(scan_of(slow), slow.reached, slow.released)
    assert re.fullmatch(r"  camera\.trigger, for \d+\.\d s: for timer, point 1 of 3", line)


def test_a_hook_is_named():
    scan = scan_of()
    scan.add_preset(preset := Waits())
    first, line = asked(scan, preset.reached, preset.released)
    assert first == "loopscan (scan 1) is PREPARING; it waits for"
    assert re.match(r"  Waits\.prepare, for \d+\.\d s", line)


def test_before_and_after_it_waits_for_nothing():
    scan = scan_of()
    assert scan.why() == "loopscan is IDLE; it waits for nothing"
    scan.run()
    assert scan.why() == "loopscan is DONE; it waits for nothing"


def test_a_state_that_is_none_is_refused():
    with pytest.raises(UsageError, match="there is no state 'PAUSE'; there are IDLE, PREPARING"):
        scan_of().wait_state("PAUSE")


@pytest.mark.parametrize("silence", [0.3, 20.0])
def test_a_device_that_takes_much_longer_than_expected_is_named_once_with_what_can_be_done(monkeypatch, silence):
    monkeypatch.setattr(patience, "SILENCE", silence)
    slow = Slow()
    scan = scan_of(slow)
    said = lambda: [event.text for event in scan.surroundings.viewer.of(Text)]  # noqa: E731

    def release():
        slow.reached.wait(60)
        until = time.monotonic() + (1.2 if silence > 1 else 60)
        while not said() and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)  # it is named once
        slow.released.set()

    threading.Thread(target=release).start()
    scan.run()
    if silence > 1:
        assert said() == []
        return
    (line,) = said()
    assert re.match(
        r"camera\.trigger has not returned for \d+ s, point 1 of 3; before, it had returned from camera\.", line
    )
    assert "Ctrl-C ends the scan: camera.stop is called, and what does not return within 10 s is given up" in line
