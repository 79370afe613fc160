"""A Tango device, and what of it is counted."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from obtura.contracts.connections import Exchange
from obtura.contracts.counters import SamplingCounterController
from obtura.contracts.twins import Twin
from obtura.ground.errors import DeviceError, MisfitError, one_line
from obtura.ground.ranges import Positive
from obtura.instruments.tango.address import Address, wrong_address
from obtura.instruments.tango.link import TIMEOUT, Link
from obtura.instruments.tango.monitor import Monitor
from obtura.instruments.tango.omni import know_this_thread
from obtura.instruments.tango.values import number_of, picked, text_of, unit_in, value_of
from obtura.instruments.tango.words import told_by

__all__ = ["OfDevice", "TangoDevice"]

log = logging.getLogger(__name__)


def _valid(who: str, link: Link, attribute: Any) -> Any:
    """The value of an attribute that was read."""
    try:
        if attribute.has_failed:
            stack = attribute.get_err_stack()
            kind = MisfitError if any(each.reason == "API_AttrNotFound" for each in stack) else DeviceError
            raise kind(f"{attribute.name} can't be read: {told_by(stack)}")
        return value_of(attribute)
    except DeviceError as error:
        raise type(error)(f"{who}: {link.address} {error}") from None


class _Plan(NamedTuple):
    """What is asked of a device to have the values of some counters; `places`: of each counter, which answer is its."""

    counters: tuple[Any, ...]
    who: str
    what: str
    attributes: list[str]
    commands: list[tuple[str, Any]]
    watched: list[Any]
    places: list[tuple[Any, int]]

    def read(self, proxy: Any) -> list[Any]:
        """Ask for it: what the attributes are, then what the commands give."""
        for each in self.watched:
            each.watch.read(proxy)
        answers = list(proxy.read_attributes(self.attributes)) if self.attributes else []
        for each in self.commands:
            answers.append(proxy.command_inout(*each))
        return answers


def _planned(name: str, counters: tuple[Any, ...]) -> _Plan:
    attributes = list(dict.fromkeys(each.attribute for each in counters if each.attribute is not None))
    commands = list(dict.fromkeys((each.command, each.argument) for each in counters if each.command is not None))
    who = counters[0].fullname if len(counters) == 1 else f"{name}.read"
    what = ", ".join([*attributes, *(f"{command}()" for command, _ in commands)])
    watched = [each for each in counters if each.watch is not None]
    answers: list[Any] = [*attributes, *commands]
    places = [
        (each, answers.index(each.attribute if each.command is None else (each.command, each.argument)))
        for each in counters
    ]
    return _Plan(counters, who, what, attributes, commands, watched, places)


class TangoDevice(SamplingCounterController):
    """A device of a Tango server. Its counters are read together: all their attributes with one call.

    `device`: `id01/motor/mx`, or an alias, in the Tango database at `tango_host` (host:port; where that is not given
    either, at what TANGO_HOST says); `tango://host:port/id01/motor/mx`; `tango://host:port/id01/motor/mx#dbase=no`
    without a database, by the port of its server. `timeout`: s that it has to be connected to, and to answer.
    Nothing is sent before it is needed; a device that was lost is connected anew when it is next asked.
    `max_sampling_frequency`: readings of its counters per second, None for as often as it answers.

    Raises:
        UsageError: this is no device.
    """

    twin: ClassVar[Twin] = "controller"
    is_interruptible = True
    yaml_members: Mapping[str, tuple[str, str | None]] = {
        "counters": ("controller", "TangoCounter"),
        "axes": ("device", "TangoAxis"),
        "shutters": ("device", "TangoShutter"),
        "multiplexers": ("device", "TangoMultiplexer"),
    }

    def __init__(
        self,
        name: str,
        device: str,
        tango_host: str | None = None,
        timeout: Positive = TIMEOUT,
        max_sampling_frequency: Positive | None = None,
    ) -> None:
        super().__init__(name, blocking=True, max_sampling_frequency=max_sampling_frequency)
        self.link = Link(Address(device, tango_host), timeout)
        self._monitors: dict[str, Monitor] = {}
        self._plan: _Plan | None = None

    @staticmethod
    def yaml_check(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """What can be wrong with what is written."""
        if "device" in given and (why := wrong_address(given["device"], given.get("tango_host"))):
            yield "device", why

    # -- what may be said, by code of one's own -----------------------------------------------------------------

    def read_attribute(self, attribute: str, who: str = "") -> Any:
        """The present value of an attribute, as PyTango gives it. `who` asks, for messages.

        Raises:
            DeviceError: it can't be had, or is not valid.
        """
        who = who or f"{self.name}.{attribute}"
        return _valid(who, self.link, self.link.ask(who, attribute, lambda proxy: proxy.read_attribute(attribute)))

    def value_and_name(self, attribute: str, who: str) -> tuple[Any, ...]:
        """The present value of an attribute; with it, of a state or an enum, its name."""
        value = self.read_attribute(attribute, who)
        if (name := getattr(value, "name", None)) is not None:  # DevState
            return value, name
        labels = list(self.link.config(who, attribute).enum_labels)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return (value, labels[value]) if is_number and 0 <= value < len(labels) else (value,)

    def write_attribute(self, attribute: str, value: Any) -> None:
        """Write an attribute; the name of a state of an enum will do.

        Raises:
            DeviceError: it is refused, or can't be told.
        """
        self.link.write(self.name, attribute, attribute, value)

    def command(self, command: str, argument: Any = None, timeout: float | None = None) -> Any:
        """Have a command executed, and give what it gives. `timeout`: s that it may take, None: as the device's.

        Raises:
            DeviceError: it is refused, or has not ended in time.
        """
        return self.link.command(self.name, command, command, argument, timeout)

    def monitor(self, attribute: str) -> Monitor:
        """What knows this attribute by its events; one for all who want it."""
        if attribute not in self._monitors:
            self._monitors[attribute] = Monitor(self.link, attribute)
        return self._monitors[attribute]

    def unit_of(self, attribute: str) -> str | None:
        """The unit of an attribute that is counted; None when it has none, or the device is not connected.

        Those of all counters are asked for at once: a scan of them needs them all.
        """
        if not (self.link.is_connected or self.link.is_new):
            return None
        counted = (getattr(each, "attribute", None) for each in self.counters.values())
        for wanted in (list(dict.fromkeys([attribute, *filter(None, counted)])), [attribute]):
            try:
                return unit_in(self.link.configs(f"{self.name}.unit", wanted)[0])
            except DeviceError as error:  # it may have one of them only
                log.debug("%s", one_line(error))
        return None

    def state_and_status(self, who: str) -> tuple[str, str]:
        """The name of its state, as FAULT, and the text of its status."""
        state, status = self.link.ask(who, "State, Status", lambda proxy: (proxy.state(), proxy.status()))
        return state.name, " ".join(str(status).split())

    def on_lane_start(self) -> None:
        """Have Tango know the thread that makes a scan's calls."""
        know_this_thread()

    # -- as a controller of counters ----------------------------------------------------------------------------

    def check(self) -> None:
        """Raise `DeviceError` unless it answers; what its counters read is not asked for."""
        self.reach(self.name)

    def reach(self, who: str) -> None:
        """Raise `DeviceError` unless it answers, for `who`."""
        self.link.ask(who, "ping", lambda proxy: proxy.ping())

    def check_counters(self, *counters: Any) -> None:
        """Raise `DeviceError` when one of these has no value; not asked of those that a scan goes on without."""
        self.read_all(*(counter for counter in counters if not counter.may_fail))

    def read_all(self, *counters: Any) -> Sequence[Any]:
        """The present values: attributes with one call, commands one after the other."""
        plan = self._plan
        if plan is None or plan.counters != counters:  # a scan asks for the same again and again
            plan = self._plan = _planned(self.name, counters)
        if plan.watched:
            answers = self._answers_with_told(plan)
        else:
            answers = self.link.ask(plan.who, plan.what, plan.read) if counters else []
        return [self._value(each, answers[place]) for each, place in plan.places]

    def _answers_with_told(self, plan: _Plan) -> list[Any]:
        """As `plan.read` gives them; what events have told is not asked for."""
        told = {each.attribute: each.watch.value() for each in plan.watched}
        asked = plan._replace(attributes=[each for each in plan.attributes if told.get(each) is None])
        answers = self.link.ask(plan.who, plan.what, asked.read) if asked.attributes or asked.commands else []
        told.update(zip(asked.attributes, answers, strict=False))  # what commands give comes after
        for each in plan.watched:
            if each.attribute in asked.attributes:
                each.watch.take(told[each.attribute])
        return [*map(told.__getitem__, plan.attributes), *answers[len(asked.attributes) :]]

    def _value(self, counter: Any, answer: Any) -> Any:
        if counter.command is None:
            is_well = not (answer.has_failed or answer.is_empty)
            answer = answer.value if is_well else _valid(counter.fullname, self.link, answer)
        try:
            value = answer if counter.index is None else picked(answer, counter.index)
            if counter.as_text:
                return text_of(value, self._labels(counter, value))
            return number_of(value, counter.shape, counter.words)
        except DeviceError as error:
            raise type(error)(f"{counter.fullname}: {self.link.address} {counter.source}: {error}") from None

    def _labels(self, counter: Any, value: Any) -> Sequence[str]:
        """The names of the states of an enum; of anything else none."""
        may_be_enum = counter.command is None and isinstance(value, int) and not isinstance(value, bool)
        return self.link.config(counter.fullname, counter.attribute).enum_labels if may_be_enum else ()

    # -- how it is ----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Disconnect. When it is used again, it connects again."""
        self.link.close()

    @property
    def connection(self) -> str:
        """Its address, whether and since when it is connected."""
        return f"{self.link.address}, {self.link.wire.state}"

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last, the oldest first."""
        return self.link.wire.trace

    def __info__(self) -> str:
        """Its state and status, whether it is connected, its counters. One that is not connected is not waited for."""
        _, *counters = super().__info__().splitlines()
        try:
            state, status = self.state_and_status(self.name) if self.link.is_connected or self.link.is_new else ("", "")
            told = [f"  {state}: {status}"] if state else []
        except DeviceError as error:
            told = [f"  {one_line(error)}"]
        return "\n".join([f"{type(self).__name__} {self.name}: {self.connection}", *told, *counters])


class OfDevice:
    """What belongs to a `device`: how it is connected is what that says."""

    device: TangoDevice

    @property
    def connection(self) -> str:
        """The address of its device, whether and since when it is connected."""
        return self.device.connection

    @property
    def trace(self) -> Sequence[Exchange]:
        """What was said last to its device."""
        return self.device.trace
