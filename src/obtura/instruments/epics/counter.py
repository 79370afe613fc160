"""PVs as counters: scalars, enums by number, waveforms, and texts; asked for, or told by their servers."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from obtura.contracts.counters import Counter, SamplingCounter, SamplingMode
from obtura.contracts.partly import PartlyReadError
from obtura.contracts.pushing import PushingCounterController
from obtura.contracts.sampling import wrong_as_text
from obtura.contracts.twins import Twin
from obtura.ground.errors import DeviceError, MisfitError, UsageError
from obtura.ground.ragged import RAGGED
from obtura.ground.ranges import NotNegative, Positive
from obtura.instruments.epics.link import TIMEOUT, Answer, Link, absent, ask_all, begin_to_ask, not_found, refresh
from obtura.instruments.epics.linked import OfPVs
from obtura.instruments.epics.listening import STALE, Listening, PVHearing, inquire
from obtura.instruments.epics.wires import Kind, Reading
from obtura.works.clock import clock

__all__ = ["PVCounter", "PVReader"]


class PVReader(OfPVs, PushingCounterController):
    """Reads the PVs of its counters together, with one request to each IOC.

    `timeout`: s that an IOC has to be found, and to answer. `max_sampling_frequency`: readings per second;
    most IOCs measure at most a hundred times a second, and to ask more often only loads them.

    With `monitor` nobody is asked: the IOCs tell of each new value, and a point is made of those that came during the
    count time, or else of the last one. What told nothing for `stale` s is asked once: an IOC that hangs is noticed.

    `facts`: PVs by name, whose text (an enum: the name of its state) is kept with each scan of its counters.
    """

    twin: ClassVar[Twin] = "controller"
    is_interruptible = True
    yaml_members: ClassVar[Mapping[str, tuple[str, str | None]]] = {"counters": ("controller", "PVCounter")}

    def __init__(
        self,
        name: str,
        timeout: NotNegative = TIMEOUT,
        max_sampling_frequency: Positive | None = 100.0,
        monitor: bool = False,
        facts: Mapping[str, str] | None = None,
        stale: Positive = STALE,
    ) -> None:
        super().__init__(name, blocking=True, max_sampling_frequency=max_sampling_frequency)
        self.timeout = timeout
        self.pushes = monitor
        self.stale = stale
        self._facts = {fact: Link(name, pv, timeout) for fact, pv in (facts or {}).items()}

    @property
    def links(self) -> Sequence[Link]:
        """The PVs of its counters, and of its facts."""
        return [*(counter.link for counter in _pv_counters(self.counters.values())), *self._facts.values()]

    def check(self) -> None:
        """Raise `DeviceTimeoutError` when not one of the PVs that a scan needs is connected."""
        links = [counter.link for counter in _pv_counters(self.counters.values()) if not counter.may_fail]
        if links and not any(link.connected for link in links):
            missing = not_found(links, clock.time() + self.timeout)
            if len(missing) == len(links):
                raise absent(links[0], "", len(links))

    def check_counters(self, *counters: Any) -> None:
        """Raise `DeviceError` unless each PV is connected and valid; not asked of those that a scan goes on without."""
        needed = [counter for counter in _pv_counters(counters) if not counter.may_fail]
        for found in self._found(needed, ""):
            if isinstance(found, DeviceError):
                raise found

    def read_all(self, *counters: Counter) -> Sequence[Any]:
        """The present values, read at one time; with `monitor` what was told last."""
        found = self._found(_pv_counters(counters), "read")
        if any([isinstance(each, DeviceError) for each in found]):
            raise PartlyReadError(found)
        return found

    def sample(self, counters: Sequence[Counter]) -> list[Any]:
        """Converted values; what can't be read is told apart, and keeps no other from being read."""
        with self.lock:
            found = self._found(_pv_counters(counters), "read")
        values = [
            each if isinstance(each, DeviceError) else counter.convert(each)
            for counter, each in zip(counters, found, strict=True)
        ]
        errors = [each for each in found if isinstance(each, DeviceError)]
        if errors:
            raise PartlyReadError(values) if len(values) > 1 else errors[0]
        return values

    def learn_units(self) -> None:
        """Have the units of all counters together: a scan of a thousand asks for each."""
        links = [counter.link for counter in _pv_counters(self.counters.values()) if not counter.is_text]
        refresh([link for link in links if link.connected and not link.is_fresh], "unit")

    def prepare(self, *counters: Counter) -> None:
        """With `monitor`, have its servers tell of new values, if they don't yet."""
        if self.pushes:
            self._found(_pv_counters(counters), "prepare")

    def hear(self, counters: Sequence[Counter]) -> PVHearing:
        """Listen for a point."""
        return PVHearing(self.lock, _pv_counters(counters))

    def scan_metadata(self) -> Mapping[str, Any] | None:
        """The text of its facts; of one that can't be had, why."""
        found = {}
        for name, link in self._facts.items():
            try:
                found[name] = link.read_text(name)
            except DeviceError as error:
                found[name] = f"not known: {error}"
        return found or None

    def _found(self, counters: "Sequence[PVCounter]", operation: str) -> list[Any]:
        """The raw value of each, or why there is none."""
        links = [counter.link for counter in counters]
        deadline = clock.time() + max((link.timeout for link in links), default=0.0)
        missing: Sequence[Link] = ()
        if not all([link.remote.connected for link in links]):
            missing = not_found(links, deadline)
            deadline = clock.time() + max(link.timeout for link in links)
        there = [counter for counter in counters if counter.link not in missing] if missing else counters
        if self.pushes:
            for counter in there:
                counter.listening.begin()
            inquire([counter.listening for counter in there], operation)
        else:
            answers = _asked(there, operation)

        def value(counter: PVCounter) -> Any:
            if counter.link in missing:
                raise absent(counter.link, operation, len(missing))
            if self.pushes:
                return counter.value_of(operation, counter.listening.last(operation, deadline))
            return counter.value_of(operation, answers[counter.link].wait(deadline))

        return [_tried(lambda one=counter: value(one)) for counter in counters]  # type: ignore[misc]


class PVCounter(OfPVs, SamplingCounter):
    """A counter that is a PV. Counters made with the same `controller` are read together.

    `unit` is the PV's engineering unit (EGU) unless it is given; `timeout`, `monitor` and `stale` as for `PVReader`,
    when it has a controller of its own; `mode`: what becomes of the readings of a point. An enum counts by number, see
    `states`.

    `shape`: of a waveform, (1024,); (-1,) for one whose length changes, of which the last reading is the point. How
    many values it has is what the IOC says at each reading: NORD of a record.

    `as_text`: a point is the PV's text: a string; of an enum the name of its state; a waveform of characters, for those
    of more than 40; of a number what the server writes of it.

    Raises:
        UsageError: what can't be.
    """

    controller: PVReader
    twin: ClassVar[Twin] = "counter"

    def __init__(
        self,
        name: str,
        pv: str,
        unit: str | None = None,
        controller: PVReader | None = None,
        conversion_function: Callable[[Any], Any] | None = None,
        timeout: NotNegative = TIMEOUT,
        mode: SamplingMode | str | int | None = None,
        shape: Sequence[int] = (),
        monitor: bool = False,
        as_text: bool = False,
        stale: Positive = STALE,
    ) -> None:
        for key, problem in wrong_as_text({"shape": shape, "as_text": as_text}):
            raise UsageError(f"{name}: {key} {problem}")
        if monitor and controller is not None and not controller.pushes:
            raise UsageError(f"{name}: {controller.name}, which reads it, does not monitor: say monitor=True there")
        reader = PVReader(name, timeout, monitor=monitor, stale=stale) if controller is None else controller
        self.link = Link(name, pv, reader.timeout)
        self.kind = Kind.TEXT if as_text else Kind.VALUE
        self.listening = Listening(self.link, self.kind, reader.stale)
        shape = tuple(shape)
        if mode is None and shape == RAGGED:
            mode = SamplingMode.LAST
        super().__init__(name, reader, conversion_function, mode, unit, str if as_text else float, shape)

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        yield from OfPVs.yaml_check(given)
        try:
            SamplingMode(given.get("mode", SamplingMode.MEAN))
        except UsageError as error:
            yield "mode", str(error)
        shape = tuple(given.get("shape", ()))
        if shape != RAGGED and any(size < 1 for size in shape):
            yield "shape", "must be of numbers of at least 1, or [-1] for an array of any length"
        yield from wrong_as_text(given)

    @property
    def unit(self) -> str | None:
        """The unit given, or the PV's; None when it has none or is not connected, and of a text."""
        if self.is_text:
            return self._unit
        if self._unit is None and self.link.settle() and not self.link.is_fresh:
            self.controller.learn_units()
        return self._unit or self.link.unit()

    @unit.setter
    def unit(self, unit: str | None) -> None:
        self._unit = unit

    @property
    def links(self) -> Sequence[Link]:
        """Its PV."""
        return [self.link]

    @property
    def states(self) -> tuple[str, ...]:
        """The names of an enum's states, by their numbers; empty for anything else."""
        return self.link.control("states").states

    def check(self) -> None:
        """Raise `DeviceError` unless its PV is connected and has a valid value."""
        self.value_of("", ask_all([self.link], "", self.kind)[0])

    def value_of(self, operation: str, reading: Reading) -> Any:
        """The number, array or text that was read; raises `DeviceError` when it is none, or not of its shape."""
        if self.kind is Kind.TEXT:
            text = self.link.valid(operation, reading)
            if not isinstance(text, str):
                raise self.link.failure(operation, "is an array or a structure, and a point of text is one text")
            return text
        if not self._shape:
            try:
                return self.link.number_of(operation, reading)
            except DeviceError as error:
                raise type(error)(f"{error}{self._hint(reading)}") from None
        array = self.link.array_of(operation, reading)
        if self._shape == RAGGED:
            return array.ravel()
        if array.size != math.prod(self._shape):
            what = f"is an array of {array.size}, expected shape {self._shape}; shape (-1,) takes any length"
            raise self.link.failure(operation, what, MisfitError)
        return array.reshape(self._shape)

    @staticmethod
    def _hint(reading: Reading) -> str:
        if reading.invalid:
            return ""
        if isinstance(reading.value, str):
            return "; as_text counts it, and among the facts of a PVReader it is kept once a scan"
        size = getattr(reading.value, "size", 0)
        return f"; shape=({size},) counts an array, shape=(-1,) one of any length" if size else ""

    def __info__(self) -> str:
        """Its PV, since when it is connected, its value."""
        value = "unknown"
        if self.link.settle():
            try:
                value = self._told()
            except DeviceError as error:
                value = str(error)
        return f"counter {self.name}: {value}\n  PV {self.link.name}: {self.link.state}"

    def _told(self) -> str:
        value, unit = self.read(), self.unit or ""
        if self.is_text:
            return repr(value)
        if self.shape:
            return f"{value.size} values {unit}".rstrip()
        states = self.states
        name = f" ({states[int(value)]})" if 0 <= value < len(states) else ""
        return f"{value:g}{name} {unit}".rstrip()


def _pv_counters(counters: Any) -> list[PVCounter]:
    return [counter for counter in counters if isinstance(counter, PVCounter)]


def _asked(counters: Sequence[PVCounter], operation: str) -> dict[Link, Answer]:
    """What will be answered, by the PV: numbers and texts are asked for apart, but none is waited for."""
    answers: dict[Link, Answer] = {}
    for kind in (Kind.VALUE, Kind.TEXT):
        links = [counter.link for counter in counters if counter.kind is kind]
        if links:
            answers |= zip(links, begin_to_ask(links, operation, kind), strict=True)
    return answers


def _tried(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except DeviceError as error:
        return error
