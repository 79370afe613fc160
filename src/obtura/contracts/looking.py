"""For a look only: in such a process devices are asked, and told nothing.

Whatever drives something calls `check_may_be_told` at the one place where its commands go out. It holds for the whole
process, not for a session: a device may be shared, and one that is told something by mistake can't be untold.
"""

from obtura.ground.errors import DeviceError

__all__ = ["check_may_be_told", "is_looking", "only_look"]

_looking = False


def only_look() -> None:
    """From now on, until the process ends, no device is told anything."""
    global _looking
    _looking = True


def is_looking() -> bool:
    """Whether devices are only asked."""
    return _looking


def check_may_be_told(device: str, operation: str) -> None:
    """Raise `DeviceError` when devices are only asked. `operation`: what it would be told, e.g. move."""
    if _looking:
        raise DeviceError(f"{device}.{operation} refused: this is read-only, devices are asked and told nothing")
