"""What the tests of presets share."""

import pytest
from lab import Lab

from obtura.works.clock import virtual_time


@pytest.fixture
def lab():
    with virtual_time():
        lab = Lab()
        lab.watch(lab.line.roby, move="begin")  # how a scan moves it
        yield lab
