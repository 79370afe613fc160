"""Instruments that send garbage, or very much of it."""

import time

import pytest

from obtura.devices.text import LineError, SilenceError, TextCounter, TextInstrument
from obtura.ground.errors import DeviceError

LATEST = 15.0


def test_garbage_without_end_is_given_up_and_told_in_short(rude):
    server, line = rude
    server.say.put([b"x" * 5_000_000])
    server.say.put([b"2\n"])
    with pytest.raises(LineError) as caught:
        line.query("A?", timeout=LATEST)
    told = f"sent more than 1,000,000 bytes without an end of an answer at 'A?', which begin with {b'x' * 60!r}; "
    assert str(caught.value) == f"tcp {server.url} {told}are its settings right?"
    assert line.query("B?", timeout=LATEST) == "2"


def test_how_long_an_answer_may_be_can_be_set(rude):
    server, line = rude
    for _ in range(2):
        server.say.put([b"x" * 2_000_000 + b"\n"])

    def ask(talk):
        talk.longest_answer = 3_000_000
        return talk.query("A?", LATEST)

    assert len(line.together(ask)) == 2_000_000
    assert line.trace[-1].answer == f"{'x' * 10_000}... (2,000,000 characters)"


def test_of_a_long_answer_the_beginning_is_shown(rude):
    server, line = rude
    server.say.put([b"y" * 500_000 + b"\n"])
    server.say.put([b"y" * 50_000])
    box = TextInstrument("box", line=line)
    with pytest.raises(DeviceError) as caught:
        TextCounter("c", box, "A?", timeout=LATEST).read()
    begin = "'" + "y" * 60 + "'..."
    assert (
        str(caught.value)
        == f"box:c: the answer to 'A?', {begin} (500,000 characters), is no number; as_text takes it as it stands"
    )
    with pytest.raises(SilenceError) as caught:
        box.query("B?")
    assert str(caught.value).endswith(f"; only b{begin} (50,000 bytes) came")


def test_what_floods_unasked_is_connected_anew(rude):
    server, line = rude
    server.say.put([b"1\n", b"z" * 5_000_000])
    server.say.put([b"2\n"])
    assert line.query("A?", timeout=LATEST) == "1"
    time.sleep(0.1)
    assert line.query("B?", timeout=LATEST) == "2"
