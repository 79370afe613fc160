"""The ledger: what was begun and not ended is known when the process is gone, whatever happened to the file."""

import os
import subprocess
import sys

import pytest

from obtura.works import ledger as module
from obtura.works.ledger import Ledger, is_alive, me


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "state" / "lab.ledger")


def names(ledger):
    return [entry.facts["name"] for entry in ledger.pending()]


def test_what_was_begun_and_not_ended_is_pending_in_order(ledger):
    assert ledger.pending() == []
    a, b, c = (ledger.begin(name=name, scan=1) for name in "abc")
    ledger.end(b)
    assert names(ledger) == ["a", "c"]
    ledger.end(a, c)
    assert ledger.pending() == []


def test_what_the_guard_did_is_known_and_stays_until_it_is_ended(ledger):
    a, b = ledger.begin(name="a"), ledger.begin(name="b")
    ledger.guarded([a], "")
    ledger.guarded([b], "no answer")
    first, second = ledger.pending()
    assert (first.acted > 0, first.failed, second.failed) == (True, "", "no answer")


def test_what_is_closed_is_closed_for_all_who_opened_it(ledger):
    ledger.begin(name="shutter.close")
    ledger.begin(axes=["roby"])
    ledger.begin(axes=["roby"])
    ledger.end(ledger.begin(name="shutter.close"))
    assert [entry.facts for entry in ledger.pending()] == [{"axes": ["roby"]}, {"axes": ["roby"]}]


@pytest.mark.parametrize("cut", range(2, 60, 7))
def test_a_torn_line_costs_only_itself(ledger, cut):
    ledger.begin(name="a")
    ledger.begin(name="torn")
    ledger.path.write_bytes(ledger.path.read_bytes()[:-cut])
    ledger.begin(name="b")
    assert names(ledger) == ["a", "b"]


def test_a_line_that_was_changed_is_not_believed(ledger, caplog):
    ledger.begin(name="a")
    ledger.begin(name="b")
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b'"name": "a"', b'"name": "c"'))
    assert names(ledger) == ["b"]
    assert "torn line" in caplog.text


def test_a_large_one_is_written_anew_with_what_is_pending(ledger, monkeypatch):
    key = ledger.begin(name="kept", scan=7)
    ledger.guarded([key], "no answer")
    before = ledger.pending()
    for _ in range(20):
        ledger.end(ledger.begin(name="done"))
    ledger.tidy()
    size = ledger.path.stat().st_size
    monkeypatch.setattr(module, "LARGE", 1000)
    ledger.tidy()
    assert ledger.path.stat().st_size < size / 5
    assert ledger.pending() == before
    ledger.begin(name="next")
    assert names(ledger) == ["kept", "next"]


def test_processes_write_to_one_file(ledger):
    code = (
        "import sys; from pathlib import Path; from obtura.works.ledger import Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "for n in range(200): ledger.end(ledger.begin(name=sys.argv[2]))\n"
        "ledger.begin(name=sys.argv[2])"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, ledger.path, name]) for name in "abc"]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert sorted(names(ledger)) == ["a", "b", "c"]
    assert not any(entry.is_of_the_living for entry in ledger.pending())
    ledger.begin(name="mine")
    assert ledger.pending()[-1].is_of_the_living


def test_a_process_is_told_from_a_later_one_of_the_same_number():
    assert is_alive(me())
    assert not is_alive(f"{os.getpid()}-1")
    assert not is_alive("")


def test_what_can_not_be_written_is_an_oserror(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        Ledger(tmp_path / "file" / "lab.ledger").begin(name="a")
