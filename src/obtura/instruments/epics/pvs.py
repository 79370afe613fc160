"""The PVs of one device by short names."""

from collections.abc import Mapping, Sequence

from obtura.instruments.epics.link import TIMEOUT, Answer, Link, read_all
from obtura.instruments.epics.linked import OfPVs
from obtura.works.clock import clock

__all__ = ["PVs"]


class PVs(OfPVs):
    """The PVs of one device. `names`: by a short name each; `timeout`: s that a server has to be found, to answer."""

    def __init__(self, device: str, names: Mapping[str, str], timeout: float = TIMEOUT) -> None:
        self.device = device
        self.timeout = timeout
        self._links = {name: Link(device, pv, timeout) for name, pv in names.items()}

    def __getitem__(self, name: str) -> Link:
        return self._links[name]

    def __contains__(self, name: str) -> bool:
        return name in self._links

    @property
    def links(self) -> Sequence[Link]:
        """All of them."""
        return list(self._links.values())

    def read(self, operation: str, *names: str) -> list[float]:
        """The present values of several, asked for together; each must be a valid number."""
        return read_all([self._links[name] for name in names], operation)

    def number(self, operation: str, name: str) -> float:
        """The present value of one."""
        return self.read(operation, name)[0]

    def whole(self, operation: str, *names: str) -> list[int]:
        """The present values of several that count something.

        Raises:
            DeviceError: one can't be had, or is no whole number of at least 0.
        """
        found = self.read(operation, *names)
        for name, value in zip(names, found, strict=True):
            if not (value >= 0 and value.is_integer()):
                raise self._links[name].failure(operation, f"is {value:g}, not a whole number of at least 0")
        return [int(value) for value in found]

    def text(self, operation: str, name: str) -> str:
        """The present value of one as text: the name of an enum's state, or what an array of characters says."""
        return self._links[name].read_text(operation)

    def check_writable(self, *names: str) -> None:
        """Raise `DeviceError` unless these are connected and may be put to."""
        for name in names:
            self._links[name].check_writable("")

    def put(self, operation: str, name: str, value: float | str, confirm: bool = True) -> Answer:
        """Put and return; `Answer.wait` waits until it was processed.

        Raises:
            DeviceError: it is not connected, may not be put to, or this process only looks.
        """
        return self._links[name].put(value, operation, confirm)

    def tell(self, operation: str, **values: float | str) -> None:
        """Put one after the other; each is processed before the next is put.

        Raises:
            DeviceError: as `put`; or one was refused, or not confirmed within `timeout`.
        """
        for name, value in values.items():
            self.put(operation, name, value).wait(clock.time() + self.timeout)
