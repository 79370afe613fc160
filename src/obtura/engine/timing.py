"""What the time of a scan is spent for: of what sort each call is, and all of them summed up."""

import time
from collections.abc import Iterable
from functools import partial
from typing import Any, TypeAlias

from obtura.contracts.acquisition import AcquisitionObject, Effort
from obtura.contracts.consumers import Consumer
from obtura.contracts.presets import ChainIterationPreset, ChainPreset, ScanPreset
from obtura.ground.timing import PHASES, TimingRow
from obtura.works.errands import IDLE, Timekeeper
from obtura.works.timekeeping import Account, Sort, Strand

__all__ = ["BEHIND", "BRANCHES", "ENGINE", "FOR_HOOKS", "HAND_OVER", "PAUSED", "new_timekeeper", "timing_rows"]

ENGINE, HAND_OVER, PAUSED, BRANCHES, FOR_HOOKS, BEHIND = "engine", "hand-over", "paused", "branches", "hooks", "saver"
"""What is nobody's call: entered without an owner."""

PRESETS = (ScanPreset, ChainPreset, ChainIterationPreset)

LOOKS = 50
LATER = 0.001
"""How often a thread is looked at that just notes something, and seconds in between."""

_Shares: TypeAlias = list[tuple[Account, float]]

UNDIVIDED = ("__iter__", "validate", "stop", "get_acquisition_metadata")
"""Calls that are made for nothing but themselves."""


def new_timekeeper() -> Timekeeper:
    """For one scan, on the thread that runs it."""
    return Timekeeper(_sort_of, ENGINE, PHASES[0])


def _sort_of(what: str, owner: Any) -> Sort:
    """Of what sort a call is. `what`: as in messages, "diode.prepare"; `owner`: the device, preset or consumer."""
    if owner is None:
        return Sort(what)
    if isinstance(owner, PRESETS):
        return Sort("hook", type(owner).__name__, what.partition(".")[2])
    if isinstance(owner, Consumer):
        return Sort("saver" if owner.essential else "viewer", owner.name, what.removeprefix(f"{owner.name}: "))
    if isinstance(owner, AcquisitionObject):
        method = what.removeprefix(f"{owner.name}.")
        sort = Sort("device", _driven(owner), method)
    else:
        sort, method = Sort("last step", what), what
    if method in UNDIVIDED or getattr(type(owner), "effort_of", None) in (None, AcquisitionObject.effort_of):
        return sort
    return sort._replace(parts=Effort._fields, most=partial(owner.effort_of, method))


def _driven(node: AcquisitionObject) -> str:
    """What a device is called: a master of axes as these."""
    names = [device.name for device in node.devices if hasattr(device, "name")] if node.role == "axis" else []
    return ", ".join(names) or node.name


class _Sum:
    """All accounts of one sort in one phase, on one thread and where it had things done."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = self.busy = self.longest = 0.0
        self.point: int | None = None

    def add(self, account: Account) -> None:
        """Calls that were made, wherever."""
        self.count += account.count
        if account.longest > self.longest:
            self.longest, self.point = account.longest, account.at

    def begun(self, own: float, point: int | None) -> None:
        """A call that is under way, so many seconds so far."""
        self.count += 1
        if own > self.longest:
            self.longest, self.point = own, point


def timing_rows(keeper: Timekeeper) -> list[TimingRow]:
    """All that was spent so far; may be asked on any thread."""
    rows: list[TimingRow] = []
    wholes = sorted(keeper.wholes.items())
    of_wholes = [strand for _, whole in wholes for strand in whole]
    others = [strand for strand in tuple(keeper.strands) if strand not in of_wholes]
    for number, whole in wholes:
        mine = [strand for strand in others if _whole_of(strand, keeper) == number]
        rows += _rows(whole, mine, None if number == 0 else number - 1)
    return rows


def _whole_of(strand: Strand, keeper: Timekeeper) -> int:
    """For which whole a strand did something."""
    branch = strand.place.branch
    return 0 if len(keeper.wholes) == 1 or branch is None else branch + 1


def _rows(whole: Iterable[Strand], others: Iterable[Strand], branch: int | None) -> list[TimingRow]:
    sums: dict[tuple[str, str, str, str], _Sum] = {}

    def sum_of(account: Account) -> _Sum:
        kind, owner, what, *_ = account.sort
        return sums.setdefault((account.phase, kind, owner, what), _Sum())

    for strand, is_whole in (*((each, True) for each in whole), *((each, False) for each in others)):
        calls, charged, spent = _seen(strand)
        for account, _ in spent:
            sum_of(account).add(account)
        under_way = [pair for account, own in calls[1:] for pair in account.divided(own) if pair[1] > 0.0]
        for part, seconds in under_way:
            sum_of(part).begun(seconds, strand.place.point)
        for account, seconds in (*calls[:1], *spent, *under_way):
            found = sum_of(account)
            found.busy += seconds
            found.seconds += seconds if is_whole else 0.0
        if is_whole:
            for account, seconds in charged:
                sum_of(account).seconds += seconds
    return [
        TimingRow(*key, branch, one.count, one.seconds, one.busy, one.longest, one.point)
        for key, one in sums.items()
        if key[1] != IDLE and (one.count or one.seconds or one.busy)
    ]


def _seen(strand: Strand) -> tuple[_Shares, _Shares, _Shares]:
    """The calls under way, what is charged here of others, and what was spent.

    Nothing is locked, for that would cost at each call; who looks in the middle of a note looks again.
    """
    for _ in range(LOOKS):
        since = strand.now
        calls, charged = strand.running()
        charged += [(each, each.seconds) for each in tuple(strand.charged)]
        spent = [(account, account.seconds) for account in _all(strand)]
        if strand.is_whole(sum(seconds for _, seconds in (*calls, *charged, *spent)), since):
            break
        time.sleep(LATER)
    return calls, charged, spent


def _all(strand: Strand) -> list[Account]:
    """The accounts, and their parts; what is left for none of these counts if there is anything."""
    found: list[Account] = []
    for account in tuple(strand.accounts):
        parts = [part for part in account.parts if part.count]
        found += parts if parts and not account.seconds else [account, *parts]
    return found
