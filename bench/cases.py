"""What is measured: cases and studies, by name. `@case` and `@study` register a function of `bench/suite`."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

__all__ = ["CASES", "THE_LOOP", "Case", "Figure", "Trial", "Work", "case", "chosen", "study"]

Work: TypeAlias = Callable[[int], object]
"""`work(count)` does something `count` times. A float that it returns is the seconds, else those it took are taken."""


THE_LOOP = "read, stamp, append"


@dataclass(frozen=True)
class Trial:
    """Work, and the floor that it stands on.

    `less`: what `work` does besides what is measured, which is subtracted; what is left are `over` units each time.
    `count`, `floor_count`: do it so many times, whatever that takes; None: as often as a good measurement needs.
    `floor_name`: what the floor is, in words. `remark()` is asked last, for further figures in words.
    """

    work: Work
    floor: Work
    floor_name: str = THE_LOOP
    less: Work | None = None
    over: int = 1
    count: int | None = None
    floor_count: int | None = None
    remark: Callable[[], str] | None = None


class Figure(NamedTuple):
    """One result of a study. `budget`: what it may be at most; None: there is none."""

    what: str
    value: float
    unit: str
    budget: float | None = None


@dataclass(frozen=True)
class Case:
    """A case or a study. `budget`: times the floor; `arguments` go to `function` after the lab."""

    name: str
    what: str
    per: str
    budget: float | None
    is_study: bool
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()

    @property
    def family(self) -> str:
        """The part of its name that it shares with others: "counters" of "counters/10"."""
        return self.name.partition("/")[0]


CASES: dict[str, Case] = {}


def case(
    name: str,
    what: str,
    per: str = "point",
    budget: float | None = None,
    of: Iterable[Any] = (),
    budgets: dict[Any, float] | None = None,
) -> Callable[[Callable[..., Trial]], Callable[..., Trial]]:
    """Register `function(lab)`, which gives a `Trial`; or, for each value `of`, `function(lab, value)`.

    `{}` in `what` stands for the value, `budgets` are by value. The cases are then called `name/value`.
    """

    def register(function: Callable[..., Trial]) -> Callable[..., Trial]:
        values = list(of)
        if not values:
            CASES[name] = Case(name, what, per, budget, False, function)
        for value in values:
            full, limit = f"{name}/{value}", (budgets or {}).get(value, budget)
            CASES[full] = Case(full, what.format(value), per, limit, False, function, (value,))
        return function

    return register


def study(name: str, what: str) -> Callable[[Callable[..., list[Figure]]], Callable[..., list[Figure]]]:
    """Register `function(lab)`, which gives figures."""

    def register(function: Callable[..., list[Figure]]) -> Callable[..., list[Figure]]:
        CASES[name] = Case(name, what, "", None, True, function)
        return function

    return register


def chosen(names: Iterable[str]) -> list[Case]:
    """The cases of these names, or of these families; all of them for no name.

    Raises:
        SystemExit: there is none of that name; the message has the closest.
    """
    families = {one.family for one in CASES.values()}
    found: dict[str, Case] = {}
    for name in names:
        if name not in CASES and name not in families:
            known = [*CASES, *families]
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(families))}"
            raise SystemExit(f"bench: there is no case {name!r}; {hint}")
        found.update({key: one for key, one in CASES.items() if name in (key, one.family)})
    return list((found or CASES).values())
