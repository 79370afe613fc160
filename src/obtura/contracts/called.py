"""What is called must run: a method that holds a `yield` only makes a generator, and nothing of it is done."""

import inspect
from collections.abc import Iterable

from obtura.ground.errors import UsageError

__all__ = ["refuse_generators"]


def refuse_generators(owner: object, names: Iterable[str], instead: str) -> None:
    """Refuse methods of `owner` that hold a `yield`; `instead` says where what comes after it belongs.

    Raises:
        UsageError: one does.
    """
    for name in names:
        function = getattr(owner, name, None)
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise UsageError(
                f"{type(owner).__name__}.{name} holds a `yield`, so calling it runs nothing; take the `yield` out"
                + (f": what comes after it belongs into `{instead}`" if instead else "")
            )
