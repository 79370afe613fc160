"""A plan stub, message by message, without a RunEngine: for hooks of scans.

Only what sets things up is understood: `set`, `wait`, `trigger`, `stage`... A message that would make documents is
refused, for they would belong to no run: such a plan goes to a RunEngine, with `obtura_scan` in it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from obtura.ground.errors import DeviceError, UsageError
from obtura.instruments.ophyd.loop import on_loop, the_loop
from obtura.instruments.ophyd.order import Order
from obtura.instruments.ophyd.partner import TIMEOUT, Partner
from obtura.works.clock import clock

__all__ = ["Stub"]

IGNORED = ("null", "checkpoint", "clear_checkpoint", "rewindable")

BEGINNING = ("set", "trigger", "prepare", "kickoff", "complete")
"""Messages that begin something, with the name of the method that they call."""

ASKING = ("read", "locate")

STAGING = ("stage", "unstage")


class Stub:
    """Does what the messages of a plan say, on this thread. `timeout`: s that a device has for each, None for any."""

    def __init__(self, name: str, timeout: float | None) -> None:
        self._name = name
        self._timeout = timeout
        self._partners: dict[int, Partner] = {}
        self._orders: dict[Any, list[tuple[Partner, str, Order]]] = {}

    def run(self, plan: Iterable[Any]) -> Any:
        """Go through a plan, and give its result.

        What was begun and not waited for is waited for in the end. When something fails, or Ctrl-C comes, what still
        moves is stopped.

        Raises:
            DeviceError: a device failed.
            UsageError: a message that only a RunEngine understands.
            Whatever the plan raises.
        """
        messages: Any = iter(plan)
        try:
            result = self._through(messages)
            for group in list(self._orders):
                self._wait(group)
            return result
        except BaseException as error:
            self._stop_all(error)
            raise

    def _through(self, messages: Any) -> Any:
        send: Callable[[Any], Any] = getattr(messages, "send", lambda _response: next(messages))
        throw: Callable[[Exception], Any] | None = getattr(messages, "throw", None)
        response: Any = None
        failed: Exception | None = None
        while True:
            try:
                message = send(response) if failed is None or throw is None else throw(failed)
            except StopIteration as ended:
                return ended.value
            response = failed = None
            try:
                response = self._obey(message)
            except Exception as error:
                if throw is None:
                    raise
                failed = error  # the plan may know what to do

    def _obey(self, message: Any) -> Any:
        command, device = message.command, message.obj
        if command in BEGINNING:
            return self._begin(message)
        if command in STAGING:
            partner = self._partner(device)
            partner.wait(command, partner.tell(command, getattr(device, command)), self._limit)
            return [device]
        if command in ASKING:
            return self._partner(device).ask(command, getattr(device, command))
        if command == "configure":
            return self._partner(device).ask("configure", lambda: device.configure(*message.args, **message.kwargs))
        if command == "stop":
            return self._partner(device).halt("stop", device.stop)
        if command == "wait":
            return self._wait(message.kwargs.get("group", message.args[0] if message.args else None))
        if command == "sleep":
            return clock.sleep(float(message.args[0]))
        if command == "wait_for":
            return [on_loop(the_loop(), "wait_for", one, self._timeout) for one in message.args[0]]
        if command in IGNORED:
            return None
        raise UsageError(
            f"{self._name}: a hook can't do {command!r}, which needs a RunEngine; "
            "in a hook a plan sets things up: bps.mv, bps.abs_set, bps.trigger, bps.stage, bps.sleep"
        )

    def _begin(self, message: Any) -> Any:
        options = dict(message.kwargs)
        group = options.pop("group", None)
        options.pop("wait", None)
        partner = self._partner(message.obj)
        order = partner.tell(message.command, getattr(message.obj, message.command), *message.args, **options)
        self._orders.setdefault(group, []).append((partner, message.command, order))
        return order.given

    def _wait(self, group: Any) -> None:
        for partner, operation, order in self._orders.pop(group, []):
            try:
                partner.wait(operation, order, self._limit)
            except BaseException:
                self._orders.setdefault(group, []).append((partner, operation, order))
                raise

    @property
    def _limit(self) -> float:
        return float("inf") if self._timeout is None else self._timeout

    def _partner(self, device: Any) -> Partner:
        if id(device) not in self._partners:
            name = getattr(device, "name", "") or type(device).__name__
            self._partners[id(device)] = Partner(f"{self._name}: {name}", device, TIMEOUT)
        return self._partners[id(device)]

    def _stop_all(self, error: BaseException) -> None:
        for orders in self._orders.values():
            for partner, _, order in orders:
                stop = getattr(partner.device, "stop", None)
                if order.done.is_set or not callable(stop):
                    continue
                try:
                    partner.end("stop", stop, order, partner.timeout)
                except DeviceError as failed:
                    error.add_note(f"and it could not be stopped: {failed}")
