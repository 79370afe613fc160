"""Flyers in scans: prepared, kicked off, and followed until they are complete."""

import math
from collections.abc import Callable
from typing import Any

from bluesky.protocols import Collectable, EventCollectable, EventPageCollectable, Preparable, Stageable, Stoppable

from obtura.contracts.acquisition import AcquisitionMaster, TriggerMode
from obtura.contracts.looking import check_may_be_told
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import DeviceError, DeviceTimeoutError, UsageError
from obtura.instruments.ophyd.facts import described_collect
from obtura.instruments.ophyd.flyer import OphydFlyer
from obtura.instruments.ophyd.order import Order
from obtura.works.clock import Flag, clock
from obtura.works.lanes import SLICE

__all__ = ["OphydFlyerMaster"]


class OphydFlyerMaster(AcquisitionMaster):
    """One flight: `prepare(value)` and `kickoff()`; until it is complete, what it collects is emitted.

    It has a channel for each number or text in `describe_collect()`, and `epoch`: when each point was taken (s).
    `npoints`: how many points a flight gives, which is checked; 0: nobody knows, then it can only be the top of its
    chain. Slaves go by themselves meanwhile, trigger type HARDWARE. `value`: what it is prepared with, a `FlyMotorInfo`
    say; None: it is not. `longest`: s that a flight may take; None: as long as it likes.

    Raises:
        UsageError: it is prepared with a value and can't be.
        DeviceError: it does not say what it collects.
    """

    role = "counter"

    def __init__(self, flyer: OphydFlyer, value: Any = None, *, npoints: int = 0, longest: float | None = None) -> None:
        if not isinstance(flyer, OphydFlyer):
            raise UsageError(f"expected an OphydFlyer, got {flyer!r}")
        is_known = npoints > 0
        super().__init__(
            flyer,
            name=flyer.name,
            npoints=npoints,
            trigger_type=TriggerMode.SOFTWARE if is_known else TriggerMode.HARDWARE,
            start_once=not is_known,
        )
        self.triggers = npoints or 1
        self._flyer = flyer
        self._partner = flyer.partner
        self._device = flyer.ophyd_device
        if value is not None and not isinstance(self._device, Preparable):
            raise UsageError(f"{flyer.name}: a {type(self._device).__name__} can't be prepared, with {value!r}")
        self._value = value
        self._longest = longest
        self._order: Order | None = None
        self._flies = self._staged = False
        self._count = 0  # points of this flight
        self._ended = Flag()
        self._by_key: dict[str, AcquisitionChannel] = {}
        self._epoch: AcquisitionChannel | None = None
        if self._collect is not None:
            self._have_channels()

    @property
    def _collect(self) -> Callable[[], Any] | None:
        """What gives its points, events or pages of events; None: it gives none."""
        kinds = ((EventCollectable, "collect"), (EventPageCollectable, "collect_pages"))
        return next((getattr(self._device, name) for kind, name in kinds if isinstance(self._device, kind)), None)

    def _have_channels(self) -> None:
        for name, key in described_collect(self._partner, "").items():
            if (key.is_number or key.is_text) and not key.external:
                self._by_key[name] = AcquisitionChannel(f"{self.name}:{name}", key.dtype, key.shape, key.unit)
        self._epoch = AcquisitionChannel(f"{self.name}:epoch", unit="s")
        self.channels += [*self._by_key.values(), self._epoch]

    def validate(self) -> None:
        """Refuse a scan with a flyer that is not there, or with slaves that it would have to trigger."""
        check_may_be_told(self.name, "kickoff")
        self._partner.ready("")
        if self.parent is not None and not self.npoints:
            raise UsageError(
                f"{self.name} flies at each point of {self.parent.name}: say how many npoints a flight gives"
            )
        for slave in self.slaves:
            if slave.trigger_type is TriggerMode.SOFTWARE:
                raise UsageError(
                    f"{self.name} triggers nobody while it flies: {slave.name} needs trigger_type='HARDWARE'"
                )
        if isinstance(self._device, Collectable) and self._collect is None:
            raise UsageError(f"{self.name} writes its points into a file itself: take an OphydCamera")

    # -- a flight -------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Stage it, and prepare it."""
        partner, device = self._partner, self._device
        if isinstance(device, Stageable) and not self._staged:
            self._staged = True  # also when it fails half-way
            partner.wait("stage", partner.tell("stage", device.stage), partner.timeout)
        if self._value is not None:
            self._follow("prepare", partner.begin("prepare", device.prepare, self._value))

    def trigger(self) -> None:
        """Have it fly, and emit what it collects until it is complete."""
        partner, device = self._partner, self._device
        self._count = 0
        self._flies = True
        self._follow("kickoff", partner.begin("kickoff", device.kickoff))
        if self._ended.is_set:
            return
        order = partner.begin("complete", device.complete)
        self._follow("complete", order)
        if order.done.is_set and not self._ended.is_set:
            self._flies = False
            self._emit()
            if self.npoints and self._count != self.triggers:
                raise partner.failure("collect", f"gave {self._count} points, {self.triggers} were expected")

    def _follow(self, what: str, order: Order) -> None:
        """Return when an order is done, or the scan ends.

        Raises:
            DeviceError: it failed; with `DeviceTimeoutError` it took longer than it may.
        """
        self._order = order
        late = clock.time() + (math.inf if self._longest is None else self._longest)
        period = math.inf if self._flyer.period is None or what != "complete" else self._flyer.period
        collected = clock.time()
        while not clock.wait(order.done, min(period, SLICE)):
            if self._ended.is_set:
                return
            if clock.time() >= collected + period:
                self._emit()
                collected = clock.time()
            if clock.time() > late:
                raise DeviceTimeoutError(str(self._partner.failure(what, f"was not done after {self._longest:g} s")))
        if not self._ended.is_set:
            self._partner.check(what, order)

    def _emit(self) -> None:
        """Emit what there is to collect."""
        if self._collect is None or self._epoch is None:
            return
        for event in self._partner.ask("collect", self._collected):
            times = event["time"]
            is_page = hasattr(times, "__len__")
            for key, channel in self._by_key.items():
                if key in event["data"]:
                    channel.emit(event["data"][key])
            self._epoch.emit(times)
            self._count += len(times) if is_page else 1

    def _collected(self) -> Any:
        """Its events: a list, of a device of ophyd-async one that is awaited."""
        given = self._collect() if self._collect is not None else ()
        return _gathered(given) if hasattr(given, "__aiter__") else list(given)

    # -- the end --------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop it, if it flies, and unstage it.

        Raises:
            DeviceError: it could not be told.
        """
        self._ended.set()
        partner, device = self._partner, self._device
        order, self._order = self._order, None
        flies = self._flies or (order is not None and not order.done.is_set)
        self._flies = False
        try:
            if flies and isinstance(device, Stoppable):
                if order is None:
                    partner.halt("stop", device.stop)
                elif not partner.end("stop", device.stop, order, partner.timeout):
                    raise DeviceError(str(partner.failure("stop", f"still flies {partner.timeout:g} s after stop()")))
        finally:
            if self._staged:
                self._staged = False
                partner.wait("unstage", partner.tell_anyway("unstage", device.unstage), partner.timeout)


async def _gathered(events: Any) -> list[Any]:
    return [event async for event in events]
