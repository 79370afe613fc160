"""The display in a notebook's cell, seen from the side of the streams that a kernel puts in place of sys.stdout."""

import io
import re
import sys
import threading
from contextvars import ContextVar

import pytest
from stage import DIODE, DT, running_in_a_thread, staged

from obtura.display.notebook import context_of, ipython, kernel
from obtura.display.table import Table
from obtura.ground.events import Points


class CellStream(io.StringIO):
    """Writes into the cell of the context that writes; without one, into the newest cell."""

    def __init__(self, cell):
        super().__init__()
        self.newest = cell
        self.cells = {}
        self._own = ContextVar("cell")

    @property
    def parent_header(self):
        return self._own.get({"msg_id": self.newest})

    def set_thread_parent(self, message):
        self._own.set(message["header"])

    def write(self, text):
        cell = self.parent_header["msg_id"]
        self.cells[cell] = self.cells.get(cell, "") + text
        return len(text)


@pytest.fixture
def a_kernel(monkeypatch):
    """`a_kernel()` puts its streams into place, in the test itself: pytest has put its own there just before."""

    def start():
        out, err = CellStream("first"), CellStream("first")
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        return out

    return start


def test_a_scan_stays_in_its_cell_when_another_one_runs(a_kernel):
    cells = a_kernel()
    with staged(DT, DIODE) as stage:
        cells.newest = "second"
        stage.point(0, 0.0, 4.0)
        stage.settled()
    assert set(cells.cells) == {"first"}
    assert "           0             0             4" in cells.cells["first"]


def test_what_is_printed_during_a_scan_is_in_its_cell_in_order(a_kernel):
    cells = a_kernel()
    with staged(DT, DIODE) as stage:
        stage.point(0, 0.0, 4.0)
        print("between")
        stage.point(1, 1.0, 5.0)
    assert re.search(r" 4\nbetween\n +1 +1 +5\n", cells.cells["first"])


def test_what_another_cell_prints_while_a_scan_runs_in_a_thread_is_in_that_cell(a_kernel):
    cells = a_kernel()
    opened, printed = threading.Event(), threading.Event()

    def scan():
        with staged(DT, DIODE) as stage:
            opened.set()
            assert printed.wait(60)
            print("by the scan")
            stage.point(0, 0.0, 4.0)

    with running_in_a_thread(scan):
        assert opened.wait(60)
        cells.newest = "second"
        print("in the second cell")
        printed.set()
    assert cells.cells["second"] == "in the second cell\n"
    assert "by the scan" in cells.cells["first"]


def test_other_streams_are_none_the_wiser():
    assert context_of(io.StringIO(), None).run(lambda: 4) == 4


def test_outside_of_ipython_there_is_none(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert ipython() is None and kernel() is None


def shown(number, thinned=True, block=97):
    """The numbers of the rows of a table of so many points, and how many notes there are."""
    table = Table([DT, DIODE], thinned=thinned)
    text = ""
    for first in range(0, number, block):
        values = [float(each) for each in range(first, min(first + block, number))]
        for channel in (0, 1):
            text += table.take(Points(channel, first, values))
    assert table.rows == number
    return [int(row) for row in re.findall(r"^ +(\d+) ", text, re.MULTILINE)], text.count("from here on")


def test_of_a_long_table_every_tenth_row_is_shown_then_every_hundredth():
    rows, notes = shown(12_345)
    assert rows == [*range(1000), *range(1000, 10_000, 10), *range(10_000, 12_345, 100)]
    assert notes == 2


def test_a_short_table_and_one_that_is_not_thinned_have_every_row():
    assert shown(1000) == (list(range(1000)), 0)
    assert shown(1500, thinned=False) == (list(range(1500)), 0)
