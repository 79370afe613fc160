"""The table of scans on the page about them: complete, and every example can be called like that."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from obtura.scans import continuous, count, linear, mesh, points
from obtura.scans.bench import COMMANDS, Bench

PAGE = (Path(__file__).parents[2] / "docs/howto/scans.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^\| `((\w+)\(.*\))` \|", PAGE, re.MULTILINE))


def test_every_scan_is_in_the_table():
    scans = {name for module in (count, linear, mesh, points, continuous) for name in module.__all__}
    assert scans == set(EXAMPLES.values())
    assert scans <= set(COMMANDS)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_fits_the_command(example):
    call = ast.parse(example, mode="eval").body
    command = getattr(Bench, EXAMPLES[example])
    bound = inspect.signature(command).bind(None, *map(ast.unparse, call.args))
    assert bound.arguments["counters"] == ("diode",)
