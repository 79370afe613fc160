"""Attributes that are nearly one of ours: `roby.velocty = 3` would be kept, and nobody would ever look at it."""

import difflib
import sys
from types import FrameType
from typing import Any

from obtura.ground.errors import UsageError

__all__ = ["Spelled"]

CLOSE = 0.8
"""From this likeness on a new name is taken for a slip; `difflib` says 1 for equal ones."""


class Spelled:
    """Refuses to set a new attribute whose name is close to one that it has.

    That is for people: its own methods, those of derived classes too, may set what they like, and anybody may set
    what is not close, or begins with an underscore.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name[:1] != "_" and name not in self.__dict__ and not hasattr(type(self), name):
            self._check_spelling(name, sys._getframe(1))
        object.__setattr__(self, name, value)

    def _check_spelling(self, name: str, caller: FrameType) -> None:
        first = caller.f_code.co_varnames[:1]
        if first and caller.f_locals.get(first[0]) is self:
            return
        known = {*vars(self), *(each for each in dir(type(self)) if not callable(getattr(type(self), each)))}
        public = [each for each in known if not each.startswith("_")]
        if close := difflib.get_close_matches(name, public, n=1, cutoff=CLOSE):
            called = getattr(self, "name", type(self).__name__)
            raise UsageError(f"{called} has no {name!r}: did you mean {close[0]!r}?")
