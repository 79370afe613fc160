"""The command: measure, print a line for each case as it is done, write JSON."""

import argparse
import time
from collections.abc import Sequence

from bench import suite  # noqa: F401 - its modules register their cases
from bench.cases import Case, chosen
from bench.lab import Lab
from bench.results import Result, machine, write
from bench.table import heading, lines
from bench.timing import LONG, measured

__all__ = ["main", "measure"]

REPETITIONS = 7


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast obtura is.")
    parser.add_argument("cases", nargs="*", help="names of cases or families of them; default: all")
    parser.add_argument("--list", action="store_true", help="print the names, and measure nothing")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    asked = parser.parse_args(arguments)
    if asked.list:
        print("\n".join(f"{one.name:24} {one.what}" for one in chosen(asked.cases)))
        return
    _measure_all(chosen(asked.cases), asked.repetitions)


def _measure_all(cases: Sequence[Case], repetitions: int) -> None:
    began = time.monotonic()
    print(machine().text)
    print(heading())
    missed = []
    for one in cases:
        result = measure(one, repetitions)
        write(result)
        print(lines(result), flush=True)
        missed += [one.name] if result.is_met is False else []
    print(f"\n{len(cases)} measured in {time.monotonic() - began:.0f} s")
    print(f"over budget: {', '.join(missed) or 'none'}")


def measure(one: Case, repetitions: int = REPETITIONS, long: float = LONG) -> Result:
    """Measure one case in a lab of its own."""
    with Lab() as lab:
        if one.is_study:
            return Result.of_study(one, one.function(lab, *one.arguments))
        trial = one.function(lab, *one.arguments)
        return Result.of_case(one, trial.floor_name, measured(trial, repetitions, long=long))
