"""The electronics of a shutter, in a process of their own, shared by the tests of a file."""

import pytest

from obtura.devices.sim import ShutterBox, shutter_box

__all__ = ["Box", "box", "running_box"]


@pytest.fixture(scope="module")
def running_box():
    with shutter_box(travel=0.05) as box:
        yield box


class Box(ShutterBox):
    """A box that is shared; its log begins when this is made, with a closed shutter."""

    def __init__(self, address):
        super().__init__(address)
        self._ask("CLOSE")
        self._before = len(super().log())

    def log(self):
        return super().log()[self._before :]


@pytest.fixture
def box(running_box):
    """The electronics of a shutter, in a process of their own."""
    return Box(running_box.address)
