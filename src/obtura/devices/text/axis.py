"""A setpoint as an axis."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt

from obtura.contracts.motion import MotionHook
from obtura.contracts.twins import Twin
from obtura.devices.axis import Axis
from obtura.devices.axis_written import wrong_with_axis
from obtura.devices.text.answers import Question, compiled, question
from obtura.devices.text.instrument import TextInstrument
from obtura.devices.text.setpoint import Manner, Setpoint, wrong_with_orders
from obtura.devices.text.spoken import Spoken
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.ranges import NotNegative, Positive, Sign

__all__ = ["TextAxis"]


class TextAxis(Spoken, Axis):
    """An axis that goes where it is told in text: a temperature, a voltage, a stage.

    `set`: the command, with `{position}` in it, or as Python formats it, `{position:.3f}`; `readback`: a query for
    where it is, or a `Question`; `stop`: the command that ends a move, without which it is set to where it is;
    `velocity_command`: said before each move, with `{velocity}` in it. `poll`: s between two looks.

    With `done`, a query or a `Question`, a move is over when its answer is, as a whole, `done_answer`, a regular
    expression; for `lag` s that is not believed of one that has neither said otherwise nor is there. Without, it is
    over when it has been within `tolerance` of its target for `settle` s; when it comes no nearer for `patience` s, it
    is stopped and given up.

    `velocity` (unit/s) also tells how long a move takes. Limits are dial positions; all else is as for `Axis`.

    Raises:
        UsageError: what can't be.
    """

    twin: ClassVar[Twin] = "axis"

    def __init__(
        self,
        name: str,
        instrument: TextInstrument,
        set: str,
        readback: str | Question,
        done: str | Question | None = None,
        done_answer: str = "1",
        lag: NotNegative = 0.5,
        stop: str | None = None,
        velocity_command: str | None = None,
        unit: str | None = None,
        limits: tuple[float, float] | None = None,
        low_limit: float | None = None,
        high_limit: float | None = None,
        tolerance: Positive = 1e-3,
        settle: NotNegative = 0.0,
        patience: Positive = 10.0,
        poll: Positive = 0.05,
        velocity: Positive = math.inf,
        sign: Sign = 1,
        offset: float = 0.0,
        backlash: float = 0.0,
        motion_hooks: Sequence[MotionHook] = (),
    ) -> None:
        self.instrument = instrument
        for key, problem in wrong_with_orders({"set": set, "velocity_command": velocity_command or ""}):
            raise UsageError(f"{name}: {key}: {problem}")
        compiled(f"{name}: done_answer", done_answer)
        asked = None if done is None else question(done)
        manner = Manner(
            set, stop, velocity_command, question(readback), asked, done_answer, lag, settle, patience, poll
        )
        driver = Setpoint(name, instrument, manner, lambda: self.tolerance)
        super().__init__(
            name,
            driver,
            unit,
            limits,
            velocity,
            math.inf,
            tolerance,
            low_limit,
            high_limit,
            sign=sign,
            offset=offset,
            backlash=backlash,
            motion_hooks=motion_hooks,
        )

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from wrong_with_axis(given)
        yield from wrong_with_orders(given)

    def check(self) -> None:
        """Raise `DeviceError` when it can't be reached, has no position, or moves. Touch nothing."""
        super().check()
        self._ask(self._driver.position)

    def check_target(self, target: float) -> None:
        """Raise what `Axis` raises, and `DeviceError` when its instrument is read-only; touch nothing."""
        super().check_target(target)
        self._check_may_be_told()

    def check_path(self, targets: npt.ArrayLike) -> None:
        """As `check_target`, of many."""
        super().check_path(targets)
        self._check_may_be_told()

    def _check_may_be_told(self) -> None:
        try:
            self.instrument.check_may_be_told()
        except DeviceError as error:
            raise DeviceError(f"{self.name} can't be moved: {error}") from None
