"""A lab that notices when it is touched."""

import math

import pytest
from doubles import Around, MemoryAxis, diode, make_bench

from obtura.ground.errors import UsageError

NAN, INF = math.nan, math.inf


class Lab:
    """Two axes and a counter that count how often they are touched."""

    def __init__(self):
        self.around = Around()
        self.bench = make_bench(self.around)
        self.roby, self.robz = MemoryAxis("roby"), MemoryAxis("robz", limits=(-1.0, 1.0))
        self.diode = diode()

    def assert_untouched(self):
        assert (self.roby.touched, self.robz.touched) == ([], [])
        assert self.diode.controller.touched == 0


def refused(function, *arguments, **options):
    """The message with which a call is refused."""
    with pytest.raises(UsageError) as caught:
        function(*arguments, **options)
    assert isinstance(caught.value, ValueError)
    return str(caught.value)


def assert_three_lines(message, command):
    problem, usage, example = message.splitlines()
    assert problem.startswith(f"{command}: ")
    assert usage.startswith(f"Intended usage: {command}(")
    assert example.startswith(f"Example: {command}(")
