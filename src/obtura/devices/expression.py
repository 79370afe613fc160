"""Counters calculated by a formula: what YAML can say without any Python."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.contracts.calculation import CalcCounter, CalcCounterController, Inputs, Values
from obtura.devices.arguments import number
from obtura.ground.errors import UsageError
from obtura.ground.expression import Expression
from obtura.ground.units import are_compatible, check_unit, unit_of

__all__ = ["ExpressionCalcCounter", "ExpressionCalcCounterController", "FormulaCounter"]


class ExpressionCalcCounterController(CalcCounterController):
    """Calculates several counters, each by a formula of the same inputs and constants.

    `outputs`: `[{"name": "ratio", "expression": "diode / i0", "unit": "%"}]`. A formula has `+ - * / ** // %`,
    comparisons, `a if b > 0 else c`, slices of spectra `mca[100:200]`, and functions: `sqrt exp log sin arctan2 min
    max abs round where ...`; `sum mean std` are over a spectrum. `constants`: numbers by name; they may be changed
    later: `controller.constants["factor"] = 2`.

    Raises:
        UsageError: a formula that is none, or that uses what is neither an input nor a constant.
    """

    def __init__(
        self,
        name: str,
        inputs: Inputs,
        outputs: Sequence[Mapping[str, Any]] = (),
        constants: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(name, inputs)
        self.constants = {key: number(f"{name}: constant {key}", value) for key, value in (constants or {}).items()}
        for tag in self.constants.keys() & self.tagged_inputs.keys():
            raise UsageError(f"{name}: {tag!r} is an input and a constant")
        for output in outputs:
            if unknown := output.keys() - {"name", "expression", "unit"}:
                raise UsageError(f"{name}: an output has a name, an expression, a unit, not {', '.join(unknown)}")
            FormulaCounter(str(output.get("name", "")), self, str(output.get("expression", "")), output.get("unit"))

    def check(self) -> None:
        """Refuse formulas whose units make no sense: lengths added to currents, a unit that does not fit.

        Raises:
            UsageError: what does not fit to what.
        """
        for counter in self.outputs:
            if isinstance(counter, FormulaCounter):
                counter.check_unit()

    def calc_function(self, input_dict: Values) -> Mapping[str, npt.ArrayLike]:
        """Work the formulas out."""
        count = len(next(iter(input_dict.values())))
        values: dict[str, Any] = {**self.constants, **input_dict}
        return {
            counter.name: np.broadcast_to(counter.expression.evaluate(values), (count, *counter.shape))
            for counter in self.outputs
            if isinstance(counter, FormulaCounter)
        }


class FormulaCounter(CalcCounter):
    """An output of a controller of formulas. `unit` None: the one that follows from those of the inputs."""

    controller: ExpressionCalcCounterController

    def __init__(
        self, name: str, controller: ExpressionCalcCounterController, expression: str, unit: str | None = None
    ) -> None:
        self.expression = Expression(expression)
        self.expression.check_names([*controller.tagged_inputs, *controller.constants])
        super().__init__(name, controller, unit=unit, shape=self._find_shape(controller))

    def _find_shape(self, controller: ExpressionCalcCounterController) -> tuple[int, ...]:
        """The shape of a point, found by a trial with one point of ones."""
        for counter in controller.inputs:
            if counter.is_text:
                raise UsageError(f"{controller.name}: {counter.fullname} gives text: take a CalcCounterController")
        ones = {tag: np.ones((1, *counter.shape)) for tag, counter in controller.tagged_inputs.items()}
        try:
            return tuple(np.shape(self.expression.evaluate({**controller.constants, **ones}))[1:])
        except (TypeError, ValueError, IndexError, ArithmeticError) as error:
            raise UsageError(f"{controller.name}: {self.expression.text!r} can't be worked out: {error}") from error

    @property
    def unit(self) -> str | None:
        """As it was given, or as it follows from the units of the inputs."""
        return self._derived() if self._unit is None else self._unit or None

    @unit.setter
    def unit(self, unit: str | None) -> None:
        self._unit = unit

    def _derived(self) -> str | None:
        units = {tag: one.unit for tag, one in self.controller.tagged_inputs.items()}
        return unit_of(self.expression, units, self.controller.constants)

    def check_unit(self) -> None:
        """Refuse a formula whose units make no sense.

        Raises:
            UsageError: what does not fit to what.
        """
        check_unit(self.name, self._unit)
        derived = self._derived()
        if self._unit and derived and not are_compatible(self._unit, derived):
            raise UsageError(f"{self.name} is said to be in {self._unit}, but {self.expression.text!r} is in {derived}")

    def __info__(self) -> str:
        """Its formula."""
        return f"{super().__info__()}\n  = {self.expression.text}"


class ExpressionCalcCounter(FormulaCounter):
    """One counter calculated by a formula: `ExpressionCalcCounter("ratio", "diode / i0", {"diode": ..., "i0": ...})`.

    `inputs`: counters by the names that the formula has for them, or a list of counters; `constants`: numbers by
    name, which may be changed later: `ratio.constants["factor"] = 2`. `unit`: None for the one that follows from
    those of the inputs. What a formula may be: see `ExpressionCalcCounterController`.
    """

    def __init__(
        self,
        name: str,
        expression: str,
        inputs: Inputs,
        constants: Mapping[str, float] | None = None,
        unit: str | None = None,
    ) -> None:
        super().__init__(name, ExpressionCalcCounterController(name, inputs, (), constants), expression, unit)

    @property
    def constants(self) -> dict[str, float]:
        """The constants of the formula; change them here."""
        return self.controller.constants
