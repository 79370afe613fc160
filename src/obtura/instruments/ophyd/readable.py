"""What devices with counters have in common: their keys, and being staged for the time of a scan."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from bluesky.protocols import Readable, Stageable

from obtura.contracts.counters import Counter, Counters
from obtura.contracts.looking import is_looking
from obtura.ground.errors import DeviceError, UsageError
from obtura.ground.texts import TEXT
from obtura.instruments.ophyd.facts import Key, described, hinted, only_key
from obtura.instruments.ophyd.partner import Partner
from obtura.instruments.ophyd.spoken import Spoken

__all__ = ["KeyCounter", "Reads"]


class Reads(Spoken):
    """A controller whose counters are keys of a reading. Unless counters are listed, there is one for each hinted key.

    These are known once the device has been asked; `keys` then has all of them.
    """

    name: str
    timeout: float
    _counters: Counters
    _kind: type[Any]

    def _begin(self, partner: Partner) -> None:
        if not isinstance(partner.device, Readable):
            raise UsageError(f"{partner.who}: a {type(partner.device).__name__} has nothing to read: it is no Readable")
        self._partner = partner
        self._keys: dict[str, Key] = {}
        self._listed = False
        self._staged = False

    @property
    def partner(self) -> Partner:
        """How the device is spoken to."""
        return self._partner

    @property
    def counters(self) -> Counters:
        """Its counters by name. Unless they are listed, the device is asked which there are, when it answers."""
        if not self._listed and not self._counters:
            try:
                self.learn("")
            except DeviceError:  # whoever uses the device is told
                return self._counters
            if not self._counters:
                self.list_counters()
                for key in hinted(self._partner, self._keys):
                    if self._keys[key].is_counted:
                        self._kind(key, self, key)
        return self._counters

    @counters.setter
    def counters(self, counters: Counters) -> None:
        self._counters = counters

    def list_counters(self) -> None:
        """Have only the counters that are made with it, not one for each hinted key."""
        self._listed = True

    def learn(self, operation: str) -> dict[str, Key]:
        """The keys of its readings.

        Raises:
            DeviceError: it does not answer.
        """
        if not self._keys:
            self._keys = described(self._partner, operation)
        return self._keys

    def find(self, key: str) -> Key | None:
        """What is known of a key, or of the first that is hinted. None: it does not answer, or has no such key."""
        try:
            return self.learn("")[only_key(self._partner, self.learn(""), key)]
        except (DeviceError, UsageError):  # whoever uses it is told, by `check_counters`
            return None

    def check(self) -> None:
        """Raise `DeviceError` unless it is connected and answers."""
        self._partner.ready("")
        self.learn("")

    def check_counters(self, *counters: Any) -> None:
        """Raise `DeviceError` when the device is there and reads no such key."""
        for counter in counters:
            try:
                only_key(self._partner, self.learn(""), counter.key)
            except UsageError as error:
                raise DeviceError(f"{counter.name}: {error}") from None

    def _values(self, operation: str, counters: Sequence[Any]) -> list[Any]:
        reading: Mapping[str, Any] = self._partner.ask(operation, self.ophyd_device.read)
        try:
            values = [reading[counter.key]["value"] for counter in counters]
        except KeyError as error:
            known = ", ".join(reading) or "nothing"
            raise self._partner.failure(operation, f"read no {error.args[0]!r} (it reads: {known})") from None
        return [self._as_announced(operation, *each) for each in zip(counters, values, strict=True)]

    def _as_announced(self, operation: str, counter: Any, value: Any) -> Any:
        shape = np.shape(value)
        if shape == counter.shape or counter.conversion_function is not None:
            return value
        if shape == () and counter.shape == (1,):
            return np.reshape(value, 1)
        what = f"announced {counter.key} as {_shown(counter.shape)} and gave {_shown(shape)}"
        raise self._partner.failure(operation, what)

    def _stage(self) -> None:
        device = self.ophyd_device
        if isinstance(device, Stageable) and not is_looking():
            self._unstage()  # it was away when it should have been: ophyd refuses to stage twice
            self._staged = True  # also when it fails half-way
            self._partner.wait("stage", self._partner.tell("stage", device.stage), self.timeout)

    def _unstage(self) -> None:
        if self._staged:
            self._partner.wait("unstage", self._partner.tell_anyway("unstage", self.ophyd_device.unstage), self.timeout)
            self._staged = False

    def __info__(self) -> str:
        """Its counters, and how it is connected."""
        lines = [one.__info__().partition("\n")[0] for one in self.counters.values()]
        told = "".join(f"\n  {line}" for line in lines or ["no counters"])
        return f"{type(self).__name__} {self.name}: {self.connection}{told}"


class KeyCounter(Counter):
    """What counters of readings have in common: `key`, and what the device says of it."""

    _written: str
    _found: Key | None = None

    @property
    def _owner(self) -> Reads:
        owner: Any = self.controller
        return cast(Reads, owner)

    @property
    def key(self) -> str:
        """The key of the readings that it is; empty as long as the device was not asked which it hints."""
        found = self._known
        return self._written if found is None else found.name

    @property
    def _known(self) -> Key | None:
        if self._found is None:
            self._found = self._owner.find(self._written)
        return self._found

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its values: text where the device says so, unless a `conversion_function` makes numbers of it."""
        found = self._known
        is_text = found is not None and found.is_text and self.conversion_function is None
        return TEXT if is_text else self._dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one point, as the device says."""
        found = self._known
        return self._shape if found is None else found.shape

    @property
    def unit(self) -> str | None:
        """The unit given, or the device's; None when it has none or does not answer."""
        found = self._known
        return self._unit or (None if found is None else found.unit)

    @unit.setter
    def unit(self, unit: str | None) -> None:
        self._unit = unit

    @property
    def connection(self) -> str:
        """What its device is, whether and since when it is connected."""
        return self._owner.connection

    @property
    def trace(self) -> Any:
        """What was asked and told last."""
        return self._owner.trace


def _shown(shape: tuple[int, ...]) -> str:
    return f"an array of shape {shape}" if shape else "one value"
