"""Rows and text on one screen: nothing garbled, nothing lost."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import WHEN

from obtura.display.screen import Screen, width_of

ROW = "   0   1\n"


class TerminalStream(io.StringIO):
    """A terminal, as far as a stream knows."""

    def isatty(self):
        return True


def drawn(written, width=80):
    """The lines that a person sees on a terminal after `written`."""
    lines, column = [""], 0
    for character in written.replace("\x1b[K", "\x00"):
        line = lines[-1]
        if character == "\n":
            lines.append("")
            column = 0
        elif character == "\r":
            column = 0
        elif character == "\x00":
            lines[-1] = line[:column]
        else:
            lines[-1] = line[:column] + character + line[column + 1 :]
            column += 1
    assert all(len(line) <= width for line in lines)
    return lines


def on(stream, *parts):
    """What is written on `stream`: a row where a part is ROW, else text."""
    screen = Screen(stream, None)
    for part in parts:
        if part is ROW:
            screen.lines(part)
        else:
            screen.text("stdout", part)
    screen.flush()
    return stream.getvalue()


def test_lines_and_rows_follow_each_other():
    assert on(io.StringIO(), "opening\n", ROW, "closing\n") == "opening\n" + ROW + "closing\n"


def test_a_row_after_half_a_line_begins_on_a_new_one():
    assert on(io.StringIO(), "waiting", ROW) == "waiting\n" + ROW


def test_the_newline_that_comes_after_such_a_row_is_not_a_second_one():
    assert on(io.StringIO(), "opening ... ", ROW, "\n", "done\n") == "opening ... \n" + ROW + "done\n"
    assert on(io.StringIO(), "opening ... ", ROW, "done\n") == "opening ... \n" + ROW + "done\n"


def test_an_empty_line_that_somebody_prints_stays():
    assert on(io.StringIO(), "opening\n", ROW, "\n", ROW) == "opening\n" + ROW + "\n" + ROW


def test_on_a_terminal_a_row_takes_the_place_of_a_waiting_line():
    written = on(TerminalStream(), "Waiting for beam, read 3 expect 10\r", ROW)
    assert drawn(written) == ["   0   1", ""]


def test_the_echo_of_a_ctrl_c_on_a_waiting_line_does_not_stay():
    terminal = TerminalStream()
    screen = Screen(terminal, None)
    screen.text("stdout", "read 3 expect 10\r")
    screen.flush()
    terminal.write("^C")
    screen.text("stdout", "closing\n")
    screen.flush()
    assert drawn(terminal.getvalue()) == ["closing", ""]


def test_in_a_pipe_a_waiting_line_stays_and_the_row_follows_it():
    assert on(io.StringIO(), "waiting\r", ROW, "waiting\r", ROW) == f"waiting\r\n{ROW}waiting\r\n{ROW}"


def test_on_a_terminal_a_shorter_text_leaves_nothing_of_the_longer_one_it_overwrites():
    written = on(TerminalStream(), "read -12.2222 expect 10", "\r", "Waiting for beam", "\n")
    assert drawn(written) == ["Waiting for beam", ""]


def test_a_newline_after_a_waiting_line_keeps_it():
    assert drawn(on(TerminalStream(), "read 11 expect 10", "\r", "\n", "go\n")) == ["read 11 expect 10", "go", ""]


def test_text_in_a_pipe_is_not_touched():
    parts = ["read -12.2222", "\r", "read 4", "\r", "\n", "ok\n"]
    assert on(io.StringIO(), *parts) == "".join(parts)


def test_a_dumb_terminal_gets_no_escape_sequences(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in on(TerminalStream(), "waiting\r", ROW, "waiting\r", "go\n")


def test_lines_may_be_of_any_length_in_a_pipe_only(monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    assert width_of(TerminalStream()) == 70
    assert width_of(io.StringIO()) == 0
    assert width_of(None) == 0


class Writes(io.StringIO):
    """Notes each write into a list that streams may share."""

    def __init__(self, name, log):
        super().__init__()
        self.name, self.log = name, log

    def write(self, text):
        self.log.append((self.name, text))

    def flush(self):
        self.log.append((self.name, "flush"))


def test_what_goes_to_one_stream_is_one_write_and_order_is_kept_between_streams():
    log = []
    screen = Screen(Writes("out", log), Writes("err", log))
    screen.text("stdout", "a")
    screen.text("stdout", "b\n")
    screen.lines(ROW)
    screen.text("stderr", "trouble\n")
    screen.text("stdout", "c\n")
    screen.flush()
    assert [entry for entry in log if entry[1] != "flush"] == [
        ("out", "ab\n" + ROW),
        ("err", "trouble\n"),
        ("out", "c\n"),
    ]
    assert log[1::2] == [("out", "flush"), ("err", "flush"), ("out", "flush")]


def test_an_idle_screen_writes_nothing():
    log = []
    screen = Screen(Writes("out", log), Writes("err", log))
    screen.text("stdout", "")
    screen.flush()
    assert log == []


def test_half_a_line_on_stderr_of_the_same_terminal_does_not_hang_on_to_a_row(tmp_path):
    with open(tmp_path / "both", "w") as out, os.fdopen(os.dup(out.fileno()), "w") as err:
        screen = Screen(out, err)
        screen.text("stderr", "50 %")
        screen.lines(ROW)
        screen.flush()
    assert (tmp_path / "both").read_text() == "50 %\n" + ROW


def test_half_a_line_on_stderr_elsewhere_is_no_business_of_the_rows():
    out, err = io.StringIO(), io.StringIO()
    screen = Screen(out, err)
    screen.text("stderr", "50 %")
    screen.lines(ROW)
    screen.flush()
    assert (out.getvalue(), err.getvalue()) == (ROW, "50 %")


def test_a_sign_that_the_stream_can_t_write_is_replaced_and_the_rest_is_shown():
    raw = io.BytesIO()
    screen = Screen(io.TextIOWrapper(raw, encoding="ascii"), None)
    screen.text("stdout", f"{WHEN:%Y}: 3 µm\n")
    screen.flush()
    assert raw.getvalue() == b"2019: 3 \\xb5m\n"


def test_without_a_stream_text_is_dropped(capfd):
    screen = Screen(None, None)
    screen.text("stderr", "x")
    screen.lines(ROW)
    screen.flush()
    assert capfd.readouterr() == ("", "")


def test_a_stream_that_takes_no_more_is_an_error():
    class Full(io.StringIO):
        def flush(self):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        on(Full(), "x\n")


texts = st.text(alphabet="ab \n\r", max_size=6)
parts = st.lists(texts | st.just(ROW), max_size=30)


def without_breaks(text):
    return text.replace("\n", "").replace("\r", "")


@given(parts)
def test_in_a_pipe_nothing_is_lost_and_every_row_has_a_line_of_its_own(parts):
    written = on(io.StringIO(), *parts)
    assert without_breaks(written) == without_breaks("".join(parts))
    assert written.count(ROW) == sum(part is ROW for part in parts)
    for before in written.split(ROW)[:-1]:
        assert before == "" or before.endswith("\n")
    assert written.count("\n") >= "".join(parts).count("\n")


@given(parts)
def test_on_a_terminal_every_row_is_seen_whole(parts):
    seen = drawn(on(TerminalStream(), *parts), width=200)
    assert seen.count(ROW.removesuffix("\n")) == sum(part is ROW for part in parts)
