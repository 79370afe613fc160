"""Which faults are tried in which calls of which worlds, and the run of a share of them in one process."""

import logging
import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager

from harness import Broken, noted_presses, places, try_faults
from kinds import EVERYWHERE, HANGING, KINDS, ROTATING, Reader, takes_time
from phases import phase_of
from scenes import EVERY_WORLD

from obtura.works.clock import virtual_time

WHOLE = bool(os.environ.get("OBTURA_FAULT_TEST"))
"""`make fault-test` tries all; the suite, which has a quarter of an hour for everything, a part of it."""
SAMPLE, ALL = (10, 5, 3_000), (4, 2, 20_000)
ROTATION, DENSITY, PAIRS = ALL if WHOLE else SAMPLE
"""A kind of `ROTATING` is tried at every so many calls; one of `EVERYWHERE` at every so many, in worlds with more than
`MANY_CALLS` at every twice as many; and so many runs have two faults."""
HANGING_ROTATION = 24
"""A kind of `HANGING` is tried at every so many calls."""
MANY_CALLS = 95
AGAIN = 10
"""After every so many cases another scan is run with the same devices."""
PAIR_WORLDS = ("inline", "step_scan")
"""Small worlds that are called inline: all happens in the same order each time."""
SEED = 5
LONGEST = 300.0
"""Real seconds that a case may take: `run()` returns in bounded time."""


def singles(rotation=ROTATION, density=DENSITY):
    """Every `(world, key, kind)` with one fault."""
    turn = 0
    for name in EVERY_WORLD:
        keys = places(name)
        step = 2 * density if len(keys) > MANY_CALLS else density
        for key in keys:
            turn += 1
            kinds = [kind.name for at, kind in enumerate(EVERYWHERE) if (turn + at) % step == 0]
            kinds += [kind.name for at, kind in enumerate(ROTATING) if (turn + at) % rotation == 0]
            kinds += [kind.name for at, kind in enumerate(HANGING) if (turn + 6 * at) % HANGING_ROTATION == 0]
            for kind in kinds:
                if not _is_void(KINDS[kind], name, key):
                    yield name, key, kind


def _is_void(kind, world, key):
    """A coroutine that blocks has all others wait, their clean-up too: nobody can help that.

    And when a preset is entered again it can't be told from the log which `stop` undoes and which leaves.
    """
    is_entered_again = world == "retaken" and re.match(r"C\dI0\.", key)
    return takes_time(kind) and (key.startswith(("SA.", "async")) or is_entered_again)


class Share:
    """The cases of one process, number `index` of `count`; `run` tries them and keeps what it found."""

    def __init__(self, index=0, count=1, pairs=PAIRS):
        self.cases = [case for number, case in enumerate(singles()) if number % count == index]
        self.pairs = -(-pairs // count)
        self.random = random.Random(SEED + index)
        self.enough = 20
        self.longest = LONGEST
        self.tried = Counter()
        self.both = 0
        self.violations = []
        self.after = {}  # of a fault in a small world: the calls that were made in that run, once it had struck
        self.present = ("", 0.0)

    def run(self):
        """Singles, then pairs: a fault, and another in a call that is made in spite of the first, or because of it."""
        with quiet(), self._in_bounded_time():
            for number, (world, key, kind) in enumerate(self.cases):
                called = self._try(world, [(key, kind)], number)
                self.tried[f"{kind} {phase_of(key)}"] += 1
                if called and world in PAIR_WORLDS and KINDS[kind] not in HANGING and key in called[0]:
                    self.after[world, key, kind] = called[0][called[0].index(key) + 1 :]
                if self.is_over:
                    return self
            self._run_pairs()
        return self

    def _run_pairs(self):
        firsts = sorted(first for first, after in self.after.items() if after)
        kinds = [kind.name for kind in (*EVERYWHERE, *ROTATING)]
        done = 0
        while done < self.pairs and firsts and not self.is_over:
            first = self.random.choice(firsts)
            world, key, kind = first
            second = self.random.choice(self.after[first]), self.random.choice(kinds)
            if isinstance(KINDS[kind], Reader) and isinstance(KINDS[second[1]], Reader):
                continue  # nobody would be left who knows what happened
            called = self._try(world, [(key, kind), second], done)
            self.both += bool(called and all(called[1]))
            done += 1
        self.tried["pairs"] = done

    @property
    def is_over(self):
        """Whether enough was found."""
        return len(self.violations) >= self.enough

    def reduce(self, cases):
        """So many of the cases, up to the first that breaks something."""
        self.cases = self.random.sample(self.cases, min(cases, len(self.cases)))
        self.enough, self.longest, self.pairs = 1, 10.0, cases // 4

    def _try(self, world, faults, number):
        self.present = (
            f"world={world} " + "; then ".join(f"key={key} kind={kind}" for key, kind in faults),
            time.monotonic(),
        )
        try:
            return try_faults(world, faults, again=number % AGAIN == 0)
        except Broken as error:
            self.violations.append(str(error))
        except Exception as error:
            self.violations.append(f'python tests/engine/replay.py "{self.present[0]}": {error!r}')
        return None

    @contextmanager
    def _in_bounded_time(self):
        ended = threading.Event()

        def look():
            while not ended.wait(0.5):
                case, began = self.present
                if case and time.monotonic() - began > self.longest:
                    self.violations.append(
                        f'python tests/engine/replay.py "{case}": run() has not returned after {self.longest:g} s'
                    )
                    self.report()
                    os._exit(3)

        watch = threading.Thread(target=look, name="bounded time", daemon=True)
        watch.start()
        try:
            yield
        finally:
            ended.set()
            watch.join()

    def report(self):
        """To stdout, in words that `test_faults` reads: what was tried, and what was found."""
        for what, count in sorted(self.tried.items()):
            print(f"tried {count} {what}")
        print(f"both {self.both}")
        for violation in self.violations:
            print("BROKEN", violation.replace("\n", " | "))
        sys.stdout.flush()


@contextmanager
def quiet():
    """No tracebacks in the log, virtual time, and a signal that comes late harms nobody."""
    log = logging.getLogger("obtura")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    _, before = noted_presses()
    terminate = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with virtual_time():
            yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, terminate)
        log.setLevel(level)
