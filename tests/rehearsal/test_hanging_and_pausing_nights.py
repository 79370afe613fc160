"""What a rehearsal says of pauses and of what hangs; and what would never return is ended."""

import pytest

from obtura.ground.errors import UsageError


def printed(report):
    """The lines of the printed report, without what differs from run to run."""
    return [line.strip() for line in str(report).splitlines()]


def test_a_pause_is_told_and_no_second_of_it_counts_twice(night):
    script = """
import threading
from obtura import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.works.clock import clock

class Pauses(ChainIterationPreset):
    def start(self):
        scan.pause()
        threading.Thread(target=resume).start()

class AtTheFirstPoint(ChainPreset):
    def get_iterator(self, chain):
        return [Pauses()]

class Checks(ScanPreset):
    def resume(self, scan):
        sleep(120)

def resume():
    clock.sleep(1200)
    scan.resume()

scan = loopscan(5, 10, diode, run=False)
scan.add_preset(Checks())
scan.acq_chain.add_preset(AtTheFirstPoint())
scan.run()
"""
    report = night(script)
    told = printed(report)
    assert report.error is None, report.error
    assert "20:00:10  scan 1 is paused for 19 min 50 s" in told
    assert "20:20:00  scan 1 waits 2 min for Checks.resume" in told
    where = told[told.index("Where the time goes:") + 1 : told.index("", told.index("Where the time goes:"))]
    assert where == ["50 s  counting", "19 min 50 s  pauses of scans, 1 time", "2 min  Checks, 1 time"]
    assert report.scans[0].paused == pytest.approx(1190)


def test_the_time_of_a_device_that_hangs_counts_once(night):
    script = """
from obtura.presets import ShutterPreset
DEFAULT_CHAIN.add_preset(ShutterPreset(shutter))
loopscan(3, 60, camera, diode)
try:
    loopscan(3, 60, diode)
except Exception as error:
    print(error)
"""
    events = """
events:
- {at: +1 min, event: hangs, device: camera, lasts: 10 min}
- {at: +14 min, event: hangs, device: shutter, lasts: 5 min}
"""
    report = night(script, events)
    told = printed(report)
    assert "6 min  counting" in told
    assert "10 min  camera, which hung, 1 time" in told
    assert "3 min  shutter, which hung, 1 time" in told
    shutter = sum(seconds for who, (_, seconds) in report.waits.items() if who == "ShutterPreset")
    assert 6 * 60 + 13 * 60 + shutter == pytest.approx(report.seconds, abs=0.5)


def test_a_day_that_begins_is_told(night):
    told = printed(night("sleep(12 * 3600)\nloopscan(1, 1, diode)\nsleep(24 * 3600)\nloopscan(1, 1, diode)"))
    begin = told.index("2026-01-02")
    assert told[begin + 1] == "08:00:00  scan 1 begins: loopscan 1 1 (saved)"
    assert told[told.index("2026-01-03") + 1].startswith("08:00:01  scan 2 begins")


HANGS = """
import threading, time
from obtura import ScanPreset

class Hangs(ScanPreset):
    def {hook}(self, scan):
        {body}

s = loopscan(2, 10, diode, run=False)
s.add_preset(Hangs())
s.run()
"""
SLEEPS = "while True: time.sleep(60)"
SWALLOWS = """while True:
            try:
                time.sleep(60)
            except BaseException:
                pass"""
LOCKED = "threading.Event().wait()"


def test_a_hook_that_hangs_in_stop_is_given_up_30_s_after_the_limit_and_the_report_says_when(night):
    report = night(HANGS.format(hook="stop", body=SLEEPS), "limit: 26 h")
    told = printed(report)
    assert report.seconds == pytest.approx(26 * 3600 + 30, abs=21)
    assert "20:00:20  scan 1 waits 26 h for Hangs.stop" in told
    until = told.index("2026-01-02")
    assert told[until + 1] == "22:00:00  the script has not ended after 26 h: it is ended"
    assert "Hangs.stop hangs, and is given up after 30 s: " in told[until + 2]
    assert ":7, in stop: while True: time.sleep(60)" in told[until + 2]
    assert "given up after 1 s" not in str(report)


@pytest.mark.parametrize("hook", ["prepare", "start", "stop"])
def test_a_hook_that_swallows_what_is_to_end_it_is_named_with_its_line(night, hook):
    report = night(HANGS.format(hook=hook, body=SWALLOWS), "limit: 5 h")
    assert report.exit_code == 1
    assert f"!!! Hangs.{hook} hangs; it swallows what is to end it: {report.script}:" in str(report)
    assert f", in {hook}: " in report.error


@pytest.mark.parametrize("hook", ["prepare", "start", "stop"])
def test_a_hook_that_hangs_is_told_after_its_scan_began_and_before_it_ends(night, hook):
    report = night(HANGS.format(hook=hook, body=LOCKED), patience=3.0)
    kinds = [each.kind for each in report.timeline]
    assert kinds.index("began") < kinds.index("hangs") < kinds.index("ended")
    assert "release unlocked lock" not in str(report)


REFUSED = """
try:
    ascan(roby, 0, 1e6, 2, 1, diode)
except Exception:
    pass
"""


def test_a_scan_that_is_refused_is_told_where_it_was_refused(night):
    report = night(f"{REFUSED}loopscan(1, 1, diode)\n{REFUSED}loopscan(1, 1, diode)\nascan(roby, 0, 1e6, 2, 1, diode)")
    kinds = [each.kind for each in report.timeline]
    assert kinds == ["refused", "began", "ended", "refused", "began", "ended", "refused", "script"]


REFUSED_INSIDE = """
from obtura import ScanPreset

class Tries(ScanPreset):
    def start(self, scan):
        loopscan(1, 0.1, camera)
        ascan(roby, 0, 1e6, 2, 0.1, camera)

s = loopscan(1, 0, diode, run=False)
s.add_preset(Tries())
s.run()
"""


def test_one_that_is_refused_in_a_hook_is_told_before_the_scan_of_the_hook_ends(night):
    kinds = [(each.kind, each.scan) for each in night(REFUSED_INSIDE).timeline]
    outer, inner = kinds[0][1], kinds[1][1]
    assert kinds == [
        ("began", outer),
        ("began", inner),
        ("ended", inner),
        ("refused", None),
        ("failed", outer),
        ("ended", outer),
        ("script", None),
    ]


@pytest.mark.parametrize("hook", ["prepare", "stop"])
def test_a_hook_that_waits_for_a_lock_is_named_with_its_line(night, hook):
    report = night(HANGS.format(hook=hook, body=LOCKED), patience=0.5)
    text = f"Hangs.{hook} hangs; no time passed for 0.5 s of the machine's time: {report.script}:7, in {hook}: {LOCKED}"
    assert report.error.startswith(f"!!! {text}")
    assert any(line.endswith(f"  {text}") for line in printed(report))


def test_a_script_that_waits_for_what_never_comes_is_named_with_its_line(night):
    report = night("import queue\nsleep(600)\nqueue.Queue().get()\n", patience=0.5)
    assert report.seconds == 600
    where = f"{report.script}:3, in <module>: queue.Queue().get()"
    assert f"the script hangs; no time passed for 0.5 s of the machine's time: {where}" in report.error


def test_a_pause_that_nobody_ends_is_told(night):
    script = """
from obtura import ChainIterationPreset, ChainPreset

class Pauses(ChainIterationPreset):
    def start(self):
        scan.pause()

class AtTheFirstPoint(ChainPreset):
    def get_iterator(self, chain):
        return [Pauses()]

scan = loopscan(3, 10, diode, run=False)
scan.acq_chain.add_preset(AtTheFirstPoint())
scan.run()
"""
    report = night(script, patience=0.5)
    assert report.error.startswith("!!! the scan is paused, and nobody resumes it")
    assert report.exit_code == 1


def test_patience_must_be_a_time(night):
    with pytest.raises(UsageError, match="patience must be a number of seconds above 0, got 0"):
        night("", patience=0)
