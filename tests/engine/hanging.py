"""Calls that hang: short deadlines while they do, and what the log looks like without them."""

import re
from contextlib import contextmanager

from invariants import ByAHairError
from phases import is_preset

from obtura.engine import run, vigil
from obtura.engine.deadlines import Deadlines
from obtura.engine.scan import Scan

SHORT = Deadlines(hook=0.1, device=0.1, hurried=0.1)

GIVEN_UP = "it is given up"

FORWARD_HOOKS = ("prepare", "start")
FORWARD_CALLS = ("prepare", "start", "trigger", "reading", "wait_ready")


@contextmanager
def impatient():
    """Deadlines of some 10 ms, looked at as often."""
    before = Scan.deadlines, vigil.LOOK, run.EJECTION
    Scan.deadlines, vigil.LOOK, run.EJECTION = SHORT, 0.01, 0.2
    try:
        yield
    finally:
        Scan.deadlines, vigil.LOOK, run.EJECTION = before


class Hung:
    """The faults of a run that hang."""

    def __init__(self, faults):
        self.faults = faults

    def release(self):
        """The scan has returned: let them end."""
        for fault in self.faults:
            if fault.fired:
                fault.released.set()

    def check(self, log, played):
        """A call that was given up is named, and one that came back too late is undone."""
        struck = {re.sub(r"I\d*$", "I", fault.key.rpartition("#")[0].rpartition(".")[0]) for fault in self.faults}
        for text in (str(error) for scan in played for error in scan.scan.errors):
            owner = text.partition(".")[0]
            if GIVEN_UP in text and is_preset(owner) and owner not in struck | {each[:-1] for each in struck}:
                raise ByAHairError(f"only what hangs is given up: {text}")  # or a busy machine
        for fault in self.faults:
            if fault.fired:
                assert not fault.overdue, f"run returns in bounded time: {fault.key} was not given up"
                self._check_undone(fault, log, played)

    def _check_undone(self, fault, log, played):
        name = fault.key.rpartition("#")[0]
        owner, _, call = name.rpartition(".")
        is_device = any(owner == node.name for scan in played for node in scan.scan.acq_chain.nodes_list)
        ended = _at(log, fault.key, "end")
        stopped = _at(log, f"{owner}.stop#0", "end")
        errors = [str(error) for scan in played for error in scan.scan.errors]
        told = [text for text in errors if text.startswith(f"{re.sub(r'I[0-9]+$', 'I', owner)}.{call} has not")]
        if call not in (FORWARD_CALLS if is_device else FORWARD_HOOKS) or ended is None or stopped is None:
            return
        if ended > stopped and told:
            assert _at(log, f"{owner}.stop#1", "begin") is not None, f"{name} came back late and was not undone"

    def cleaned(self, world, played):
        """The log as if no call had hung: each ended at once, on the thread of all others, and needed no undoing.

        A call that waits for one that hangs hangs as well.
        """
        if not any(fault.fired for fault in self.faults):
            return world.log
        keys = self._hung(world.log, played)
        log, hanging, late = [], {}, set()
        for entry in world.log:
            owner, _, call = entry.name.rpartition(".")
            if entry.what != "begin" and entry.key in keys:
                hanging.pop((owner, entry.key))
                continue
            if call == "stop":
                late |= {(each, thread) for (each, _), thread in hanging.items() if each == owner}
            is_undoing = owner in keys.values() and call == "stop" and not entry.key.endswith("#0")
            if is_undoing or (owner, entry.thread) in late:  # what its own code still did, and what came of that
                continue
            log.append(entry._replace(thread=self._thread(entry, world)))
            if entry.key in keys:
                hanging[owner, entry.key] = entry.thread
                log.append(log[-1]._replace(what="end"))
        return log

    def _hung(self, log, played):
        """Each call that hung, and its owner: those that did, those around them, those that the scans gave up."""
        struck = {fault.key for fault in self.faults if fault.fired}
        told = {str(error).split(" ")[0] for scan in played for error in scan.scan.errors if GIVEN_UP in str(error)}
        keys, going = {}, []
        for entry in log:
            if entry.what != "begin":
                going = [each for each in going if each.key != entry.key]
                continue
            going.append(entry)
            if entry.key in struck:
                keys |= {each.key: each for each in going if each.thread == entry.thread}
            elif entry.name.endswith(".stop"):
                owner = entry.name.rpartition(".")[0]
                threads = {each.thread for each in going if each.name in told and each.name.startswith(f"{owner}.")}
                keys |= {each.key: each for each in going[:-1] if each.thread in threads}
        return {key: entry.name.rpartition(".")[0] for key, entry in keys.items()}

    def _thread(self, entry, world):
        is_hook = re.fullmatch(r"[A-Z][A\d](I\d*)?", entry.name.rpartition(".")[0])
        return world.caller if is_hook else entry.thread


def _at(log, key, what):
    return next((at for at, entry in enumerate(log) if entry.key == key and entry.what == what), None)
