"""Where pictures are shown: in text on a terminal and in a pipe, in a file."""

import io
import os

import pytest
from drawn import bell, curves, image

from obtura.display.drawing import show


class Stream(io.StringIO):
    """A terminal, or a pipe, with an encoding."""

    def __init__(self, terminal, encoding="utf-8"):
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding

    def isatty(self):
        return self._terminal


@pytest.fixture
def shown(monkeypatch):
    """`shown(picture, terminal=True)` gives what is written."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def call(*pictures, terminal, encoding="utf-8", size=(100, 40)):
        stream = Stream(terminal, encoding)
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setattr("shutil.get_terminal_size", lambda fallback=None: os.terminal_size(size))
        show(pictures)
        return stream.getvalue()

    return call


def test_on_a_terminal_it_is_coloured_and_fits(shown):
    text = shown(curves(bell()), terminal=True)
    assert "\x1b[" in text
    assert len(text.splitlines()) <= 40
    assert shown(curves(bell()), terminal=True, size=(60, 20)) != text


def test_no_color_is_obeyed(shown, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(curves(bell()), image([[1, 2]]), terminal=True)


def test_a_dumb_terminal_and_a_pipe_get_plain_text(shown, monkeypatch):
    assert "\x1b" not in shown(curves(bell()), image([[1, 2]]), terminal=False)
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shown(curves(bell()), image([[1, 2]]), terminal=True)


def test_a_pipe_gets_80_columns_whatever_the_terminal_is(shown):
    text = shown(curves(bell()), terminal=False, size=(200, 50))
    assert max(map(len, text.splitlines())) <= 80


def test_the_words_come_below_the_pictures(shown):
    text = shown(curves(bell()), image([[1, 2]]), terminal=False)
    assert text.endswith("\n\nthe peak is at 5 mm\nlargest 9\n")


def test_a_stream_that_knows_ascii_only_gets_that(shown):
    assert shown(curves(bell()), image([[1, 2]]), terminal=False, encoding="ascii").isascii()


def test_a_very_small_terminal_gets_a_plot_nevertheless(shown):
    assert "roby" in shown(curves(bell()), terminal=True, size=(10, 3))


def test_into_a_file_it_is_a_figure_and_the_words_are_said(tmp_path, capsys):
    show([curves(bell())], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == "the peak is at 5 mm\n"
