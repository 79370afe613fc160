"""The world that simulated devices share."""

import random
from collections.abc import Callable

__all__ = ["World", "shared_world"]


class World:
    """The beam, and chance. Devices of one world see the same beam; the same seed gives the same readings.

    `source`: what makes the beam, e.g. a simulated ring: it gives the part of the full intensity, from 0 to 1.
    """

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.source: Callable[[], float] | None = None
        self._beam = 1.0

    @property
    def beam(self) -> float:
        """Intensity at the beamline's beginning: what was set, times what the source gives.

        Set it to have the beam come and go: 1 for all of it, 0 for none.
        """
        return self._beam if self.source is None else self._beam * self.source()

    @beam.setter
    def beam(self, intensity: float) -> None:
        self._beam = intensity

    def chance(self, name: str) -> random.Random:
        """Random numbers of one's own, so that the readings of one device don't depend on another's."""
        return random.Random(f"{self.seed} {name}")


_shared = World()


def shared_world() -> World:
    """The world of the devices that are given none, as in a beamline described in YAML; one for the process."""
    return _shared
