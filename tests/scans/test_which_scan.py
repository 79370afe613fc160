"""Which scan is meant by none, and by a number."""

import threading

import pytest
from alignment import Lab

from obtura.contracts.presets import ScanPreset
from obtura.ground.errors import LimitError, UsageError
from obtura.scans.selection import scan_of


@pytest.fixture
def lab():
    return Lab()


def test_a_scan_that_was_refused_is_not_the_last_one(lab):
    scan = lab.ascan()
    with pytest.raises(LimitError):
        lab.bench.ascan(lab.y, 0, 5000, 3, 0, lab.peak, save=False)
    assert list(lab.bench.scans) == [scan] and scan_of(lab.bench) is scan
    lab.bench.goto_peak()
    assert lab.positions[0] == pytest.approx(3, abs=0.01)


def test_a_scan_that_was_refused_leaves_the_choice_for_the_next_one(lab):
    lab.bench.plotinit(lab.dip)
    with pytest.raises(LimitError):
        lab.bench.ascan(lab.y, 0, 5000, 3, 0, lab.peak, save=False)
    assert lab.ascan(lab.peak, lab.dip).plotted == (lab.dip,)


def test_a_scan_that_failed_is_the_last_one(lab):
    lab.ascan()
    lab.stages[0].failing = OSError("the cable came off")
    with pytest.raises(RuntimeError, match="came off"):
        lab.ascan()
    assert len(lab.bench.scans) == 2 and scan_of(lab.bench) is lab.bench.scans[-1]


class Looking(ScanPreset):
    """Notes in each hook which scans there are, and which is the last."""

    def __init__(self, lab):
        self.lab = lab
        self.seen = []

    def look(self):
        self.seen.append((tuple(self.lab.bench.scans), scan_of(self.lab.bench)))

    def prepare(self, scan):
        self.look()

    def stop(self, scan):
        self.look()


def test_a_scan_that_runs_is_among_the_last_ones_and_the_last_from_its_first_point_on(lab):
    before, looking = lab.ascan(), Looking(lab)
    scan = lab.bench.ascan(lab.x, 0, 6, 12, 0, lab.peak, save=False, run=False)
    scan.add_preset(looking)
    scan.run()
    assert looking.seen == [((before, scan), before), ((before, scan), scan)]


def test_a_scan_within_a_scan_is_older_than_it(lab):
    inner = lab.bench.loopscan(2, 0, lab.peak, save=False, run=False)

    class Inner(ScanPreset):
        def prepare(self, scan):
            inner.run()

    outer = lab.bench.ascan(lab.x, 0, 6, 12, 0, lab.peak, save=False, run=False)
    outer.add_preset(Inner())
    outer.run()
    assert list(lab.bench.scans) == [inner, outer]


def test_the_number_of_a_saved_scan_is_not_that_of_one_that_is_not_saved(lab):
    lab.bench.ascan(lab.x, -2, 8, 100, 0, lab.peak)  # number 1, as all here
    lab.bench.ascan(lab.y, -4, 2, 60, 0, lab.peak, save=False)
    lab.bench.goto_cen(scan=1)
    assert lab.positions == (pytest.approx(3, abs=0.01), 2)


def test_the_number_of_a_scan_in_the_file_means_no_other(lab, monkeypatch):
    scan = lab.ascan()
    assert scan_of(lab.bench, 1) is scan
    in_the_file = staticmethod(lambda number: ("data.h5", ("1.1",)))
    monkeypatch.setattr(type(lab.bench.Scan.surroundings), "entries", in_the_file)
    with pytest.raises(
        UsageError, match=r'plot\("data.h5", 1\). One that is not saved has that number too: SCANS\[-1\]'
    ):
        lab.bench.cen(scan=1)


def test_a_thread_that_scans_does_not_disturb_who_asks_for_a_scan(lab):
    lab.ascan()
    thread = threading.Thread(target=lambda: [lab.bench.loopscan(1, 0, lab.peak, save=False) for _ in range(30)])
    thread.start()
    while thread.is_alive():
        scan_of(lab.bench)
    thread.join()
    assert scan_of(lab.bench).name == "loopscan"


def test_scans_that_are_not_there_are_told(lab):
    bench = lab.bench
    with pytest.raises(UsageError, match=r"SCANS\[-1\]: there is no scan yet"):
        bench.scans[-1]
    scan = lab.ascan()
    assert bench.scans[-1] is scan
    with pytest.raises(IndexError, match=r"SCANS\[3\]: there are 1, `lsscan\(\)` lists them"):
        bench.scans[3]
