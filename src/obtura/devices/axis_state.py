"""What an axis is doing."""

from collections.abc import Iterator, Set

from obtura.ground.errors import UsageError

__all__ = ["AxisState"]

_KNOWN = ("READY", "MOVING", "LIMPOS", "LIMNEG", "FAULT")


class AxisState(Set[str]):
    """A set of READY, MOVING, LIMPOS, LIMNEG (at a limit switch) and FAULT, with the reason of a fault.

    `"MOVING" in axis.state` and `axis.state == "READY"` (READY is among them) both ask for one of them.
    """

    __slots__ = ("_names", "reason")

    def __init__(self, *names: str, reason: str = "") -> None:
        if not names or not set(names) <= set(_KNOWN):
            raise UsageError(f"AxisState takes some of {', '.join(_KNOWN)}, got {', '.join(names) or 'none'}")
        if {"READY", "MOVING"} <= set(names):
            raise UsageError("AxisState: an axis that is MOVING is not READY")
        self._names = tuple(name for name in _KNOWN if name in names)
        self.reason = reason

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __eq__(self, other: object) -> bool:
        return other in self._names if isinstance(other, str) else Set.__eq__(self, other)

    def __hash__(self) -> int:
        return self._hash()

    def __str__(self) -> str:
        names = ", ".join(self._names)
        return f"{names} ({self.reason})" if self.reason else names

    def __repr__(self) -> str:
        return f"AxisState({str(self)!r})"
