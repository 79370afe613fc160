"""Attributes of texts, and commands that give texts, as counters, on a real server."""

import pytest

import obtura
from obtura.ground.errors import DeviceError, UsageError
from obtura.instruments.tango import TangoCounter
from obtura.works.clock import clock


def text_of(beam, attribute, **options):
    return beam.counter(attribute, as_text=True, **options)


@pytest.mark.parametrize(
    ("attribute", "options", "text"),
    [
        ("Text", {}, "HIGH"),
        ("Label", {}, ""),
        ("Words", {"index": 1}, "two"),
        ("State", {}, "ON"),
        ("Kind", {}, "THIN"),
        ("Flag", {}, "True"),
        ("Current", {}, "1.25"),
    ],
)
def test_whatever_has_a_text_is_counted_as_text(beam, tmp_path, monkeypatch, attribute, options, text):
    monkeypatch.chdir(tmp_path)
    counter = text_of(beam, attribute, **options)
    scan = obtura.loopscan(2, 0.01, counter)
    assert scan.get_data(counter).tolist() == [text, text]
    assert obtura.open(scan.scan_info["filename"]).last["current"][:].tolist() == [text, text]


def test_so_is_what_a_command_gives_beside_numbers_of_the_same_device(beam):
    device = beam.device("diode")
    words = TangoCounter("words", device, command="Describe", as_text=True)
    current = TangoCounter("current", device, "Current")
    data = obtura.loopscan(2, 0, device, save=False).get_data()
    assert data[words].tolist() == ["a diode"] * 2 and data[current].tolist() == [1.25] * 2


@pytest.mark.parametrize("monitor", [False, True])
def test_each_point_has_the_text_of_its_moment(beam, monitor):
    counter = text_of(beam, "Label", monitor=monitor)
    for label in ("quartz", "µ-meter über", ""):
        counter.controller.write_attribute("Label", label)
        until = clock.time() + 5
        while counter.read() != label and clock.time() < until:
            clock.sleep(0.01)
        assert obtura.ct(0.01, counter, save=False).get_data(counter).tolist() == [label]


def test_an_array_of_texts_is_refused_with_what_to_do(beam):
    with pytest.raises(DeviceError, match=r"Words: it is no text, but an array of shape \(2,\); index says which item"):
        text_of(beam, "Words").read()


def test_a_text_that_is_counted_as_a_number_is_refused_with_what_to_do(beam):
    with pytest.raises(DeviceError, match=r"say with `words` what its texts stand for, or have them with as_text"):
        beam.counter("Text").read()


@pytest.mark.parametrize("options", [{"scale": 2.0}, {"offset": 1.0}, {"words": {"A": 1}}, {"shape": [3]}])
def test_what_is_for_numbers_is_refused(beam, options):
    with pytest.raises(UsageError, match="is for numbers; it can't be given with as_text"):
        text_of(beam, "Text", **options)
