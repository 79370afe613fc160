"""Where time goes, thread by thread: each moment is charged to the innermost call that is under way there.

On each thread that does something for a scan there is a **strand**. A call is entered and left; both look at the clock
once. Entering charges what passed to the call around it, leaving to the call itself, so that the parts of a strand sum
to its whole, whatever is called by what. What comes between the calls stays with the strand's own account.

A call on another thread is an errand, see `errands`. Who waits for some charges the wait as the one that came last has
spent its time; what it did not spend is the hand-over.

What is entered and left is added up by account, which takes the same memory for any number of calls. Single calls are
kept, too, the first and the last of each strand.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from obtura.works.clock import clock

__all__ = ["KEPT", "NOWHERE", "Account", "Place", "Sort", "Span", "Spending", "Strand"]

KEPT = 5_000
"""Calls that are kept of a strand, one by one: so many first ones, and so many last ones."""

BRIEF = 2e-5
"""Seconds: a call that took less is not divided, it was for nothing but itself. To ask what for costs as much."""

SLACK = 1e-4
"""Seconds, and of the whole, that the parts may be off because of how they are added up."""


class Sort(NamedTuple):
    """What sort of call it is: of which kind, whose, and which.

    `parts`: kinds that a part of its time may be of, `most()`: of the call that has just ended, how many seconds of
    each at most; it is asked of calls that are not `BRIEF`. The last one is taken first; what is left is of `kind`.
    """

    kind: str
    owner: str = ""
    what: str = ""
    parts: tuple[str, ...] = ()
    most: Callable[[], Sequence[float]] = tuple


class Span(NamedTuple):
    """A call that was kept: `began` and `ended` by the clock, the number of its account, the point at which it was."""

    began: float
    ended: float
    account: int
    point: int | None


class Place(Protocol):
    """What knows which point is being taken, and on which branch; None: on none."""

    point: int | None
    branch: int | None


class _Nowhere:
    point: int | None = None
    branch: int | None = None


NOWHERE: Place = _Nowhere()
"""No point is being taken."""


class Account:
    """All calls of one sort on one strand in one phase: how many, their own seconds, and the longest of them."""

    __slots__ = ("at", "count", "longest", "most", "number", "parts", "phase", "seconds", "sort")

    def __init__(self, sort: Sort, phase: str, number: int) -> None:
        self.sort = sort
        self.phase = phase
        self.number = number
        self.count = 0
        self.seconds = 0.0
        self.longest = 0.0
        self.at: int | None = None
        """The point of the longest."""
        self.parts = [Account(Sort(kind, *sort[1:3]), phase, number) for kind in sort.parts]
        self.most = sort.most

    def add(self, own: float, point: int | None) -> None:
        """Another call has ended."""
        self.count += 1
        self.seconds += own
        if own > self.longest:
            self.longest = own
            self.at = point

    def divided(self, own: float) -> "list[tuple[Account, float]]":
        """The seconds of one call, part by part, the rest last."""
        found = []
        for part, most in zip(reversed(self.parts), reversed(self.most()), strict=True):
            if most > 0.0 and own > 0.0:
                took = min(own, most)
                found.append((part, took))
                own -= took
        return [*found, (self, own)]


class Spending(Protocol):
    """A call on another strand."""

    def ended(self, now: float) -> float:
        """When it ended; of one that has not, `now`, later than any other."""

    def spent(self) -> dict[Account, float]:
        """What its time was spent for, so far."""


_Around: TypeAlias = "tuple[Account, float, float, _Around] | None"
"""Calls under way, from the inside: account, since when its own time counts, when it began, and what is around it."""


class Strand:
    """What one thread does. `sort_of(what, owner)`: of what sort a call is, asked once a phase.

    `base`: the kind of what comes between calls. All is called on its own thread, but for `stop` and what looks at it.
    """

    __slots__ = (
        "_accounts", "_around", "_began", "_clock", "_keep", "_own_since", "_room", "_sort_of", "_spent",
        "_waits", "account", "accounts", "base", "charged", "first", "last", "made", "name", "phase", "place",
    )  # fmt: skip

    def __init__(self, name: str, base: str, sort_of: Callable[[str, Any], Sort], phase: str = "") -> None:
        self.name = name
        self.base = base
        self.phase = phase
        self.place = NOWHERE
        self.accounts: list[Account] = []
        self.charged: list[Account] = []
        """What was spent on other strands while this one waited for it."""
        self.first: list[Span] = []
        self.last: deque[Span] = deque(maxlen=KEPT)
        self._sort_of = sort_of
        self._keep: Callable[[Any], None] = self.first.append
        self._room = KEPT
        self._clock = clock.time
        self._around: _Around = None
        """What is around the innermost call; itself is in attributes."""
        self._waits: list[tuple[int, Sequence[Spending]]] = []
        """The waits under way: how many calls are around each, and what it is for."""
        self._spent: dict[Account, float] | None = None
        self._own_since = self.made = self._began = self._clock()
        """Since when the innermost call's own time counts: its beginning, later by what inner ones have taken."""
        self._accounts: dict[Any, Account] = {}
        self.account = self._new(Sort(base))

    def enter(self, what: str, owner: Any) -> None:
        """A call begins; each is left again."""
        try:
            account = self._accounts[what]
        except KeyError:
            account = self._accounts[what] = self._new(self._sort_of(what, owner))
        self._around = self.account, self._own_since, self._began, self._around
        self.account = account
        self._own_since = self._began = self._clock()

    def leave(self) -> None:
        """The call that was entered last ends."""
        now = self._clock()
        account = self.account
        began = self._began
        own = now - self._own_since
        point = self.place.point
        self._keep((began, now, account.number, point))
        self.account, own_since, self._began, self._around = self._around  # type: ignore[misc]
        self._own_since = own_since + (now - began)
        if self._spent is not None or (own > BRIEF and account.parts):
            self._divide(account, own, point)
        else:  # what `add` does
            account.count += 1
            account.seconds += own
            if own > account.longest:
                account.longest = own
                account.at = point
        self._room -= 1
        if not self._room:
            self._keep = self.last.append

    def _divide(self, account: Account, own: float, point: int | None) -> None:
        spent, left = self._spent, own
        parts = account.parts
        most = account.most() if parts and own > BRIEF else ()
        number = len(most)
        while number:  # a plain loop: this is called at each point
            number -= 1
            limit = most[number]
            if limit > 0.0 and left > 0.0:
                part = parts[number]
                took = limit if limit < left else left
                left -= took
                part.add(took, point)
                if spent is not None:
                    spent[part] = spent.get(part, 0.0) + took
        account.add(left, point)
        if spent is not None:
            spent[account] = spent.get(account, 0.0) + left

    def wait_for(self, what: str, errands: Sequence[Spending]) -> None:
        """A wait for calls on other threads begins; it ends with `waited`."""
        self.enter(what, None)
        self._waits.append((len(self._calls()) - 1, errands))

    def waited(self) -> None:
        """The wait that began last ends: it was for the call that came last."""
        now = self._clock()
        _, errands = self._waits.pop()
        for theirs, seconds in _shares(errands, now - self._own_since, now):
            self._charge(theirs, seconds)
            self._own_since += seconds
        self.leave()

    def _charge(self, theirs: Account, seconds: float) -> None:
        mine = self._accounts.get(theirs)
        if mine is None:
            mine = self._accounts[theirs] = Account(Sort(*theirs.sort[:3]), self.phase, -1)
            self.charged.append(mine)
        mine.seconds += seconds
        if self._spent is not None:
            self._spent[mine] = self._spent.get(mine, 0.0) + seconds

    def _new(self, sort: Sort) -> Account:
        account = Account(sort, self.phase, len(self.accounts))
        self.accounts.append(account)
        return account

    def turn(self, phase: str) -> None:
        """Another phase begins, between two calls."""
        now = self._clock()
        self.account.seconds += now - self._own_since
        self.phase = phase
        self._accounts = {}
        self.account, self._own_since = self._new(Sort(self.base)), now

    def stop(self, at: float) -> None:
        """Its thread is away, or done: its clock stands, nothing is charged here any more."""
        self._clock = lambda: at

    def go_on(self, since: float) -> None:
        """What passed since then is charged here, too: it is new."""
        self._own_since = self.made = self._began = since

    # -- errands ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """An errand begins: what is spent is added up apart."""
        self._spent = {}

    def spent(self) -> dict[Account, float]:
        """What was spent since the errand began, calls that are under way included."""
        found = dict(self._spent or {})
        calls, charged = self.running()
        for part, seconds in (*(pair for account, own in calls[1:] for pair in account.divided(own)), *charged):
            found[part] = found.get(part, 0.0) + seconds
        return found

    def running(self) -> tuple[list[tuple[Account, float]], list[tuple[Account, float]]]:
        """The calls under way as if they ended now, and what is charged for those of them that are waits.

        The first are `under_way`, each without what is charged for it; the others are accounts of other strands.
        """
        calls, charged, now = self.under_way, [], self._clock()
        for depth, errands in tuple(self._waits):
            if depth < len(calls):  # or it has ended just now, on its own thread
                account, wait = calls[depth]
                shares = _shares(errands, wait, now)
                calls[depth] = account, wait - sum(seconds for _, seconds in shares)
                charged += shares
        return calls, charged

    @property
    def under_way(self) -> list[tuple[Account, float]]:
        """The calls under way, the outermost first, each with its own seconds so far; before them what is between."""
        calls = self._calls()
        ends = [*(began for _, _, began in calls[1:]), self._clock()]  # an outer one's own time ends with the inner one
        return [(account, end - since) for (account, since, _), end in zip(calls, ends, strict=True)]

    def _calls(self) -> list[tuple[Account, float, float]]:
        """The calls under way as they are noted, the outermost first; before them what is between."""
        calls, around = [(self.account, self._own_since, self._began)], self._around
        while around is not None:
            calls.append(around[:3])
            around = around[3]
        return calls[::-1]

    def lasted(self, what: str) -> float | None:
        """For how many seconds the innermost call of that name has been under way; None: there is none."""
        account = self._accounts.get(what)
        return next((self._clock() - began for one, _, began in self._calls()[::-1] if one is account), None)

    @property
    def now(self) -> float:
        """The time by its clock."""
        return self._clock()

    def is_whole(self, seconds: float, since: float) -> bool:
        """Whether what another thread found here, beginning at `since` by its clock, sums to all the time so far.

        If not, a call was just being noted: it was found twice, or not at all.
        """
        least, most = since - self.made, self._clock() - self.made
        return least - SLACK * (1 + least) <= seconds <= most + SLACK * (1 + most)


def _shares(errands: Sequence[Spending], wait: float, now: float) -> list[tuple[Account, float]]:
    """What a wait of so many seconds was for: as the errand that came last has spent its time."""
    late = max(errands, key=lambda errand: errand.ended(now), default=None)
    spent = {} if late is None else late.spent()
    whole = sum(spent.values())
    share = min(1.0, wait / whole) if whole > 0 else 0.0
    return [(account, seconds * share) for account, seconds in spent.items()]
