"""What the benchmark makes of its measurements; the seconds are told, nothing is timed."""

import sys

import pytest

from bench import page, point, results, run, suite  # noqa: F401 - its modules register their cases
from bench.cases import CASES, Case, Figure, Trial
from bench.results import Result
from bench.table import lines
from bench.timing import measured

TWICE = Case("twice", "done twice", "point", 5, False, lambda lab: None)


def told(seconds):
    """Work whose every unit takes so long."""
    return lambda count: seconds * count


def result(work=6.0, floor=2.0, **more):
    trial = Trial(told(work), told(floor), count=3, floor_count=7, **more)
    return Result.of_case(TWICE, trial.floor_name, measured(trial, 4, {"other": told(60.0)}))


def test_the_ratio_is_that_of_the_seconds_per_unit():
    assert measured(Trial(told(6.0), told(2.0), count=3, floor_count=7), 4).ratio == (3.0, 3.0, 3.0)


def test_what_does_not_count_is_subtracted_and_the_rest_shared():
    trial = Trial(told(6.0), told(2.0), less=told(1.0), over=5, count=3, floor_count=7)
    assert measured(trial, 4).work.median == 1.0


def test_a_peer_is_compared_with_obtura_not_with_the_floor():
    assert "other 60 s = 10.0 x obtura" in lines(result())


@pytest.mark.parametrize(("work", "kept"), [(6.0, "yes"), (12.0, "NO")])
def test_the_budget_stands_beside_the_ratio(work, kept):
    words = lines(result(work)).split()
    assert words[words.index(kept) - 1] == "5"


def test_a_study_keeps_its_budget_when_all_of_its_figures_do():
    good, bad, free = Figure("threads", 0, "", 0), Figure("files", 2, "", 0), Figure("time", 3, "ms")
    assert Result.of_study(TWICE, [good, free]).is_met is True
    assert Result.of_study(TWICE, [good, bad]).is_met is False
    assert Result.of_study(TWICE, [free]).is_met is None


def test_the_page_has_what_was_measured_and_names_what_was_not(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "DIRECTORY", tmp_path)
    monkeypatch.setattr(page, "PAGE", tmp_path / "speed.md")
    page.PAGE.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n", encoding="utf-8")
    results.write(result())
    page.write_page([TWICE, CASES["loopscan"]])
    text = page.PAGE.read_text(encoding="utf-8")
    assert "| `twice` done twice | point | 2 s | 6 s | 3.00 (3.00–3.00) |" in text
    assert "5, kept | 60 s, 10.0 x |" in text
    assert "Not measured here: `loopscan`." in text
    assert text.startswith("before") and text.endswith("after\n") and "old" not in text


def test_a_ctrl_c_ends_it_in_one_line(monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "measure", pressed)
    with pytest.raises(SystemExit, match="interrupted by Ctrl-C; what was measured before is in"):
        run.main(["loopscan"])


def test_an_unknown_layer_of_a_point_is_told_with_those_there_are(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["point.py", "lop"])
    with pytest.raises(SystemExit):
        point.main()
    assert "there is no case 'lop'; there are loop, trigger," in capsys.readouterr().err
