"""kill -9 at every call of a scan, before its effect and after: is the shutter closed, by the guard, soon and once?

python tests/engine/killing.py "world=mesh key=lane1.trigger#0 kind=killed"
python tests/engine/killing.py --share 0/2 --every 20
python tests/engine/killing.py --ioc --worlds small,mesh

A scan runs in a child of this process and kills itself. It has two shutters, each in a process of its own, or PVs of a
simulated IOC: one is open while the scan counts, one at each point. Their presets have `safety=True`. What the guard
is told are calls, too, at which the scan is killed.
"""

import argparse
import json
import mmap
import os
import re
import select
import signal
import statistics
import sys
import time
from contextlib import ExitStack
from functools import partial

from doubles import Around
from elsewhere import PV, Box
from recording import Fault, World
from scenes import EVERY_WORLD
from storm import Shut

from obtura.devices.sim import shutter_box
from obtura.instruments.simioc import start_ioc
from obtura.presets import ShutterPreset
from obtura.testing import recorded
from obtura.testing.faults import AFTER, BEFORE, Kind
from obtura.works import process
from obtura.works.guard import guard

NAMES = ("shutter", "fast")
"""The one around the scan, the one of its points."""
PATIENCE = 60.0
"""Seconds that a scan and the guard have together."""
SOON = 5.0
"""Seconds after which a shutter is closed at the latest, on a machine with much to do; how long it takes is printed."""


class Killed(Kind):
    """The process is killed; what goes on just then, as `tell()` has it, is left on a `board` that it shares."""

    def strike(self, fault, key, recording):
        sys.setswitchinterval(1e6)  # no other thread goes on; nor must anything here give them leave
        told = json.dumps({**self.tell(recording), "at": time.time()}).encode()
        self.board[: len(told)] = told
        os.kill(os.getpid(), signal.SIGKILL)


KINDS = {"killed": BEFORE, "killed-after": AFTER}


# -- the child ------------------------------------------------------------------------------------------------


def insured(world, places):
    """Have the calls to the guard and to shutters written down; returns the shutters, and what says how it stands."""
    armed = dict.fromkeys((f"{name}.close" for name in places), False)
    numbers = {}
    arm, disarm = guard.arm, guard.disarm

    def change(name, to, function):
        armed[name] = None  # amid it
        number = function()
        armed[name] = to
        return number

    def arming(name, *rest):
        body = partial(change, name, True, lambda: arm(name, *rest))
        number = world.call(f"{name}.arm", body)
        numbers[number] = name
        return number

    def disarming(number):
        name = numbers.pop(number)
        world.call(f"{name}.disarm", partial(change, name, False, lambda: disarm(number)))

    guard.arm, guard.disarm = arming, disarming
    calls = ("open", "close")
    shutters = {name: recorded(place.shutter(name), world, names=calls) for name, place in places.items()}

    def tell(recording):
        """What is armed, and which shutters are amid a call on another thread."""
        struck = {fault.key for fault in recording.faults}
        log = [entry for entry in tuple(recording.log) if entry.name.startswith(NAMES) and entry.key not in struck]
        ended = {entry.key for entry in log if entry.what != "begin"}
        return {"armed": armed, "busy": [entry.name.partition(".")[0] for entry in log if entry.key not in ended]}

    return shutters, tell


def act(name, places, fault, to):
    """Run the scan, in a child; without a `fault` tell which calls there are."""
    # A child of a process that has scanned is refused for the threads and connections which that had; this had none.
    process._forked = False
    world = World(*([fault] if fault is not None else []))
    stage = EVERY_WORLD[name](world)
    shutters, tell = insured(world, places)
    if fault is not None:
        fault.kind.tell = tell
    main = stage.stages[0] if hasattr(stage, "stages") else stage
    main.scan_presets.append(Shut(world, shutters["shutter"], safety=True))
    if "fast" in shutters:
        main.chain_presets.append((ShutterPreset(shutters["fast"], per_point=True, safety=True), 0))
    with places["shutter"].time():
        played = stage.play(Around(axes=stage.axes))
    if any(scan.raised is not None for scan in played):
        raise played[-1].raised
    if fault is None:
        os.write(to, json.dumps(sorted(world.keys())).encode())


def forked(body):
    """Do `body(to)` in a child; returns what it wrote to `to`, its standard error to the end of its guard, and how it
    ended: its exit code, or minus the signal.
    """
    pipes = [os.pipe(), os.pipe()]
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.dup2(pipes[1][1], 2)
            for end in (*(reading for reading, _ in pipes), pipes[1][1]):
                os.close(end)
            body(pipes[0][1])
            status = 0
        finally:
            if status:
                sys.excepthook(*sys.exc_info())
            guard.end()
            os._exit(status)
    for _, writing in pipes:
        os.close(writing)
    said, limit = [b"", b""], time.monotonic() + PATIENCE
    left = {pipes[0][0]: 0, pipes[1][0]: 1}
    while left and time.monotonic() < limit:
        for end in select.select(list(left), [], [], 0.5)[0]:
            some = os.read(end, 65536)
            said[left[end]] += some
            if not some:
                del left[end]
    if left:
        os.kill(pid, signal.SIGKILL)
    for reading, _ in pipes:
        os.close(reading)
    _, status = os.waitpid(pid, 0)
    assert not left, f"neither the scan nor its guard has ended after {PATIENCE:g} s: {said[1].decode()}"
    return said[0].decode(), said[1].decode(), os.waitstatus_to_exitcode(status)


# -- the judge ------------------------------------------------------------------------------------------------


class Killing:
    """Kills scans; `delays`: how long after each death an open shutter was told to close, in s."""

    def __init__(self, places):
        self.places = places
        self.delays = []
        self.tried = self.missed = 0
        self.violations = []

    def cases(self, worlds, share, every):
        """Every `(world, key, kind)` of these worlds, or one of so many."""
        index, count = share
        found = []
        for name in worlds:
            told, errors, _ = forked(partial(act, name, self.places, None))
            assert told, errors
            found += [(name, key, kind) for key in json.loads(told) for kind in KINDS]
        return found[index * every :: every * count]

    def attempt(self, name, key, kind):
        """One case; what is wrong is kept as a command that repeats it."""
        try:
            self.kill(name, key, kind)
        except AssertionError as error:
            self.violations.append(f'python tests/engine/killing.py "world={name} key={key} kind={kind}": {error}')

    def kill(self, name, key, kind):
        """Kill a scan, and see what became of its shutters."""
        before = {shutter: len(place.told()) for shutter, place in self.places.items()}
        fault = Fault(key, Killed(kind, KINDS[kind]))
        with mmap.mmap(-1, 4096) as board:
            fault.kind.board = board
            _, said, code = forked(partial(act, name, self.places, fault))
            told = board[:].rstrip(b"\0")
        if not told:
            self.missed += 1  # calls of several threads: not each is made in every run
            assert code == 0, f"the scan failed: {said}"
            assert "obtura guard" not in said, f"nobody was killed: {said}"
            return
        self.tried += 1
        assert code == -signal.SIGKILL, f"the scan ended with {code}: {said}"
        state = json.loads(told)
        for shutter, place in self.places.items():
            self.judge(shutter, place, state, said, place.told()[before[shutter] :])

    def judge(self, shutter, place, state, said, commands):
        """Closed by the guard once if that was armed, else not at all; an open one soon."""
        armed, is_busy = state["armed"][f"{shutter}.close"], shutter in state["busy"]
        deeds = said.count(f"{shutter}.close done")
        words = " ".join(command for _, command in commands)
        assert place.is_closed(), f"{shutter} is not closed: {words}; {said}"
        assert deeds == armed or (armed is None and deeds < 2), (
            f"{shutter}: armed {armed}, closed {deeds} times: {said}"
        )
        alive = [command for when, command in commands if when <= state["at"]]
        closed = [when for when, command in commands if when > state["at"] and command == "CLOSE"]
        assert len(closed) == deeds or is_busy, f"{shutter} was closed {len(closed)} times after the death: {words}"
        if alive[-1:] == ["OPEN"]:
            assert closed, f"{shutter} was left open: {words}"
            self.delays.append(closed[0] - state["at"])
            assert self.delays[-1] < SOON, f"{shutter} was closed after {self.delays[-1]:.3f} s"

    def report(self):
        """To stdout, as the tests read it."""
        print(f"killed {self.tried}")
        print(f"missed {self.missed}")
        print("delays", *(f"{delay:.4f}" for delay in self.delays))
        for violation in self.violations:
            print("BROKEN", violation.replace("\n", " | "))
        sys.stdout.flush()


def figures(delays):
    """Median and largest of delays, in words."""
    if not delays:
        return "no shutter was open"
    over = sum(delay > 1.0 for delay in delays)
    middle, most = statistics.median(delays), max(delays)
    return f"{len(delays)} open shutters closed after {middle:.3f} s (median), {most:.3f} s at most; {over} after 1 s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="?", help="as a test printed it")
    parser.add_argument("--share", default="0/1", help="0/2: the first half of all cases")
    parser.add_argument("--every", type=int, default=1, help="one of so many cases")
    parser.add_argument("--worlds", default=",".join(EVERY_WORLD), help="all by default")
    parser.add_argument("--ioc", action="store_true", help="the shutter is a PV of a simulated IOC")
    options = parser.parse_args()
    with ExitStack() as stack:
        if options.ioc:
            places = {"shutter": PV(stack.enter_context(start_ioc("K:")))}
        else:
            places = {name: Box(stack.enter_context(shutter_box(travel=0.0))) for name in NAMES}
        killing = Killing(places)
        if options.case:
            cases = [re.search(r"world=(\S+) key=(\S+) kind=(\S+)", options.case).groups()]
        else:
            share = tuple(map(int, options.share.split("/")))
            cases = killing.cases(options.worlds.split(","), share, options.every)
        for case in cases:
            killing.attempt(*case)
    killing.report()
    print(figures(killing.delays))
    return 1 if killing.violations else 0


if __name__ == "__main__":
    sys.exit(main())
