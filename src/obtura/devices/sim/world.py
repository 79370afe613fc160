"""The world that simulated devices share."""

import random

__all__ = ["World"]


class World:
    """The beam, and chance. Devices of one world see the same beam; the same seed gives the same readings.

    `beam`: intensity at the source, 1 for all of it, 0 for none; set it to have the beam come and go.
    """

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.beam = 1.0

    def chance(self, name: str) -> random.Random:
        """Random numbers of one's own, so that the readings of one device don't depend on another's."""
        return random.Random(f"{self.seed} {name}")
