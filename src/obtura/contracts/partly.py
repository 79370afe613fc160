"""Several counters read at once, of which some could not be: told in one error, so that nobody has to ask again."""

from collections.abc import Sequence
from typing import Any, TypeVar

from obtura.ground.errors import DeviceError

__all__ = ["PartlyReadError"]

C = TypeVar("C")


class PartlyReadError(DeviceError):
    """Some could not be read. `found`: for each that was asked for its value, or the error why there is none.

    A controller whose counters fail independently raises it in `sample`: those that may fail are forgiven, without
    the others being read once more.
    """

    def __init__(self, found: Sequence[Any]) -> None:
        errors = [each for each in found if isinstance(each, Exception)]
        more = f" (and {len(errors) - 1} more could not be read)" if len(errors) > 1 else ""
        super().__init__(f"{errors[0]}{more}")
        self.found = found

    def failing(self, asked: Sequence[C]) -> list[C]:
        """Which of those that were asked for."""
        return [one for one, value in zip(asked, self.found, strict=True) if isinstance(value, Exception)]
