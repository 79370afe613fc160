"""A line on which what is said is written down before."""

import pytest

from obtura.testing import Conversation


def test_what_was_not_expected_is_told_at_once_and_at_the_end():
    line = Conversation(("A?", "1"), ("B", None))
    with pytest.raises(AssertionError, match="^'B' was said where 'A\\?' was expected$"):
        line.write("B")
    with pytest.raises(AssertionError, match="^'B' was said where"):
        line.finish()


def test_what_was_not_said_is_told_at_the_end():
    with pytest.raises(AssertionError, match="^not said: 'B', 'C\\?'$"), Conversation(("B", None), ("C?", "1")):
        pass


def test_what_comes_after_the_end_is_told():
    with Conversation(("A?", "1"), end="CRLF") as line:
        assert line.query("A?") == "1"
        with pytest.raises(AssertionError, match="where nothing more was expected"):
            line.write("B")
        line._script.wrong = ""


def test_an_error_of_the_test_itself_is_not_hidden():
    with pytest.raises(ZeroDivisionError), Conversation(("A?", "1")):
        _ = 1 / 0
