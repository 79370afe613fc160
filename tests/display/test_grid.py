"""Small tables: a row or a column per thing, as wide as the terminal."""

from hypothesis import given
from hypothesis import strategies as st

from obtura.display.grid import folded, grid

WORDS = st.text("abc xyz", max_size=30)


def test_words_are_set_left_and_numbers_right():
    assert grid(["name", "value"], [["roby", "1.5 mm"], ["a", "12"]]) == (
        "name   value\n----  ------\nroby  1.5 mm\na         12"
    )


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=5))
def test_no_line_is_longer_than_the_terminal(rows):
    lines = grid(["one", "two", "three"], rows, width=30).split("\n")
    assert max(map(len, lines)) <= 30
    assert len(lines) == len(rows) + 2


def test_a_text_that_was_cut_ends_in_an_ellipsis():
    assert "abcdefghi…" in grid(["name"], [["abcdefghijklmnop"]], width=10)


def test_names_are_cut_last():
    assert grid(["name", "what"], [["slits_hgap", "a gap"]], width=16).splitlines()[-1] == "slits_hgap  a g…"
    assert grid(["name", "what"], [["slits_hgap", "a gap"]], width=12).splitlines()[-1] == "slits…  a g…"


def test_columns_that_do_not_fit_go_on_below():
    text = folded(["", "user"], [["roby", "1"], ["robz", "2"], ["robx", "3"]], width=35)
    assert text.splitlines() == [
        "              roby          robz",
        "user             1             2",
        "",
        "              robx",
        "user             3",
    ]


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=6), st.integers(40, 120))
def test_folding_loses_no_column(columns, width):
    text = folded(["", "x"], columns, width)
    assert all(cell.strip() in text for column in columns for cell in column)
    assert max(map(len, text.splitlines())) <= width
