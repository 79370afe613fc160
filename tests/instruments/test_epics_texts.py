"""PVs of texts as counters, by gets and by monitors: strings, long strings, enums by the names of their states."""

from types import SimpleNamespace

import pytest

pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
pytest.importorskip("p4p", reason="PV Access is an extra: pip install obtura[pva]")

import obtura
from obtura.ground.errors import DeviceError, UsageError
from obtura.instruments.epics import PVCounter, PVReader, ca, pva
from obtura.instruments.epics.wires import Kind, Reading
from obtura.works.clock import clock

LONG = "a text of more than forty characters, in an array of them"


@pytest.fixture(params=[False, True], ids=["gets", "monitors"])
def monitor(request):
    return request.param


@pytest.mark.parametrize(
    ("pv", "text"),
    [("message", "beam available"), ("long_text", LONG), ("mode", "uniform"), ("current", "200"), ("sample", "")],
)
def test_whatever_has_a_text_is_counted_as_text(c_beamline, monitor, tmp_path, monkeypatch, pv, text):
    monkeypatch.chdir(tmp_path)
    counter = c_beamline.counter(pv, as_text=True, monitor=monitor)
    scan = obtura.loopscan(2, 0.02, counter)
    assert scan.get_data(counter).tolist() == [text, text]
    assert obtura.open(scan.scan_info["filename"]).last[pv][:].tolist() == [text, text]
    assert counter.read() == text
    assert repr(text) in counter.__info__()


def changed(beamline, counter, pv, texts):
    """What a counter reads in a scan each after a put."""
    found = []
    for text in texts:
        beamline.put(**{pv: text})
        until = clock.time() + 5
        while (seen := counter.read()) != text and clock.time() < until:
            clock.sleep(0.01)
        found.append(seen)
        assert obtura.ct(0.02, counter, save=False).get_data(counter).tolist() == [text]
    return found


@pytest.mark.parametrize(("pv", "texts"), [("sample", ["quartz", "über µ", ""]), ("phase", ["moving", "idle"])])
def test_each_point_has_the_text_of_its_moment(c_beamline, monitor, pv, texts):
    counter = c_beamline.counter(pv, as_text=True, monitor=monitor)
    assert changed(c_beamline, counter, pv, texts) == texts


def test_the_last_text_that_came_during_the_count_time_is_the_point(c_beamline):
    counter = c_beamline.counter("tick", as_text=True, monitor=True)
    first = int(counter.read())
    (text,) = obtura.ct(2.5, counter, save=False).get_data(counter)
    assert int(text) >= first + 2


def test_an_empty_text_that_a_server_leaves_out_is_a_text():
    remote = SimpleNamespace(is_array=False)
    response = SimpleNamespace(status=None, metadata=SimpleNamespace(severity=0), data=[])
    assert ca.wire().understood(remote, Kind.TEXT, response) == Reading("", "")  # as caproto's do
    assert ca.wire().understood(remote, Kind.VALUE, response) == Reading("", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [(123456789012, "123456789012"), (True, "1"), (1234567.5, "1234567.5"), (0.1, "0.1"), (200.0, "200")],
)
def test_a_number_as_text_by_pva_has_all_of_its_digits(value, text):
    response = SimpleNamespace(todict=lambda: {"value": value})
    assert pva.wire().understood(None, Kind.TEXT, response) == Reading(text, "")


def test_who_listens_twice_is_told_once(c_beamline):
    tick = c_beamline.counter("tick", as_text=True, monitor=True)
    link = tick.link
    tick.read()
    link.wire.listen(link.remote, tick.listening._told, tick.kind)  # as after a Ctrl-C, between that and its note
    tick.listening.collect()
    until = clock.time() + 60
    while len(tick.listening._collected) < 3 and clock.time() < until:
        clock.sleep(0.05)
    came = [link.understood("read", tick.kind, each).value for each in tick.listening.collected()]
    assert 3 <= len(came) == len(set(came))


def test_a_string_of_more_than_forty_characters(c_beamline):
    long = "über " * 20
    name = "note" if c_beamline.protocol == "pva" else "note.VAL$"  # by CA as an array of characters
    counter = PVCounter("note", c_beamline.pv(name), as_text=True)
    c_beamline.put(**{name: long})
    assert obtura.ct(0.01, counter, save=False).get_data(counter).tolist() == [long]


def test_characters_can_be_counted_as_numbers_too(c_beamline):
    counter = c_beamline.counter("long_text", shape=(-1,))
    (codes,) = obtura.ct(0.01, counter, save=False).get_data(counter)
    assert bytes(codes.astype("uint8")).rstrip(b"\0").decode() == LONG


def test_texts_and_numbers_of_one_reader_are_read_together(c_beamline, monitor):
    reader = PVReader("machine", monitor=monitor)
    current = PVCounter("current", c_beamline.pv("current"), controller=reader)
    mode = PVCounter("mode", c_beamline.pv("mode"), controller=reader, as_text=True)
    number = PVCounter("number", c_beamline.pv("mode"), controller=reader)
    data = obtura.loopscan(2, 0.02, reader, save=False).get_data()
    assert data[current].tolist() == [200.0, 200.0]
    assert data[mode].tolist() == ["uniform", "uniform"]
    assert data[number].tolist() == [2.0, 2.0]


def test_an_array_of_texts_is_refused(c_beamline):
    counter = c_beamline.counter("words", as_text=True)
    with pytest.raises(DeviceError, match="words is an array or a structure, and a point of text is one text"):
        obtura.ct(0.01, counter, save=False)


def test_one_that_is_not_connected_is_empty_when_it_may_fail(c_beamline, capsys):
    counter = c_beamline.counter("no_such_pv", as_text=True, timeout=0.1)
    counter.is_critical = False
    assert obtura.loopscan(2, 0.01, counter, save=False).get_data(counter).tolist() == ["", ""]
    assert "no_such_pv can't be read and is empty: " in capsys.readouterr().err


def test_what_is_for_numbers_is_refused(c_beamline):
    with pytest.raises(UsageError, match=r"message gives text, which has no mean: its mode must be SINGLE or LAST"):
        c_beamline.counter("message", as_text=True, mode="MEAN")
    with pytest.raises(UsageError, match=r"words: shape is for numbers; it can't be given with as_text"):
        c_beamline.counter("words", as_text=True, shape=(2,))
