"""Notebooks, executed: what appears, and in which cell."""

import re

import pytest
from kernels import BEAMLINE, error_of, kernel, notebook, text_of


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The outputs of the cells of a morning's notebook, by what they are about."""
    cells = {
        "session": "import obtura\nsession = obtura.load_session('demo')\nsession.loopscan(-1, 0.01, session.diode)",
        "beamline": BEAMLINE,
        "first": "print('before')\nfirst = loopscan(3, 0.01, diode)\nprint('after')",
        "second": "second = dscan(roby, -1, 1, 4, 0.01, diode)",
        "preset": PRESET,
        "loop": "import asyncio\nawait asyncio.sleep(0.01)\nscan = loopscan(2, 0.01, diode)\nprint('after')",
        "thread": "scan = loopscan(2, 0.01, diode, run=False)\nawait asyncio.to_thread(scan.run)",
        "refused": "number = 1\nascan(roby, 0, 1e9, 3, 0.1, diode)",
        "failed": FAILING,
        "own error": "1 / 0",
        "syntax": "def (",
        "axis": "roby",
        "plot": "lineup(roby, 3, 7, 10, 0.01, diode)\nplot()",
        "mesh": "amesh(roby, 3, 7, 4, robz, -1, 1, 4, 0.001, diode2); plot()",
        "captured": "%%capture kept\nloopscan(2, 0.01, diode)",
        "kept": "print('Took' in kept.stdout)",
        "wide": "loopscan(1, 0, *[SoftCounter(value=lambda: 1, name=f'counter{n}' * 2) for n in range(9)]);",
    }
    return dict(zip(cells, notebook(tmp_path_factory.mktemp("notebook"), *cells.values()), strict=True))


PRESET = """
class Told(ChainPreset):
    class Point(ChainIterationPreset):
        def __init__(self, number):
            self.number = number
        def prepare(self):
            print("before point", self.number)
    def get_iterator(self, chain):
        number = 0
        while True:
            yield self.Point(number)
            number += 1

scan = loopscan(3, 0.01, diode, run=False)
scan.acq_chain.add_preset(Told())
scan.run()
"""

FAILING = """
class Failing(ScanPreset):
    def start(self, scan):
        raise RuntimeError("no liquid left")

scan = loopscan(3, 0.01, diode, run=False)
scan.add_preset(Failing())
scan.run()
"""


def rows(text):
    return re.findall(r"^ +(\d+) ", text, re.MULTILINE)


def test_a_scan_is_shown_in_the_cell_that_runs_it_in_order_with_what_the_cell_prints(outputs):
    text = text_of(outputs["first"])
    assert text.startswith("before\n\nScan ")
    assert "loopscan 3 0.01" in text
    assert rows(text) == ["0", "1", "2"]
    assert re.search(r"\nTook .*\nafter\n$", text)


def test_two_scans_in_two_cells_are_each_in_their_own(outputs):
    text = text_of(outputs["second"])
    assert "dscan roby -1 1 4" in text and "loopscan" not in text
    assert rows(text) == ["0", "1", "2", "3", "4"]
    assert "dscan" not in text_of(outputs["first"])


def test_what_a_preset_prints_stands_between_the_rows(outputs):
    lines = text_of(outputs["preset"]).splitlines()
    kinds = ["print" if line.startswith("before") else "row" for line in lines if re.match(r"before| +\d ", line)]
    assert kinds == ["print", "row"] * 3


def test_a_scan_runs_where_an_event_loop_runs(outputs):
    text = text_of(outputs["loop"])
    assert rows(text) == ["0", "1"] and text.endswith("after\n")


def test_a_scan_awaited_in_a_thread_is_shown_in_its_cell(outputs):
    assert rows(text_of(outputs["thread"])) == ["0", "1"]


def test_a_refused_scan_is_told_in_few_lines_with_the_line_of_the_cell(outputs):
    error = error_of(outputs["refused"])
    assert error.startswith("!!! roby: move to")
    assert "nothing was moved" in error
    assert "line 2: ascan(roby, 0, 1e9, 3, 0.1, diode)" in error
    assert len(error.splitlines()) <= 5


def test_an_error_of_a_hook_is_told_in_few_lines_in_order_with_the_rows(outputs):
    error = error_of(outputs["failed"])
    assert error.startswith("!!! RuntimeError: no liquid left")
    assert "in Failing.start" in error
    assert len(error.splitlines()) <= 6
    assert "Failed after 0 of 3 points" in text_of(outputs["failed"])


def test_a_session_that_is_loaded_is_at_home_in_a_notebook(outputs):
    error = error_of(outputs["session"])
    assert error.startswith("!!! loopscan: npoints must be at least 1, got -1\n    Intended usage: loopscan")


def test_an_error_of_ones_own_is_shown_as_ever(outputs):
    error = error_of(outputs["own error"])
    assert "Traceback" in error and "ZeroDivisionError" in error
    assert "invalid syntax" in error_of(outputs["syntax"])


def test_an_object_tells_its_state_on_its_name(outputs):
    (result,) = outputs["axis"]
    assert result["data"]["text/plain"].startswith("axis roby\n  position")


def test_plot_gives_a_picture_in_the_cell_and_words(outputs):
    (picture,) = [each for each in outputs["plot"] if each["output_type"] == "display_data"]
    assert picture["data"]["image/png"].startswith("iVBORw0KGgo")
    assert "diode: peak" in picture["data"]["text/plain"]
    assert re.search(r"diode: peak .* at roby .* mm; centre .*; width \(fwhm\)", text_of(outputs["plot"]))


def test_a_mesh_gives_a_picture_too(outputs):
    assert [each["output_type"] for each in outputs["mesh"]].count("display_data") == 1


def test_what_a_cell_captures_is_captured(outputs):
    assert text_of(outputs["captured"]) == ""
    assert text_of(outputs["kept"]) == "True\n"


def test_a_wide_table_is_folded_where_a_cell_would_break_it(outputs):
    lines = text_of(outputs["wide"]).splitlines()
    assert max(len(line) for line in lines if line.startswith("   ")) <= 100


@pytest.fixture
def cells(tmp_path):
    with kernel(tmp_path) as one:
        one.run(BEAMLINE)
        yield one


def test_interrupting_the_kernel_ends_the_scan_well_and_the_next_cell_works(cells):
    scan = cells.begin("print('begin')\ntimescan(0.05, diode)")
    cells.until(scan, lambda outputs: len(rows(text_of(outputs))) >= 2)
    cells.interrupt()
    ended = cells.end(scan)
    assert re.search(r"Aborted after \d+ points", text_of(ended))
    assert error_of(ended).startswith("!!! interrupted by Ctrl-C; timescan (scan 1): everything was stopped; ")
    assert len(error_of(ended).splitlines()) <= 3
    after = cells.run("print(SCANS[-1].state.name); scan = loopscan(2, 0.01, diode)")
    assert text_of(after).startswith("USER_ABORTED\n")
    assert rows(text_of(after)) == ["0", "1"]


def test_interrupting_works_where_an_event_loop_runs(cells):
    scan = cells.begin("import asyncio; await asyncio.sleep(0)\ntimescan(0.05, diode)")
    cells.until(scan, lambda outputs: len(rows(text_of(outputs))) >= 2)
    cells.interrupt()
    assert "interrupted by Ctrl-C" in error_of(cells.end(scan))
    assert rows(text_of(cells.run("scan = loopscan(1, 0.01, diode)"))) == ["0"]


def test_a_scan_in_a_thread_of_its_own_stays_in_its_cell_while_others_print_in_theirs(cells):
    begin = """
import threading
scan = timescan(0.02, diode, run=False)
thread = threading.Thread(target=scan.run)
thread.start()
"""
    scan = cells.begin(begin)
    cells.end(scan)
    cells.until(scan, lambda outputs: len(rows(text_of(outputs))) >= 1)
    other = cells.run("print('another cell')")
    cells.until(scan, lambda outputs: len(rows(text_of(outputs))) >= 5)
    last = cells.run("print('yet another'); scan.stop(); thread.join()")
    cells.until(scan, lambda outputs: "Took" in text_of(outputs))
    assert text_of(other) == "another cell\n"
    assert text_of(last) == "yet another\n"
    assert "another" not in text_of(cells.shown[scan])


def test_a_long_table_is_thinned_out(cells):
    shown = text_of(cells.run("loopscan(1101, 0, diode, save=False);"))
    assert rows(shown) == [str(number) for number in [*range(1001), *range(1010, 1101, 10)]]
    assert "from here on every 10th row is shown" in shown
