"""date and clear."""

import io
import sys

from obtura.data.saving import ScanSaving
from obtura.session.desk import clear, date
from obtura.session.session import Session
from obtura.works.clock import virtual_time


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self):
        return True


def test_the_date_is_printed_with_the_time(capsys):
    with virtual_time():
        date()
    words = capsys.readouterr().out.split()
    assert len(words) == 6 and words[3].count(":") == 2


def test_clear_empties_a_terminal_and_writes_nothing_elsewhere(monkeypatch, capsys):
    clear()
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(sys, "stdout", Terminal())
    clear()
    assert "\x1b[2J" in sys.stdout.getvalue()


def test_a_session_has_both(tmp_path):
    names = Session("lab", {}, ScanSaving(base_path=tmp_path), display=False).namespace()
    assert (names["date"], names["clear"]) == (date, clear)
