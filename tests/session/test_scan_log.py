"""The log file has the rows of scans and what is printed meanwhile."""

import errno
import logging

import pytest

from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.session import logfile
from obtura.session.session import Session
from obtura.works.clock import virtual_time


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The path of a session's log file; nothing is logged there when the test is over."""
    monkeypatch.setattr(logfile.platformdirs, "user_log_dir", lambda *_, **__: str(tmp_path / "logs"))
    ours = logging.getLogger("obtura"), logfile.of_scans
    before = [(logger, list(logger.handlers), logger.level) for logger in ours]
    yield logfile.log_to_file("lab")
    for logger, handlers, level in before:
        for handler in set(logger.handlers) - set(handlers):
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)


def session(tmp_path, display=True):
    return Session("lab", demo_beamline()._asdict(), ScanSaving("lab", base_path=tmp_path), display=display)


class Talk(ChainPreset):
    """Prints at each point."""

    def __init__(self, text):
        self.text = text

    def get_iterator(self, chain):
        number = 0
        while True:
            yield _Say(self.text.format(number))
            number += 1


class _Say(ChainIterationPreset):
    def __init__(self, text):
        self.text = text

    def start(self):
        print(self.text, end="")


def said(log):
    """The lines of scans in a log file, without times."""
    lines = log.read_text().splitlines()
    return [line.partition("obtura.scans.record: ")[2] for line in lines if "obtura.scans.record: " in line]


def run(session, text, npoints=2):
    scan = session.loopscan(npoints, 0.1, session.monitor, run=False, save=False)
    scan.acq_chain.add_preset(Talk(text))
    scan.run()
    return scan


def test_the_log_file_has_rows_and_printed_lines_in_their_order(log, tmp_path, capsys):
    with virtual_time():
        scan = run(session(tmp_path), "looking at point {}\n")
    lines = [" ".join(line.split()) for line in said(log)]
    monitor = scan.get_data("monitor")
    shown = [line for line in lines if "stdout" in line or line.split()[2:3] in (["0"], ["1"])]
    assert shown[0] == "scan 1 stdout: looking at point 0"
    assert shown[1].startswith("scan 1: 0 ") and shown[1].endswith(f"{monitor[0]:g}")
    assert shown[2] == "scan 1 stdout: looking at point 1"
    assert shown[3].startswith("scan 1: 1 ") and shown[3].endswith(f"{monitor[1]:g}")
    assert len(shown) == 4
    assert any("loopscan" in line for line in lines)
    assert lines[-1].startswith("scan 1: Took ")


def test_a_line_that_is_overwritten_is_logged_as_it_was_at_last(log, tmp_path, capsys):
    with virtual_time():
        run(session(tmp_path), "waiting {}\r", npoints=3)
    assert [line for line in said(log) if "waiting" in line] == ["scan 1 stdout: waiting 2"]


def test_text_without_an_end_is_logged_when_the_scan_is_over(log, tmp_path, capsys):
    with virtual_time():
        run(session(tmp_path), "<{}>")
    assert [line for line in said(log) if "<" in line and "stdout" in line] == ["scan 1 stdout: <0><1>"]


def test_a_long_table_is_logged_in_part(log, tmp_path):
    with virtual_time():
        lab = session(tmp_path, display=False)
        lab.loopscan(2_000, 0, lab.monitor, save=False)
    numbers = [line.split()[2] for line in said(log)]
    rows = [int(number) for number in numbers if number.isdigit()]
    assert rows == [*range(1_000), *range(1_000, 2_000, 10)]


def test_without_a_log_file_nobody_reads_the_record_for_one(tmp_path, caplog):
    caplog.set_level(logging.INFO, logfile.of_scans.name)
    lab = session(tmp_path, display=False)
    lab.sct(0, lab.monitor)
    assert not logfile.scans_are_logged()
    assert logfile.of_scans.name not in [record.name for record in caplog.records]


def test_a_log_file_on_a_full_disk_is_told_once_and_the_scan_goes_on(log, tmp_path, monkeypatch, capsys):
    handler = next(one for one in logfile.of_scans.handlers if one in logging.getLogger("obtura").handlers)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(handler.stream, "write", full)
    with virtual_time():
        scan = run(session(tmp_path), "point {}\n")
    assert scan.state.name == "DONE"
    assert capsys.readouterr().err.count("nothing is logged from now on") == 1
