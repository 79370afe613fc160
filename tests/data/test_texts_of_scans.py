"""Real scans of texts: many in a row, one that is killed, and what the command line makes of them."""

import csv
import io
import json
import signal
from pathlib import Path

import event_model
import pytest
from processes import outcome

import obtura
from obtura.data.export.as_csv import write_csv
from obtura.data.verify import verifying
from obtura.devices.sim import demo_beamline
from obtura.devices.soft import SoftCounter


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def phase():
    number = iter(range(10**6))
    return SoftCounter(value=lambda: f"phase {next(number)} " + "µ" * 50, name="phase", as_text=True)


def test_scans_one_after_the_other_have_their_own_texts_and_good_checksums():
    line, texts = demo_beamline(), phase()
    scans = [obtura.ascan(line.roby, 0, 2, 2, 0, texts, line.diode) for _ in range(5)]  # from the third on by a stencil
    master = scans[0].scan_info["filename"]
    for scan in scans:
        saved = obtura.open(master)[scan.scan_number]
        assert saved["phase"][:].tolist() == scan.get_data(texts).tolist()
        assert saved["diode"][:].tolist() == scan.get_data("diode").tolist()
    assert len({text for scan in scans for text in scan.get_data(texts)}) == 15
    assert not verifying(master).is_damaged


def test_the_file_of_many_texts_is_not_much_larger_than_they_are():
    scan = obtura.loopscan(3000, 0, phase())
    saved = obtura.open(scan.scan_info["filename"]).last
    texts = saved["phase"][:].tolist()
    assert texts == scan.get_data("phase").tolist() and len(texts) == 3000
    assert saved.file.stat().st_size < 2 * sum(len(text.encode()) + 16 for text in texts) + 200_000


def test_a_hook_may_look_at_the_file_while_the_scan_runs():
    seen = []

    class Looks(obtura.ChainPreset):
        def stop(self, acq_chain):
            seen.append(obtura.open(scan.scan_info["filename"]).last["phase"][:].tolist())

    scan = obtura.loopscan(3, 0.2, phase(), run=False)
    scan.acq_chain.add_preset(Looks())
    scan.run()
    (texts,) = seen
    assert texts == scan.get_data("phase").tolist()[: len(texts)]


KILLED = """
import os, signal
from obtura import SoftCounter, loopscan

words = iter(["", "über\\n", "a\\0b", "\\udcff", "日本" * 3000, "last"])

def read():
    word = next(words, None)
    if word is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return word

loopscan(20, 0, SoftCounter(value=read, name="phase", as_text=True))
"""

SHOWN = ["", "über\n", r"a\x00b", r"\udcff", "日本" * 3000, "last"]


def test_a_killed_scan_has_every_text_that_was_shown():
    status, _, errors = outcome(KILLED)
    assert status == -signal.SIGKILL, errors
    master = next(Path().rglob("data.h5"))
    status, said, errors = outcome(f"from obtura.cli.main import main; main(['recover', {str(master)!r}])")
    assert status == 0 and "interrupted at point 6" in said, errors
    saved = obtura.open(master).last
    assert saved["phase"][:].tolist() == SHOWN and saved.points == 6
    assert not verifying(master).is_damaged


def test_the_command_line_exports_them(tmp_path):
    scan = obtura.loopscan(2, 0, phase())
    master, texts = scan.scan_info["filename"], scan.get_data("phase").tolist()
    _, lines, _ = outcome(f"from obtura.cli.main import main; main(['export', {master!r}, '1', '--documents'])")
    documents = [json.loads(line) for line in lines.splitlines()]
    for name, document in documents:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
    (page,) = [document for name, document in documents if name == "event_page"]
    assert page["data"]["phase"] == texts
    out = io.StringIO()
    write_csv([obtura.open(master).last], out)
    rows = csv.DictReader(line for line in out.getvalue().splitlines() if not line.startswith("#"))
    assert [row["phase"] for row in rows] == texts
