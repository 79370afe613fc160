"""Every test of scans has a hall of its own, on virtual time."""

import pytest
from hall import Hall

from obtura.works.clock import virtual_time


@pytest.fixture
def hall():
    with virtual_time():
        yield Hall()
