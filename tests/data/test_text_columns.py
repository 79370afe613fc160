"""Texts as points, in files: strings of variable length, in the journal before, and in everything made of a file."""

import io
import json
import re
from pathlib import Path

import h5py
import numpy as np
import pandas
import pyarrow.parquet
import pytest
import silx.io
from hypothesis import given, settings
from hypothesis import strategies as st
from nexus_validator import complaints
from processes import WITH_STREAM, ask, outcome, python
from scan_stream import axis, began, channel, ended, record, rows, saving_in, say, timer

import obtura
from obtura.data.columns import dtype_of
from obtura.data.export.as_csv import write_csv
from obtura.data.export.as_parquet import write_parquet
from obtura.data.export.as_spec import write_spec
from obtura.data.layout import scan_file
from obtura.data.packing import pack, unpack
from obtura.data.reader import showing
from obtura.data.recovery import recover_scan
from obtura.data.saver import HDF5Saver
from obtura.data.texts import packed, unpacked
from obtura.data.verify import verifying
from obtura.ground.errors import SavingError
from obtura.ground.events import Points, ScanClosed
from obtura.ground.texts import NOT_READ, as_texts

TEXTS = ["", "ready", 'über "µ", #1', "two\nlines", "日本" * 400]


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


def phase(**options):
    return channel("s:phase", dtype="str", **options)


def points_of(index, first, *texts):
    return Points(index, first, as_texts(list(texts)))


def stream(*texts, index=1):
    for number, text in enumerate(texts):
        yield from rows(number, [0.1 * number])
        yield points_of(index, number, text)


def recorded(saving, *texts, **options):
    record(HDF5Saver(saving), began(timer(), phase(), npoints=len(texts)), *stream(*texts), **options)
    return obtura.open(saving.filename)[12]


# -- the file ---------------------------------------------------------------------------------------------


def test_they_are_strings_of_variable_length_in_utf_8(saving):
    recorded(saving, *TEXTS)
    with h5py.File(saving.filename) as master:
        for path in ("measurement/phase", "instrument/phase/data"):
            dataset = master["12.1"][path]
            assert h5py.check_string_dtype(dataset.dtype) == ("utf-8", None)
            assert dataset.asstr()[:].tolist() == TEXTS
            assert dataset.attrs["channel"] == "s:phase"
        assert master["12.1/instrument/phase"].attrs["NX_class"] == "NXcollection"
        assert "plot" not in master["12.1"]


def test_silx_reads_them_and_nexus_has_nothing_against_them(saving):
    stream = [*rows(0, [0.0, 0.1], [1.0, 2.0]), points_of(2, 0, *TEXTS[1:3])]
    record(HDF5Saver(saving), began(timer(), channel("s:diode", unit="A"), phase()), *stream)
    path = scan_file(Path(saving.filename), 12)
    with silx.io.open(str(path)) as file:
        assert [each.decode() for each in file["12.1/measurement/phase"][()]] == TEXTS[1:3]
    harmless = r"This field is not defined in NXentry|Units of NX_ANY not specified"
    assert [line for line in complaints(path) if not re.search(harmless, line)] == []


def test_obtura_reads_them_as_python_texts(saving):
    scan = recorded(saving, *TEXTS)
    values = scan["phase"][:]
    assert values.dtype == object and values.tolist() == TEXTS and all(type(each) is str for each in values)
    assert scan["phase"][1] == "ready"
    assert scan.to_pandas()["phase"].tolist() == TEXTS
    assert scan.to_xarray()["phase"].values.tolist() == TEXTS
    assert 'phase  text, 5 points  first "", last "日本' in showing(saving.filename, 12)


def test_the_plot_is_of_numbers(saving):
    stream = [*rows(0, [0.0, 0.1]), points_of(1, 0, "a", "b"), Points(2, 0, (5.0, 6.0))]
    record(HDF5Saver(saving), began(timer(), phase(), channel("s:diode")), *stream)
    with h5py.File(saving.filename) as master:
        assert master["12.1/plot"].attrs["signal"] == "diode"
        assert "auxiliary_signals" not in master["12.1/plot"].attrs


def test_a_mesh_has_them_in_its_rows_and_xarray_on_the_grid(saving):
    grid = {"axes": ["roby", "robz"], "start": [0, 0], "stop": [1, 1], "npoints": [2, 2]}
    channels = axis("roby"), axis("robz"), channel("s:diode"), phase()
    points = [*rows(0, [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [5.0, 6.0, 7.0]), points_of(3, 0, "a", "b", "c")]
    record(HDF5Saver(saving), began(*channels, title="amesh", grid=grid), *points, end=ended("USER_ABORT"))
    scan = obtura.open(saving.filename)[12]
    assert scan["phase"][:].tolist() == ["a", "b", "c"]
    assert scan.to_xarray()["phase"].values.tolist() == [["a", "b"], ["c", ""]]


def test_one_that_could_not_be_read_is_empty_and_marked(saving):
    info = phase()._replace(may_fail=True)
    record(HDF5Saver(saving), began(timer(), info), *stream("", NOT_READ, "there"))
    scan = obtura.open(saving.filename)[12]
    assert scan["phase"][:].tolist() == ["", "", "there"]
    assert scan.flags.tolist() == [0, 32, 0] and scan.valid.all()


def test_those_of_a_point_that_was_cut_off_are_no_row(saving):
    record(HDF5Saver(saving), began(timer(), phase()), *rows(0, [0.0]), points_of(1, 0, "a", "b"), end=ended("FAILURE"))
    assert obtura.open(saving.filename)[12]["phase"][:].tolist() == ["a"]


def test_what_is_neither_number_nor_text_is_refused():
    with pytest.raises(SavingError, match=r"s:x: datetime64 can't be saved; use numbers, or str"):
        dtype_of(channel("s:x", dtype="datetime64"))


# -- the journal ------------------------------------------------------------------------------------------

ANY_TEXT = st.text(
    st.characters(codec=None, categories=None) | st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
)


@given(st.lists(ANY_TEXT | st.just(NOT_READ)))
def test_any_text_comes_back_out_of_the_journal_as_it_came_in(texts):
    block = as_texts(texts)
    back = unpacked(packed(block), len(texts))
    assert back.tolist() == block.tolist()
    assert [each is NOT_READ for each in back] == [each is NOT_READ for each in texts]


@settings(max_examples=20, deadline=None)
@given(st.lists(ANY_TEXT, min_size=1, max_size=4))
def test_the_file_says_the_same_as_the_memory_whatever_the_text(tmp_path_factory, texts):
    block = as_texts(texts)
    scan = recorded(saving_in(tmp_path_factory.mktemp("any")), *texts)
    assert scan["phase"][:].tolist() == block.tolist()


def test_what_no_file_can_hold_is_written_as_python_writes_it():
    assert as_texts(["a\0b", "\udcff", "µ"]).tolist() == [r"a\x00b", r"\udcff", "µ"]


KILLED = """
import os, signal
from obtura.data.saver import HDF5Saver
from obtura.ground.events import Points
from obtura.ground.texts import NOT_READ, as_texts
saver = HDF5Saver(saving_in(sys.argv[1]))
info = channel("s:phase", dtype="str")._replace(may_fail=True)
beginning = began(timer(), info, channel("s:diode"))
saver.open(beginning, say)
saver.witness(beginning)
for number, text in enumerate(["", "über\\n", NOT_READ, "日本" * 5000, "a\\0b\\udcff"]):
    for event in (*rows(number, [0.0]), Points(1, number, as_texts([text])), Points(2, number, (float(number),))):
        saver.witness(event)
    if number < 2:
        saver.receive([*rows(number, [0.0]), Points(1, number, as_texts([text])), Points(2, number, (float(number),))])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_none_that_was_shown(saving, tmp_path):
    status, _, errors = outcome(WITH_STREAM + KILLED, tmp_path)
    assert status == -9, errors
    path = scan_file(Path(saving.filename), 12)
    with h5py.File(path, swmr=True) as file:
        assert file["12.1/measurement/phase"].asstr()[:].tolist() == ["", "über\n"]
    recovered = recover_scan(path, [path.with_suffix(".journal")], lambda number: False)
    assert recovered is not None and recovered.points == 5
    scan = obtura.open(saving.filename)[12]
    assert scan["phase"][:].tolist() == ["", "über\n", "", "日本" * 5000, r"a\x00b\udcff"]
    assert scan["diode"][:].tolist() == [0, 1, 2, 3, 4] and scan.flags.tolist() == [0, 0, 32, 0, 0]
    assert not verifying(saving.filename).is_damaged


READER = """
import sys, json, h5py
for line in sys.stdin:
    with h5py.File(sys.argv[1], swmr=True) as file:
        print(json.dumps(file["12.1/measurement/phase"].asstr()[:].tolist()), flush=True)
"""


def test_another_process_that_opens_the_file_anew_sees_them_grow(saving):
    saver = HDF5Saver(saving)
    beginning = began(timer(), phase(), npoints=5)
    saver.open(beginning, say)
    saver.receive([beginning])
    with python(READER, saving.filename) as reader:
        assert json.loads(ask(reader)) == []
        for number, text in enumerate(TEXTS):
            saver.receive([*rows(number, [0.0]), points_of(1, number, text)])
            assert json.loads(ask(reader)) == TEXTS[: number + 1]
        saver.receive([ended(), ScanClosed("DONE", 9.8, ())])
        saver.close()


ATTACHED = """
import sys, json, h5py
with h5py.File(sys.argv[1], swmr=True) as file:
    texts, times = file["12.1/measurement/phase"], file["12.1/measurement/elapsed_time"]
    for line in sys.stdin:
        texts.refresh()
        times.refresh()
        try:
            read = texts.asstr()[:].tolist()
        except OSError:
            read = "can't be read"
        print(json.dumps([read, len(times[:])]), flush=True)
"""


def test_one_that_stays_attached_reads_the_numbers_beside_them_and_no_wrong_text(saving):
    saver = HDF5Saver(saving)
    beginning = began(timer(), phase(), npoints=50)
    saver.open(beginning, say)
    saver.receive([beginning])
    given = [f"text {number} " * (number % 7) for number in range(50)]
    with python(ATTACHED, saving.filename) as reader:
        for number, text in enumerate(given):
            saver.receive([*rows(number, [0.0]), points_of(1, number, text)])
            texts, times = json.loads(ask(reader))
            assert texts in (given[: number + 1], "can't be read") and times == number + 1
        saver.receive([ended(), ScanClosed("DONE", 9.8, ())])
        saver.close()
    assert obtura.open(saving.filename)[12]["phase"][:].tolist() == given


# -- checksums, packing -----------------------------------------------------------------------------------


def test_a_changed_letter_is_found(saving):
    recorded(saving, "the shutter is open", "the shutter is shut")
    assert not verifying(saving.filename).is_damaged
    path = scan_file(Path(saving.filename), 12)
    content = path.read_bytes()
    assert content.count(b"the shutter is shut") == 1
    path.write_bytes(content.replace(b"the shutter is shut", b"the shutter is shot"))
    verified = verifying(saving.filename)
    assert verified.is_damaged and "phase" in verified.text


def test_they_are_packed_and_unpacked(saving, tmp_path):
    recorded(saving, *TEXTS)
    one = pack(saving.filename).path
    assert obtura.open(one)[12]["phase"][:].tolist() == TEXTS
    assert not verifying(one).is_damaged
    again = unpack(one, tmp_path / "again")
    assert obtura.open(again)[12]["phase"][:].tolist() == TEXTS
    assert not verifying(again).is_damaged


# -- exports ----------------------------------------------------------------------------------------------


def test_csv_quotes_them(saving):
    out = io.StringIO()
    write_csv([recorded(saving, *TEXTS)], out)
    frame = pandas.read_csv(io.StringIO(out.getvalue()), comment="#", keep_default_na=False)
    assert frame["phase"].tolist() == TEXTS
    assert '0.1,"ready"\n' in out.getvalue()


def test_spec_has_no_place_for_them_and_says_so(saving):
    out = io.StringIO()
    stream = [*rows(0, [0.0, 0.1], [1.0, 2.0]), points_of(2, 0, *TEXTS[1:3])]
    record(HDF5Saver(saving), began(timer(), channel("s:diode"), phase()), *stream)
    write_spec([obtura.open(saving.filename)[12]], out, "data.h5")
    assert "#L elapsed_time  diode\n0.0 1.0\n0.1 2.0\n" in out.getvalue()
    assert "#C not in this table: phase (text)\n" in out.getvalue()


@pytest.mark.parametrize("texts", [TEXTS, []])
def test_parquet_has_strings(saving, tmp_path, texts):
    write_parquet(recorded(saving, *texts), tmp_path / "scan.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "scan.parquet")
    assert str(table.schema.field("phase").type) == "string"
    assert table["phase"].to_pylist() == texts


def test_values_of_text_have_no_numpy_in_them(saving):
    assert {type(each) for each in recorded(saving, "a", np.str_("b"))["phase"][:]} == {str}
