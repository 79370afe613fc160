"""Instruments that send garbage, or very much of it."""

import math
import socket
import time

import pytest

import obtura
from obtura.devices.text import LineError, SilenceError, TcpLine, TextCounter, TextInstrument
from obtura.devices.text.talk import LostLineError
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


def test_of_a_long_question_the_beginning_is_shown_and_kept(rude):
    server, line = rude
    server.say.put([b""])
    with pytest.raises(SilenceError) as caught:
        line.query("Q" * 5_000_000, 3.0)  # more than there is room for on its way
    told = f"tcp {server.url} did not answer '{'Q' * 60}'... (5,000,000 characters) within 3 s"
    assert str(caught.value) == told
    assert line.trace[-1].sent == f"{'Q' * 10_000}... (5,000,000 characters)"


def test_what_is_sent_to_one_that_reads_nothing_fails_in_time_and_in_short():
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # who is connected to it is never attended to
        line = TcpLine(f"127.0.0.1:{deaf.getsockname()[1]}", timeout=0.3)
        with pytest.raises(LostLineError) as caught:
            line.write("W" * 50_000_000)
        assert "was lost at '" + "W" * 60 + "'... (50,000,000 characters): " in str(caught.value)
        assert len(str(caught.value)) < 300
        line.close()


@pytest.mark.parametrize("timeout", [1e8, math.inf])
def test_a_time_limit_may_be_infinite(rude, timeout):
    server, _ = rude
    for _ in range(3):
        server.say.put([b"7\n"])
    box = TextInstrument("box", tcp=server.url, timeout=timeout)
    counter = TextCounter("c", box, "A?")
    assert counter.read() == 7.0
    assert list(obtura.loopscan(1, 0, counter, save=False).get_data("c")) == [7.0]
    box.close()


def test_what_floods_unasked_is_connected_anew(rude):
    server, line = rude
    server.say.put([b"1\n", b"z" * 5_000_000])
    server.say.put([b"2\n"])
    assert line.query("A?", timeout=LATEST) == "1"
    time.sleep(0.1)
    assert line.query("B?", timeout=LATEST) == "2"
