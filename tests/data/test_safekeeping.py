"""The journal of a scan that goes on in the spool."""

import threading

from obtura.data import journal
from obtura.data.journal import Layout
from obtura.data.safekeeping import Safekeeping


def layout_in(directory):
    scan = directory / "data" / "scan0001.h5"
    return Layout(1, str(directory / "data.h5"), str(scan), ("1.1",), (), (), (), (), (), 0, {}, (), {})


def test_who_writes_does_not_wait_for_who_says_that_the_scan_goes_on_elsewhere(tmp_path):
    (tmp_path / "data").mkdir()
    told, kept = [], []

    def say(words):
        """As the record: who writes may have its lock just now, and say needs it."""
        told.append(words)
        writing = threading.Thread(target=kept[0].write, args=[journal.record(b"")], daemon=True)
        writing.start()
        writing.join(60)
        assert not writing.is_alive(), "both wait for each other for ever"

    safe = Safekeeping(layout_in(tmp_path), b"image", tmp_path / "spool", 0, say)
    kept.append(safe)
    safe.move("the disk is gone")
    safe.move("and once more")
    safe.close()
    (line,) = told
    assert line.startswith(f"!!! the disk is gone; the scan goes on in {safe.path}.")
    assert safe.path.parent == tmp_path / "spool"
