"""`obtura export`: to the standard output, into files, and what is said when it can't be."""

import contextlib
import io
import json
import sys

import pyarrow.parquet
import pytest

from obtura.cli.main import main
from obtura.data.saving import ScanSaving
from obtura.devices.sim import demo_beamline
from obtura.session.session import Session


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A directory with data.h5, of two scans."""
    beamline = demo_beamline()
    session = Session("", {}, ScanSaving(base_path=tmp_path), display=False)
    session.bench.loopscan(2, 0, beamline.diode)
    session.bench.ascan(beamline.roby, 0, 1, 2, 0, beamline.diode)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def obtura(*arguments):
    """(exit code, what was printed, errors)."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = main(arguments)
    return code, out.getvalue(), errors.getvalue()


def test_csv_and_spec_are_printed_or_written_into_the_file_that_is_named(folder):
    for form, word in (("--csv", "# scan: 2.1 ascan"), ("--spec", "#S 2 ascan")):
        code, printed, errors = obtura("export", "data.h5", "2.1", form)
        assert (code, errors) == (0, "") and word in printed
        assert obtura("export", "data.h5", "2", form, "-o", "scan.txt") == (0, "", "")
        written = (folder / "scan.txt").read_text(encoding="utf-8")
        assert written.replace("#F scan.txt", "#F data.h5") == printed
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == [".scan_numbers"]


def test_several_scans_go_into_one_text(folder):
    printed = obtura("export", "data.h5", "2", "1", "--spec")[1]
    assert printed.index("#S 2 ascan") < printed.index("#S 1 loopscan")
    assert printed.count("#F ") == 1


def test_parquet_is_a_file_for_each_scan_whose_names_are_printed(folder):
    assert obtura("export", "data.h5", "1", "2", "--parquet")[:2] == (0, "data_1.1.parquet\ndata_2.1.parquet\n")
    assert obtura("export", "data.h5", "2", "--parquet", "-o", "two.pq")[1] == "two.pq\n"
    assert len(pyarrow.parquet.read_table(folder / "two.pq")) == 3
    assert obtura("export", "data.h5", "1", "2", "--parquet", "-o", "out")[0] == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["data_1.1.parquet", "data_2.1.parquet"]


def test_a_scan_that_is_not_there_is_answered_with_those_that_are_and_nothing_is_written(folder):
    code, printed, errors = obtura("export", "data.h5", "1", "7", "--csv", "-o", "out.csv")
    assert (code, printed) == (2, "")
    assert "data.h5 has no scan 7; there are 1, 2" in errors
    assert not (folder / "out.csv").exists()


def test_a_scan_whose_file_is_gone_is_named(folder):
    (folder / "data" / "scan0002.h5").unlink()
    code, printed, errors = obtura("export", "data.h5", "1", "2", "--csv")
    assert (code, printed) == (2, "")
    assert "scan 2.1 can't be read, its file is missing" in errors


def test_where_nothing_can_be_written_is_told(folder):
    code, _, errors = obtura("export", "data.h5", "1", "--csv", "-o", "nowhere/out.csv")
    assert code == 1
    assert "nowhere/out.csv: can't be written: No such file or directory" in errors


def test_parquet_without_its_extra_answers_with_the_line_to_type(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, errors = obtura("export", "data.h5", "1", "--parquet")
    assert code == 2
    assert "pip install 'obtura[parquet]'" in errors


def test_documents_are_lines_of_json_a_run_for_each_scan(folder):
    code, printed, _ = obtura("export", "data.h5", "1", "2.1", "2", "--documents")
    names = [json.loads(line)[0] for line in printed.splitlines()]
    assert (code, names) == (0, ["start", "descriptor", "event_page", "stop"] * 2)
