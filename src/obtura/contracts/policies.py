"""What a scan does when a counter, or the device behind it, fails."""

import math
import re
from typing import Annotated, NamedTuple, TypeAlias

from msgspec import Meta

from obtura.ground.errors import UsageError

__all__ = ["Policy", "PolicyText", "WithPolicy"]

_WANTED = "a policy: 'required', 'optional', 'retry 3' or 'wait 60'"

_NUMBER = re.compile(r"[0-9]*\.?[0-9]+")

PolicyText: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^\s*(required|optional|retry\s+0*[1-9][0-9]*|wait\s+(?=[0-9.]*[1-9])[0-9]*\.?[0-9]+)\s*$",
        description=_WANTED,
    ),
]
"""A policy as it is written in YAML."""


class Policy(NamedTuple):
    """`Policy.required()`: the scan fails, as by default. `Policy.optional()`: the counter drops out, NaN from then on.
    `Policy.retry(3)`: it is tried up to 3 times more, then the scan fails. `Policy.wait(60)`: the scan says so, and
    waits up to 60 s at a point for the device to come back, then it fails.

    As text, in YAML too: `required`, `optional`, `retry 3`, `wait 60`.
    """

    is_optional: bool = False
    times: int = 0
    seconds: float = 0.0

    @classmethod
    def required(cls) -> "Policy":
        """The scan fails."""
        return cls()

    @classmethod
    def optional(cls) -> "Policy":
        """It drops out at its first failure."""
        return cls(is_optional=True)

    @classmethod
    def retry(cls, times: int) -> "Policy":
        """It is tried again, so many times.

        Raises:
            UsageError: no whole number of at least 1.
        """
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise UsageError(f"retry: how many times? A whole number of at least 1 is wanted, got {times!r}")
        return cls(times=times)

    @classmethod
    def wait(cls, seconds: float) -> "Policy":
        """It is tried again until it is back, for so many s.

        Raises:
            UsageError: no number of s greater than 0.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
            raise UsageError(f"wait: how long? A number of seconds greater than 0 is wanted, got {seconds!r}")
        return cls(seconds=float(seconds))

    @classmethod
    def of(cls, value: object) -> "Policy":
        """A policy, or the text of one.

        Raises:
            UsageError: it is none.
        """
        if isinstance(value, Policy):
            return value
        match value.split() if isinstance(value, str) else []:
            case ["required"]:
                return cls.required()
            case ["optional"]:
                return cls.optional()
            case ["retry", times] if times.isdecimal():
                return cls.retry(int(times))
            case ["wait", seconds] if _NUMBER.fullmatch(seconds):
                return cls.wait(float(seconds))
        raise UsageError(f"expected {_WANTED}, got {value!r}")

    def __str__(self) -> str:
        if self.times:
            return f"retry {self.times}"
        if self.seconds:
            return f"wait {self.seconds:g}"
        return "optional" if self.is_optional else "required"


class WithPolicy:
    """A device that has a policy."""

    _policy = Policy.required()

    @property
    def policy(self) -> Policy:
        """What a scan does when the device fails, for all counters that have no policy of their own; text is taken."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy | str) -> None:
        self._policy = Policy.of(policy)
