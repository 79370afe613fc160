"""What a user names to be counted, as counters; with them the counters that others are calculated from."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obtura.contracts.absent import present
from obtura.contracts.calculation import CalcCounterController
from obtura.contracts.counters import Counter, CounterController
from obtura.ground.errors import ArgumentError, UsageError

__all__ = ["expand_counters", "in_order"]


def expand_counters(counters: Iterable[Any]) -> list[Counter]:
    """Counters as they are; controllers, lists, groups and other containers as the counters they hold; each once.

    A container has `counters`: a mapping, an iterable, or an object whose attributes are counters; they may be nested.

    Raises:
        ArgumentError: something else was given.
    """
    found: dict[Counter, None] = {}
    for item in counters:
        found.update(dict.fromkeys(_members(item, ())))
    return list(found)


def _members(item: Any, above: tuple[Any, ...]) -> Iterator[Counter]:
    item = present(item)
    name = getattr(item, "name", None) or repr(item)
    if isinstance(item, Counter):
        yield item
        return
    if any(item is one for one in above):
        raise ArgumentError(f"{name} holds itself")
    held = item if isinstance(item, list | tuple | set | frozenset) else getattr(item, "counters", None)
    if held is None or isinstance(item, type | str):
        raise ArgumentError(f"{name} is not a counter and holds none")
    if isinstance(held, Mapping):
        held = held.values()
    elif not isinstance(held, Iterable):
        held = [one for key, one in vars(held).items() if not key.startswith("_")]
    for member in held:
        yield from _members(member, (*above, item))


def in_order(counters: Iterable[Counter]) -> dict[CounterController, list[Counter]]:
    """The counters by controller, with those that others are calculated from; a calculation after its inputs.

    Raises:
        UsageError: something is calculated from itself.
    """
    counters = list(counters)
    needed: dict[CounterController, dict[Counter, None]] = {}
    waiting: list[CounterController] = []

    def need(counter: Counter) -> None:
        controller = counter.controller
        if controller in waiting:
            circle = " from ".join(one.name for one in [*waiting[waiting.index(controller) :], controller])
            raise UsageError(f"{circle}: a calculation in a circle")
        if isinstance(controller, CalcCounterController) and controller not in needed:
            waiting.append(controller)
            for each in controller.inputs:
                need(each)
            waiting.pop()
        needed.setdefault(controller, {})[counter] = None

    for counter in counters:
        need(counter)
    return {controller: list(own) for controller, own in needed.items()}
