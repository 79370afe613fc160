"""A point costs no more than so many times its floor.

The limits are some four times the present ratios: what fails here has become slow in kind, not by chance. Times are
never looked at. The whole suite is `make bench`.
"""

import pytest

from bench import suite  # noqa: F401 - its modules register their cases
from bench.cases import CASES, chosen
from bench.run import main, measure

LIMITS = {
    "loopscan": 280,
    "ascan": 800,
    "counters/100": 20,
    "devices/100": 120,
    "iterationpresets/5": 320,
    "consumers/hdf5": 1200,
    "onepoint/saved": 80,
}
"""Times the floor."""


@pytest.mark.parametrize("name", LIMITS)
def test_it_is_not_many_times_slower_than_it_was(name):
    result = measure(CASES[name], repetitions=3, long=0.03)
    # Of both ratios the better: the one of wall times suffers from a busy machine, that of processor times less.
    ratio = min(result.measured["ratio"].median, result.measured["cpu_ratio"].median)
    assert 0 < ratio < LIMITS[name], f"{name}: {ratio:.0f} times its floor"


def test_an_unknown_case_is_answered_by_the_closest():
    with pytest.raises(SystemExit, match="no case 'loopskan'; did you mean loopscan"):
        main(["loopskan"])


def test_a_family_stands_for_its_cases():
    assert [one.name for one in chosen(["counters"])] == [f"counters/{number}" for number in (1, 10, 100, 1000)]
