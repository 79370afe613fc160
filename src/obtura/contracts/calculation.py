"""Counters that are calculated from others, while the scan runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from obtura.contracts.counters import Counter, CounterController
from obtura.ground.channels import as_type
from obtura.ground.errors import DeviceError, UsageError, one_line

__all__ = ["CalcCounter", "CalcCounterController", "CalcFunction", "Inputs", "Outputs", "Values"]

Values: TypeAlias = dict[str, npt.NDArray[Any]]
"""New points by tag, arrays of shape (n, *counter.shape)."""

CalcFunction: TypeAlias = Callable[[Values], Mapping[str, npt.ArrayLike]]
"""Gets the inputs' new points by tag, gives as many points of each output by its tag or name."""

Inputs: TypeAlias = Mapping[str, Counter] | Sequence[Counter | Mapping[str, Any]]
"""`{"i0": monitor}`, `[monitor]` (its name is its tag), or `[{"counter": monitor, "tags": "i0"}]`."""

Outputs: TypeAlias = Sequence[str | Mapping[str, Any]]
"""`["ratio"]`, or `[{"name": "ratio", "unit": "1", "shape": (), "dtype": float, "tags": "r"}]`."""


class CalcCounter(Counter):
    """A counter that is calculated; its inputs are added to each scan that it is in."""

    controller: "CalcCounterController"

    def read(self) -> Any:
        """The value calculated from what the inputs read now; may be called in hooks.

        Raises:
            DeviceError: an input can be measured in a scan only.
        """
        point = self.controller.read()[self.name][0]
        return point if self.shape else point.item()


class CalcCounterController(CounterController):
    """Calculates `outputs` from `inputs`: with `function`, or override `calc_function`.

    Counters of any controllers may be inputs, calculated ones too. `tags`: by the name of each input and output, what
    it is called in the calculation. `inputs` may also be a mapping `{"inputs": [...], "outputs": [...]}`.

    Raises:
        UsageError: no inputs, a tag or an output that is there twice, something that is no counter or no function.
    """

    def __init__(
        self,
        name: str,
        inputs: Inputs | Mapping[str, Any],
        outputs: Outputs = (),
        function: CalcFunction | None = None,
    ) -> None:
        super().__init__(name, blocking=False)
        config: Any = inputs
        if isinstance(config, Mapping) and "inputs" in config and not isinstance(config["inputs"], Counter):
            inputs, outputs = config["inputs"], config.get("outputs", outputs)
        if function is not None and not callable(function):
            raise UsageError(f"{name}: expected a function of the inputs, got {function!r}")
        self._function = function
        self.tagged_inputs: dict[str, Counter] = {}
        for counter, tag in _pairs(name, inputs):
            if tag in self.tagged_inputs:
                raise UsageError(f"{name}: two inputs are called {tag!r}; give them tags: {{'tag': counter}}")
            self.tagged_inputs[tag] = counter
        self.tags = {counter.name: tag for tag, counter in self.tagged_inputs.items()}
        for output in outputs:
            self._add_output(output)
        if not self.tagged_inputs:
            raise UsageError(f"{name}: a calculation needs inputs")

    def _add_output(self, described: str | Mapping[str, Any]) -> None:
        output = {"name": described} if isinstance(described, str) else dict(described)
        name, tag = output.pop("name", ""), output.pop("tags", None)
        known = {"unit", "shape", "dtype", "dim"}
        if unknown := set(output) - known:
            raise UsageError(f"{self.name}: output {name!r} has {sorted(unknown)}; it may have {sorted(known)}")
        if output.pop("dim", 0) and "shape" not in output:
            raise UsageError(f"{self.name}: output {name!r} is no scalar: say its shape")
        if name in self.counters:
            raise UsageError(f"{self.name}: two outputs are called {name!r}")
        self.tags[CalcCounter(name, self, **output).name] = tag or name

    @property
    def outputs(self) -> list[Counter]:
        """The counters that it calculates: those described, and every `CalcCounter(name, controller)` made since."""
        return list(self.counters.values())

    @property
    def inputs(self) -> list[Counter]:
        """The counters that it is calculated from."""
        return list(self.tagged_inputs.values())

    def calc_function(self, input_dict: Values) -> Mapping[str, npt.ArrayLike]:
        """The outputs' points, by tag or name, from as many points of each input, by tag.

        Called with new points as they come, on the thread that brings the last of them; keep it short. If it raises,
        the scan fails.
        """
        if self._function is None:
            raise NotImplementedError(f"{type(self).__name__} must override calc_function(), or be given a function")
        return self._function(input_dict)

    def calculate(self, inputs: Values) -> dict[str, npt.NDArray[Any]]:
        """The points of every output by its name, checked.

        Raises:
            DeviceError: the calculation failed, or did not give what it should.
        """
        count = len(next(iter(inputs.values())))
        try:
            with np.errstate(divide="ignore", invalid="ignore"):
                given = self.calc_function(inputs)
        except Exception as error:
            raise DeviceError(f"{self.name}: the calculation failed: {one_line(error)}") from error
        if not isinstance(given, Mapping):
            raise DeviceError(f"{self.name}: the calculation must give a dict of outputs, it gave {given!r}")
        return {output.name: self._checked(output, given, count) for output in self.outputs}

    def _checked(self, output: Counter, given: Mapping[str, Any], count: int) -> npt.NDArray[Any]:
        key = next((key for key in (self.tags.get(output.name), output.name) if key in given), None)
        if key is None:
            raise DeviceError(
                f"{self.name}: the calculation gave no {output.name!r}, only {', '.join(given) or 'none'}"
            )
        if given[key] is None:  # which an array of floats would take for NaN
            raise DeviceError(f"{self.name}: the calculation gave None for {output.name}, which is no point")
        try:
            points = as_type(given[key] if output.is_text else np.asarray(given[key]), output.dtype)
        except (TypeError, ValueError) as error:
            raise DeviceError(
                f"{self.name}: {output.name} is not of type {output.dtype.name}: {one_line(error)}"
            ) from error
        if points.shape == output.shape and count == 1:
            points = points[np.newaxis]
        if points.shape != (count, *output.shape):
            raise DeviceError(
                f"{self.name}: the calculation gave {output.name} with shape {points.shape} for {count} points, "
                f"expected {(count, *output.shape)}"
            )
        return points

    def read(self) -> dict[str, npt.NDArray[Any]]:
        """One point of each output, from what the inputs read now.

        Raises:
            DeviceError: an input can be measured in a scan only.
        """
        values: Values = {}
        for tag, counter in self.tagged_inputs.items():
            read = getattr(counter, "read", None)
            if read is None:
                raise DeviceError(
                    f"{self.name}: {counter.name} can be measured in a scan only, e.g. ct(1, {counter.name})"
                )
            values[tag] = as_type([read()], counter.dtype)
        return self.calculate(values)


def _pairs(name: str, inputs: Any) -> Iterator[tuple[Counter, str]]:
    if isinstance(inputs, Counter | str) or not isinstance(inputs, Mapping | Sequence):
        raise UsageError(f"{name}: inputs must be a list of counters or a mapping of tags to counters, got {inputs!r}")
    for item in inputs:
        if isinstance(inputs, Mapping):
            counter, tag = inputs[item], item
        elif isinstance(item, Mapping):
            counter, tag = item.get("counter"), item.get("tags")
        else:
            counter, tag = item, None
        if not isinstance(counter, Counter):
            raise UsageError(f"{name}: input {tag or item!r} is no counter: {counter!r}")
        yield counter, str(tag or counter.name)
