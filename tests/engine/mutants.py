"""Deliberate breaks of the engine. Each must be caught by the harness: `make mutants`."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """In `file`, below src/obtura, `old` becomes `new`; `only`: the cases that are tried, all if "".

    `kills`: caught by kill -9 at every call of a small scan, instead.
    """

    why: str
    file: str
    old: str
    new: str
    only: str = ""
    kills: bool = False


HANGS = "kind=(hangs|returns)"
READERS = "kind=(saver|viewer|disk|ctrl-c-in-emit)"

MUTANTS = [
    Mutant(
        "a preset is noted as entered after its prepare",
        "engine/hooks.py",
        """            self._enter(circle, preset)
            if circle.branch is None:
                self._bind(preset, circle.argument[0])
            self._call(circle, preset, "prepare", OPEN)
""",
        """            if circle.branch is None:
                self._bind(preset, circle.argument[0])
            self._call(circle, preset, "prepare", OPEN)
            self._enter(circle, preset)
""",
    ),
    Mutant(
        "an iteration preset is noted as entered after its prepare",
        "engine/hooks.py",
        """                self._enter(iteration, item)
                self._call(iteration, item, "prepare", OPEN)
""",
        """                self._call(iteration, item, "prepare", OPEN)
                self._enter(iteration, item)
""",
    ),
    Mutant(
        "a device is noted as entered after its prepare",
        "engine/apparatus.py",
        """            self._together(preparing, entering=True)
            self._entered.update(nodes)
""",
        """            self._together(preparing)
            self._entered.update(nodes)
""",
    ),
    Mutant(
        "the first error on the way out ends it",
        "engine/outcome.py",
        """            self.fail(error)
            return False
""",
        """            self.fail(error)
            raise
""",
    ),
    Mutant(
        "only an Exception of a hook keeps the rest from being left, SystemExit does not",
        "engine/hooks.py",
        "        except BaseException as error:  # noqa: BLE001 - as there\n",
        "        except Exception as error:\n",
    ),
    Mutant(
        "only an Exception keeps the rest from being left, SystemExit does not",
        "engine/outcome.py",
        "        except BaseException as error:  # noqa: BLE001 - SystemExit from a driver must not skip a shutter\n",
        "        except Exception as error:  # noqa: BLE001\n",
    ),
    Mutant(
        "a lane ends with whatever is no Exception",
        "works/lanes.py",
        """    try:
        function()
    except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit; the waiter gets it
""",
        """    try:
        function()
    except Exception as error:  # noqa: BLE001
""",
        "world=one_branch .*kind=(system-exit|keyboard-interrupt|generator)",
    ),
    Mutant(
        "a preset that is entered again is noted after its prepare",
        "engine/hooks.py",
        """            self._enter(circle, preset)
            self._call(circle, preset, "prepare", OPEN)

""",
        """            self._call(circle, preset, "prepare", OPEN)
            self._enter(circle, preset)

""",
        "world=retaken",
    ),
    Mutant(
        "presets are left in the order in which they were entered",
        "engine/hooks.py",
        """        while circle.entered:
            preset = circle.entered[-1]
""",
        """        circle.entered.reverse()
        while circle.entered:
            preset = circle.entered[-1]
""",
    ),
    Mutant(
        "scan presets are left before the branches",
        "engine/run.py",
        """        for branch in self._branches:
            branch.leave(self._hooks)
        self._hooks.leave(self._presets)
""",
        """        self._hooks.leave(self._presets)
        for branch in self._branches:
            branch.leave(self._hooks)
""",
    ),
    Mutant(
        "the last error is the one that is raised",
        "works/unwind.py",
        "        return self.errors[0] if self.errors else None\n",
        "        return self.errors[-1] if self.errors else None\n",
    ),
    Mutant(
        "later errors are not attached to the first",
        "works/unwind.py",
        "        for later in self.errors[1:]:\n",
        "        for later in self.errors[2:]:\n",
    ),
    Mutant(
        "nothing has a deadline",
        "engine/outcome.py",
        "        return time.monotonic() - max(began, self.bad_since) > self.allowed(began, deadline)\n",
        "        return False\n",
        HANGS,
    ),
    Mutant(
        "nobody takes the seat of a thread that is stuck",
        "engine/seat.py",
        '        companion(f"rescue {self.name}", self._rescue, turn).start()\n',
        "        turn.thread = None\n",
        HANGS,
    ),
    Mutant(
        "a thread that comes back late goes on beside the one that took its seat",
        "engine/seat.py",
        "        if not self.is_mine:\n",
        "        if False:\n",
        HANGS,
    ),
    Mutant(
        "a hook that comes back late is not undone",
        "engine/hooks.py",
        '        if hook not in ("prepare", "start", "resume") or self._form(preset, "stop")[0] is SKIPPED:\n',
        "        if True:\n",
        "kind=returns-late",
    ),
    Mutant(
        "a point is announced before it is on disk",
        "works/record.py",
        """        for witness in self._witnesses:
            if not witness(event):
                return
        for mailbox in self._mailboxes:
            mailbox.append(event)
""",
        """        for mailbox in self._mailboxes:
            mailbox.append(event)
        for witness in self._witnesses:
            witness(event)
""",
        READERS,
    ),
    Mutant(
        "the door stays open in emit",
        "engine/datapath.py",
        """            was = doors.shut()
            try:
                with record.lock:
                    first = append(block)
""",
        """            was = 0
            try:
                with record.lock:
                    first = append(block)
""",
        READERS,
    ),
    Mutant(
        "iterators are not closed",
        "engine/hooks.py",
        '            if iterator is not None and hasattr(iterator, "close"):\n',
        "            if False:\n",
    ),
    Mutant(
        "a device may be stopped twice",
        "engine/halting.py",
        """                    continue
                self._stopped.add(node)
""",
        """                    continue
""",
    ),
    Mutant(
        "before_stop is skipped after an error",
        "engine/branch.py",
        "        attempt(hooks.before_stop, self.chain)\n",
        """        if not self._outcome.bad:
            attempt(hooks.before_stop, self.chain)
""",
    ),
    Mutant(
        "slaves are stopped before their masters",
        "engine/halting.py",
        """        for level in self._plan.levels:
            self._stop(level)
""",
        """        for level in self._plan.levels[::-1]:
            self._stop(level)
""",
    ),
    Mutant(
        "what is in the middle of a call is not stopped first",
        "engine/halting.py",
        "        self._stop(busy)\n",
        "        busy.clear()\n",
        "kind=ctrl-c-during",
    ),
    Mutant(
        "Ctrl-C is let into the clean-up",
        "engine/hooks.py",
        "            self._call(circle, preset, hook, BARRED)\n",
        "            self._call(circle, preset, hook, OPEN)\n",
    ),
    Mutant(
        "a Ctrl-C that a hook swallows is forgotten",
        "engine/outcome.py",
        "        self.over = self.cutting = self.aborted = True\n",
        "        self.over = self.cutting = True\n",
    ),
    Mutant(
        "the handler of Ctrl-C is not put back",
        "works/interrupt.py",
        "                signal.signal(signum, self._before.pop(signum))\n",
        "                self._before.pop(signum)\n",
    ),
    Mutant(
        "the threads of lanes are left",
        "engine/halting.py",
        "                lane.close()\n",
        "                continue\n",
        "world=(one_branch|nested_masters)",
    ),
    Mutant(
        "who watches over the way out is left",
        "engine/run.py",
        "        self._vigil.end()  # all user code has been called, and the next event is the last\n",
        "",
    ),
    Mutant(
        "a scan that was aborted is said to have failed",
        "engine/outcome.py",
        "        return ScanState.USER_ABORTED if isinstance(first, ScanAbort) else ScanState.KILLED\n",
        "        return ScanState.KILLED\n",
    ),
    Mutant(
        "devices stay claimed",
        "engine/run.py",
        "        running.release(self._scan, stuck)\n",
        "",
    ),
    Mutant(
        "a saver that fails is a viewer that fails",
        "engine/audience.py",
        "            if consumer.essential:\n",
        "            if False:\n",
        READERS,
    ),
    Mutant(
        "a viewer that fails ends the scan",
        "engine/audience.py",
        "            if consumer.essential:\n",
        "            if True:\n",
        READERS,
    ),
    Mutant(
        "an axis is not stopped",
        "contracts/halting.py",
        "            axis.stop()\n",
        "            continue\n",
        "world=continuous",
    ),
    Mutant(
        "a scan in a hook and the hook itself are given up at the same time",
        "engine/vigil.py",
        "        if self._has_inner():\n",
        "        if False:\n",
        "world=in_a_hook .*" + HANGS,
    ),
    Mutant(
        "a preset is no longer insured when it is about to be left",
        "engine/hooks.py",
        """        try:  # as `attempt` does it, which takes any arguments, and for that as long as the call itself
            self._call(circle, preset, hook, BARRED)
""",
        """        if hook == "stop" and self.safety is not None:
            self.safety.left(preset)
        try:
            self._call(circle, preset, hook, BARRED)
""",
        kills=True,
    ),
    Mutant(
        "arm() returns before the guard is ready",
        "works/guard.py",
        """        self._send(order)
        limit = time.monotonic() + wait
""",
        """        self._send(order)
        return
        limit = time.monotonic() + wait
""",
        kills=True,
    ),
    Mutant(
        "the guard does what was disarmed, too",
        "works/guardian.py",
        """            self._armed.pop(order["disarm"], None)
            return
""",
        """            return
""",
        kills=True,
    ),
    Mutant(
        "the guard does everything twice",
        "works/guardian.py",
        """            self._made[what]()
""",
        """            self._made[what]()
            self._made[what]()
""",
        kills=True,
    ),
]
