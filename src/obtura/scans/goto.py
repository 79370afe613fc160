"""Going to a position that was found: all axes or none."""

from collections.abc import Callable, Sequence

from obtura.acquisition.motion import move_together
from obtura.contracts.claims import check_free
from obtura.contracts.devices import Movable
from obtura.ground.errors import annotate, one_line
from obtura.works.ending import ending_in_order

__all__ = ["go", "interrupted"]


@ending_in_order()
def go(name: str, axes: Sequence[Movable], targets: Sequence[float], tell: Callable[[str], object]) -> None:
    """Move axes together to `targets`; when one fails, all go back to where they were. Ctrl-C stops them there.

    `name`: of the command, for messages; `tell` shows a line.

    Raises:
        UsageError: a target can't be gone to; nothing moved.
        DeviceError: an axis can't be moved, or failed.
    """
    check_free(axes)
    for axis, target in zip(axes, targets, strict=True):
        axis.check()
        axis.check_target(target)
    origins = [float(axis.position) for axis in axes]
    for axis, origin, target in zip(axes, origins, targets, strict=True):
        tell(f"Moving {axis.name} from {origin:.6g} to {target:.6g}")
    try:
        move_together(axes, targets)
    except KeyboardInterrupt as press:
        raise interrupted(name, axes, press) from None
    except Exception as error:
        _go_back(axes, origins, error)
        raise


def _go_back(axes: Sequence[Movable], origins: Sequence[float], error: Exception) -> None:
    try:
        move_together(axes, origins)
    except Exception as later:  # noqa: BLE001 - the error that ended the move is the one to raise
        annotate(error, f"then the way back failed: {one_line(later)}")
    annotate(error, _stand(axes))


def interrupted(name: str, axes: Sequence[Movable], press: KeyboardInterrupt) -> KeyboardInterrupt:
    """What a Ctrl-C in the move of a command becomes: it says where the axes stand, and what could not be stopped."""
    notes = getattr(press, "__notes__", ())
    told = KeyboardInterrupt(f"{name} was {'interrupted' if notes else 'stopped'} by Ctrl-C: {_stand(axes)}")
    for note in notes:
        annotate(told, note)
    return told


def _stand(axes: Sequence[Movable]) -> str:
    return ", ".join(f"{axis.name} stands at {axis.position:.6g}" for axis in axes)
