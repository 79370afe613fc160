"""Several axes as one: move together, come to rest together, return to where they were."""

from collections.abc import Callable, Sequence

from obtura.contracts.devices import Movable
from obtura.ground.errors import UsageError, annotate, one_line
from obtura.works.clock import Flag, clock

__all__ = ["Return", "at_rest", "move_together"]


LOOK = 0.1
"""Seconds between two looks of a `watch` at axes that move."""


def move_together(
    axes: Sequence[Movable],
    targets: Sequence[float],
    ended: Flag | None = None,
    watch: Callable[[], None] | None = None,
) -> None:
    """Start all, then wait for all. When one fails, or Ctrl-C comes, every axis is stopped.

    `ended` may be set by whoever stops the axes from another thread, before: none is left moving, even if it
    was started just after. `watch` is called every tenth of a second while any of them moves.
    """
    try:
        for axis, target in zip(axes, targets, strict=True):
            axis.move(target, wait=False)
        if ended is not None and ended.is_set:
            at_rest(axes)
        while watch is not None and any(axis.is_moving for axis in axes):
            watch()
            clock.sleep(LOOK)
        for axis in axes:
            axis.wait_move()
    except BaseException:
        at_rest(axes)
        raise


def at_rest(axes: Sequence[Movable]) -> None:
    """Stop those that move; every one is tried, the first error is raised with the others as notes."""
    errors: list[BaseException] = []
    for axis in axes:
        try:
            if axis.is_moving:
                axis.stop()
        except BaseException as error:  # noqa: BLE001 - the next axis must be stopped too
            errors.append(error)
    if errors:
        for later in errors[1:]:
            annotate(errors[0], f"then {one_line(later)}")
        raise errors[0]


class Return:
    """The last step of a relative scan: bring axes back to `positions`, in their units."""

    def __init__(self, axes: Sequence[Movable], positions: Sequence[float]) -> None:
        self.name = f"return of {', '.join(axis.name for axis in axes)}"
        self._axes = list(axes)
        self._positions = list(positions)

    def validate(self) -> None:
        """Refuse to return axes to where they are not any more: positions were taken when the scan was made."""
        for axis, back in zip(self._axes, self._positions, strict=True):
            if abs(axis.position - back) > 2 * getattr(axis, "tolerance", 1e-3):
                raise UsageError(
                    f"{axis.name} has moved from {back:g} to {axis.position:g} since this relative scan was made; "
                    "make the scan again"
                )

    def estimate(self) -> float:
        """The slowest axis' own estimate, in s."""
        return max(axis.estimate(back) for axis, back in zip(self._axes, self._positions, strict=True))

    def run(self) -> None:
        """Move back; returns when there."""
        move_together(self._axes, self._positions)

    def stop(self) -> str:
        """Come to rest and say where."""
        at_rest(self._axes)
        return ", ".join(f"{axis.name} stands at {axis.position:g} {axis.unit or ''}".rstrip() for axis in self._axes)
