"""Answers of instruments, counted as the texts that they are."""

import pytest

import obtura
from obtura.devices.text import TcpLine, TextCounter, TextInstrument
from obtura.ground.errors import DeviceError, UsageError
from obtura.testing import Conversation


@pytest.fixture
def box():
    line = Conversation(always={"MODE?": 'CURR,DC, "fast"', "T?": "4.5", "ERR?": '0,"No error"'})
    yield TextInstrument("box", line=line)
    line.finish()


def test_an_answer_or_what_matters_in_it_is_counted_as_it_stands(box, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    TextCounter("mode", box, "MODE?", as_text=True)
    TextCounter("first", box, "MODE?", split=",", index=0, as_text=True)
    TextCounter("error", box, "ERR?", pattern='"(.*)"', as_text=True)
    TextCounter("level", box, "T?")
    TextCounter("written", box, "T?", as_text=True)
    scan = obtura.loopscan(2, 0, box)
    read = {"mode": 'CURR,DC, "fast"', "first": "CURR", "error": "No error", "level": 4.5, "written": "4.5"}
    saved = obtura.open(scan.scan_info["filename"]).last
    for name, value in read.items():
        assert scan.get_data(f"box:{name}").tolist() == [value] * 2 == saved[name][:].tolist()


def test_a_text_that_is_counted_as_a_number_is_refused_with_what_to_do(box):
    with pytest.raises(DeviceError, match="is no number; as_text takes it as it stands"):
        TextCounter("mode", box, "MODE?").read()


@pytest.mark.parametrize("options", [{"scale": 2.0}, {"offset": 1.0}, {"words": {"A": 1}}])
def test_what_is_for_numbers_is_refused(box, options):
    with pytest.raises(UsageError, match="mode: .* is for numbers; it can't be given with as_text"):
        TextCounter("mode", box, "MODE?", as_text=True, **options)
    assert list(TextCounter.yaml_check({"query": "MODE?", "as_text": True, **options}))


def test_what_has_a_mean_is_told_where_it_is_described():
    assert [key for key, _ in TextCounter.yaml_check({"query": "MODE?", "as_text": True, "mode": "STATS"})] == ["mode"]
    assert not list(TextCounter.yaml_check({"query": "MODE?", "as_text": True, "mode": "SINGLE"}))


def test_what_its_encoding_has_no_signs_for_is_an_error_of_the_line():
    with pytest.raises(UsageError, match="expected an encoding, as utf-8, ascii or latin-1, got 'utf9'"):
        TcpLine("127.0.0.1:1", encoding="utf9")
    with Conversation(encoding="ascii") as line, pytest.raises(DeviceError, match="can't be told 'µ\\?': its encoding"):
        TextCounter("micro", TextInstrument("box", line=line), "µ?", as_text=True).read()
