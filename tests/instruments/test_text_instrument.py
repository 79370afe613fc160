"""What is said to instruments that are spoken to in text, word for word."""

import math

import pytest

from obtura.contracts import looking
from obtura.devices.text import (
    AnswerError,
    Identity,
    Line,
    LineError,
    Output,
    Question,
    SilenceError,
    TextAxis,
    TextCounter,
    TextInstrument,
    TextMultiplexer,
    TextShutter,
    Transport,
)
from obtura.ground.errors import DeviceError, UsageError
from obtura.testing import SILENCE, Conversation, virtual_time

LOST = ConnectionResetError("the other side closed the connection")


@pytest.fixture
def talking():
    """An instrument on a conversation, which must have been as it was written down when the test ends."""
    lines = []

    def make(*expected, always=None, line=None, **described):
        conversation = Conversation(*expected, always=always, **(line or {}))
        lines.append(conversation)
        return TextInstrument("box", line=conversation, **described)

    yield make
    for line in lines:
        line.finish()


# -- who it is ------------------------------------------------------------------------------------------------


def test_it_is_asked_who_it_is_and_told_how_to_be_before_anything_else_and_once(talking):
    box = talking(
        ("*IDN?", "ACME,42"), ("SYST:REM", None), ("T?", "1"), ("T?", "2"), identify="ACME", initial=["SYST:REM"]
    )
    assert [box.query("T?"), box.query("T?")] == ["1", "2"]
    assert box.said_to_be == "ACME,42"


def test_another_instrument_is_refused_and_asked_again(talking):
    box = talking(("ID", "OTHER"), ("ID", "ACME"), ("T?", "1"), identify=Identity("ACME", "ID"))
    with pytest.raises(DeviceError, match=r"^box: conversation says it is 'OTHER', which does not match 'ACME'"):
        box.check()
    assert box.query("T?") == "1"


def test_a_check_asks_once_more_who_it_is_and_not_what_its_counters_ask(talking):
    box = talking(("*IDN?", "ACME"), ("*IDN?", "ACME"), ("*IDN?", "OTHER"), identify="ACME")
    TextCounter("c", box, "T?")
    box.check()
    box.check()
    with pytest.raises(DeviceError, match="which does not match 'ACME'"):
        box.check()


def test_one_that_says_nothing_of_itself_is_not_quoted(talking):
    box = talking(("*IDN?", ""), identify="ACME")
    with pytest.raises(DeviceError, match=r"^box: conversation answers '\*IDN\?' with an empty line, which does not"):
        box.check()


def test_one_that_is_lost_while_its_right_answer_is_waited_for_is_told_as_lost():
    class Serial(Transport):  # where old answers may still be on their way
        address, renews, said = "port", False, [b"old\n"]

        def open(self, timeout):
            """Nothing to do."""

        close = send = lambda self, *_: None

        def receive(self, timeout):
            if not self.said:
                raise LOST
            return self.said.pop()

    box = TextInstrument("box", line=Line(Serial()), identify="ACME")
    with pytest.raises(LineError, match="^box: port was lost while more was waited for: ConnectionResetError"):
        box.check()


def test_it_is_greeted_anew_when_it_was_lost(talking):
    box = talking(("*IDN?", "ACME"), ("T?", LOST), ("*IDN?", "ACME"), ("T?", "2"), identify="ACME")
    with pytest.raises(LineError, match=r"^box: conversation was lost at 'T\?': ConnectionResetError: the other side"):
        box.query("T?")
    assert "not connected since" in box.connection
    assert box.query("T?") == "2"
    assert box.line.connected == 2


def test_after_a_silence_it_is_connected_anew_and_says_so_in_its_trace(talking):
    box = talking(("T?", SILENCE), ("T?", "2"), line={"timeout": 0.5})
    with pytest.raises(SilenceError, match=r"^box: conversation did not answer 'T\?' within 2 s$"):
        box.query("T?")
    assert box.query("T?") == "2"
    assert box.line.connected == 2
    assert [(each.sent, each.answer or each.error) for each in box.trace] == [
        ("", "connected"),
        ("T?", "no answer within 2 s"),
        ("", "an answer was owed; connected anew"),
        ("", "connected"),
        ("T?", "2"),
    ]


# -- commands -------------------------------------------------------------------------------------------------


def test_a_command_is_followed_by_the_error_queue(talking):
    box = talking(
        *[("OUTP 1", None), ("*OPC?", "1"), ("SYST:ERR?", '0,"No error"')],
        *[("OUTP 9", None), ("*OPC?", "1"), ("SYST:ERR?", '-222,"Data out of range"'), ("SYST:ERR?", "+0,ok")],
        errors="SYST:ERR?",
        complete="*OPC?",
    )
    box.command("OUTP 1")
    with pytest.raises(DeviceError, match=r"^box: conversation refuses 'OUTP 9': -222,\"Data out of range\"$"):
        box.command("OUTP 9")


def test_an_error_queue_without_end_is_read_so_far(talking):
    box = talking(always={"X": None, "ERR?": "7"}, errors="ERR?")
    with pytest.raises(DeviceError, match="refuses 'X': 7; 7; 7"):
        box.command("X")


def test_a_command_that_is_answered_must_be_answered_well(talking):
    box = talking(("T=5", "T=5.0"), ("T=6", "err: not idle"), acknowledge="^T=")
    box.command("T=5")
    with pytest.raises(DeviceError, match="refuses 'T=6': it answers 'err: not idle', not '\\^T='"):
        box.command("T=6")


# -- counters -------------------------------------------------------------------------------------------------


def test_counters_with_one_query_are_had_by_asking_it_once(talking):
    box = talking(("MEAS? 1,2", "1.5,-2e3"), ("S?", "ON"))
    volts = TextCounter("volts", box, "MEAS? 1,2", split=",", index=0, unit="V")
    amps = TextCounter("amps", box, "MEAS? 1,2", split=",", index=1, scale=1e-3, offset=1.0, unit="A")
    lamp = TextCounter("lamp", box, "S?", words={"ON": 1, "OFF": 0})
    assert box.sample([volts, amps, lamp]) == [1.5, -1.0, 1.0]


@pytest.mark.parametrize(
    ("answer", "asked", "value"),
    [
        ("+1.25E+00", {}, 1.25),
        (" 7 \r", {}, 7.0),
        ("T=12.5 C", {"pattern": r"T=(\S+)"}, 12.5),
        ("12.5K", {"pattern": r"^[\d.]+"}, 12.5),
        ("a  1   2", {"index": 1}, 1.0),
        ("a;3;", {"split": ";", "index": -2}, 3.0),
        ("x=1,5 y=2,7", {"pattern": "y=(.*)", "split": ",", "index": 1}, 7.0),
        ("nan", {"words": {"OVLD": math.inf}}, math.nan),
        ("OVLD", {"words": {"OVLD": math.inf}}, math.inf),
    ],
)
def test_what_matters_in_an_answer_is_found(talking, answer, asked, value):
    counter = TextCounter("c", talking(("T?", answer)), "T?", **asked)
    assert counter.read() == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(
    ("answer", "asked", "why"),
    [
        ("rubbish", {}, "'rubbish', is no number"),
        ("", {}, "'', is no number"),
        ("T=x", {"pattern": "T=(.)"}, r"'T=x', is no number \('x'\)"),
        ("5", {"pattern": "T=(.)"}, "'5', does not match 'T=\\(.\\)'"),
        ("1,2", {"split": ",", "index": 2}, "'1,2', has no item 2: it has 2"),
        ("UP", {"words": {"ON": 1, "OFF": 0}}, "'UP', is no number nor one of ON, OFF"),
    ],
)
def test_garbage_is_told_with_the_question_and_the_counter(talking, answer, asked, why):
    counter = TextCounter("c", talking(("T?", answer)), "T?", **asked)
    with pytest.raises(AnswerError, match=rf"^box:c: the answer to 'T\?', {why}"):
        counter.read()


def test_what_repeats_the_question_is_left_out(talking):
    box = talking(("T?", "T 5.5"), ("U?", "odd"), answer=r"\S+ (.*)")
    assert box.query("T?") == "5.5"
    assert box.query("U?") == "odd"


# -- an axis --------------------------------------------------------------------------------------------------


def test_an_axis_without_a_word_for_done_is_there_when_it_is_near(talking):
    box = talking(
        *[("P?", "0")],  # the check before
        *[("V 2.00", None), ("SET 5.0", None), ("P?", "1.0"), ("P?", "4.9"), ("P?", "5.005")],
        ("P?", "5.005"),
    )
    axis = TextAxis(
        "p", box, "SET {position:.1f}", "P?", tolerance=0.01, velocity_command="V {velocity:.2f}", velocity=2
    )
    with virtual_time():
        axis.move(5)


def test_an_axis_that_says_when_it_is_done_is_asked(talking):
    said = [("S?", "idle"), ("P?", "0"), ("T=5.0", "T=5.0"), ("S?", "moving"), ("S?", "idle"), ("P?", "5.0")]
    box = talking(*said, acknowledge="^T=")
    with virtual_time():
        TextAxis("p", box, "T={position}", "P?", done="S?", done_answer="idle").move(5)


def test_an_axis_that_has_not_noticed_yet_that_it_moves_is_not_believed(talking):
    before = [("S?", "1"), ("P?", "0")]
    box = talking(
        *[*before, ("SET 5.0", None), ("S?", "1"), ("P?", "0"), ("S?", "0"), ("S?", "1"), ("P?", "5")],
        *[*before, ("SET 6.0", None), ("S?", "1"), ("P?", "6"), ("P?", "6")],
    )
    axis = TextAxis("p", box, "SET {position}", "P?", done="S?")
    with virtual_time():
        axis.move(5)
        axis.move(6)


def test_an_axis_that_says_for_too_long_that_it_is_done_is_believed(talking):
    box = talking(("SET 5.0", None), always={"S?": "1", "P?": "0"})
    axis = TextAxis("p", box, "SET {position}", "P?", done="S?", lag=0.3, unit="mm")
    with virtual_time() as time, pytest.raises(DeviceError, match="p: the move to 5 mm ended at 0 mm"):
        axis.move(5)
    assert 0.3 <= time.time() < 0.5


def test_an_axis_that_comes_no_nearer_is_stopped_and_named(talking):
    box = talking(("SET 5.0", None), ("STOP", None), always={"P?": "1.0"})
    axis = TextAxis("p", box, "SET {position}", "P?", stop="STOP", unit="bar", patience=3)
    with virtual_time() as time, pytest.raises(DeviceError, match="p: the move to 5 bar ended at 1 bar, further off"):
        axis.move(5)
    assert 3 <= time.time() < 4


def test_an_axis_without_a_word_for_stop_is_set_to_where_it_is(talking):
    box = talking(("SET 5.0", None), ("SET 1.0", None), always={"P?": "1.0"})
    axis = TextAxis("p", box, "SET {position}", "P?")
    with virtual_time():
        axis.move(5, wait=False)
        axis.stop()
        assert not axis.is_moving


def test_limits_are_kept_before_anything_is_said(talking):
    axis = TextAxis("p", talking(), "SET {position}", "P?", limits=(0, 10), unit="bar")
    with pytest.raises(UsageError, match="move to 11 bar would exceed high limit"):
        axis.move(11)


@pytest.mark.parametrize("order", ["SET", "SET {x}", "SET {}", "SET {position:q}", "SET {position"])
def test_a_command_without_the_position_is_refused(talking, order):
    with pytest.raises(UsageError, match=r"p: set: .*\{position\}"):
        TextAxis("p", talking(), order, "P?")


# -- a shutter, a multiplexer ---------------------------------------------------------------------------------


def test_a_shutter_is_told_and_asked(talking):
    box = talking(("OPEN", None), ("S?", "moving"), ("S?", "UP"), ("CLOSE", None), ("S?", "DOWN"))
    shutter = TextShutter("s", box, "OPEN", "CLOSE", "S?", open_answer="UP|up", closed_answer="DOWN")
    with virtual_time():
        shutter.open()
        shutter.close()


def test_a_shutter_with_a_fault_is_refused_before_a_scan(talking):
    shutter = TextShutter("s", talking(always={"S?": "jammed"}), "O", "C", "S?", fault_answer="jam.*")
    with pytest.raises(DeviceError, match="s: it says FAULT"):
        shutter.check()
    with pytest.raises(DeviceError, match="s.state: the answer to 'E\\?'"):
        _ = TextShutter("s", talking(("E?", "x")), "O", "C", Question("E?", pattern="y")).state


def test_a_shutter_without_a_status_is_where_it_was_sent(talking):
    shutter = TextShutter("s", talking(("O", None), ("C", None)), "O", "C")
    assert shutter.state == "UNKNOWN"
    shutter.open()
    assert shutter.state == "OPEN"
    shutter.close()
    assert shutter.is_closed


def test_a_multiplexer_is_switched_and_looked_at(talking):
    box = talking(("R 1", None), ("R?", "0"), ("R?", "1"), ("R?", "7"), ("A", None))
    routes = Output({"apd": "R 1", "diode": "R 0"}, "R?", {"apd": "1", "diode": "0"})
    multiplexer = TextMultiplexer("m", box, {"route": routes, "blind": Output({"a": "A"})})
    with virtual_time():
        multiplexer.switch("route", "apd")
        with pytest.raises(DeviceError, match="m.route: the answer to 'R\\?', '7', is none of apd, diode"):
            multiplexer.get_output("route")
        with pytest.raises(DeviceError, match="nothing tells what blind is connected to"):
            multiplexer.get_output("blind")
        multiplexer.switch("blind", "a")
        assert multiplexer.get_output("blind") == "a"


def test_a_multiplexer_that_does_not_follow_is_an_error(talking):
    box = talking(("R 1", None), always={"R?": "b"})
    multiplexer = TextMultiplexer("m", box, {"route": Output({"a": "R 1", "b": "R 0"}, "R?")})
    with virtual_time(), pytest.raises(DeviceError, match="m.switch failed: route is connected to b, not a, after 2 s"):
        multiplexer.switch("route", "a")


# -- several messages that belong together --------------------------------------------------------------------


def test_an_instrument_that_needs_code_has_the_line_to_itself(talking):
    box = talking(("CH 2", None), ("V?", "3.5"))

    def channel_two(speech):
        speech.command("CH 2")
        return float(speech.query("V?"))

    assert box.together(channel_two) == 3.5


# -- a look from elsewhere ------------------------------------------------------------------------------------


@pytest.mark.parametrize("session_too", [False, True])
def test_one_that_is_read_only_is_asked_and_told_nothing(talking, monkeypatch, session_too):
    always = {"*IDN?": "ACME", "P?": "1", "S?": "1"}
    monkeypatch.setattr(looking, "_looking", session_too)
    box = talking(always=always, identify="ACME", initial=["RESET"], read_only=not session_too)
    axis, shutter = TextAxis("p", box, "SET {position}", "P?"), TextShutter("s", box, "O", "C", "S?")
    assert (axis.position, shutter.state) == (1.0, "OPEN")
    axis.check()
    for refused in (lambda: axis.move(2), lambda: axis.check_path([1, 2])):
        with pytest.raises(DeviceError, match="p.move refused: this is" if session_too else "p can't be moved: conv"):
            refused()
    refusal = "s.close refused: this is" if session_too else "s.close failed: conversation is"
    with pytest.raises(DeviceError, match=f"{refusal} read-only"):
        shutter.close()
    with pytest.raises(DeviceError, match="conversation is read-only here: it is asked"):
        box.command("C")
    assert "connected since" in box.__info__() and "read-only" in box.__info__()
