"""The command: measure, print a line for each case as it is done, write JSON."""

import argparse
import contextlib
import time
from collections.abc import Sequence

from bench import page, suite  # noqa: F401 - the modules of the suite register their cases
from bench.cases import Case, chosen
from bench.lab import Lab
from bench.peers import NOT_MEASURED, Peer
from bench.results import DIRECTORY, Result, machine, write
from bench.table import heading, lines
from bench.timing import LONG, measured

__all__ = ["main", "measure"]

REPETITIONS = 7


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast obtura is.")
    parser.add_argument("cases", nargs="*", help="names of cases or families of them; default: all")
    parser.add_argument("--list", action="store_true", help="print the names, and measure nothing")
    parser.add_argument("--write-docs", action="store_true", help=f"write {page.PAGE.name} of what was measured last")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--peers", metavar="PYTHON", help="the Python of an environment with bluesky")
    asked = parser.parse_args(arguments)
    cases = chosen(asked.cases)
    if asked.list:
        print("\n".join(f"{one.name:24} {one.what}" for one in cases))
    elif asked.write_docs:
        page.write_page(chosen([]))
    else:
        try:
            _measure_all(cases, asked.repetitions, asked.peers)
        except KeyboardInterrupt:
            raise SystemExit(f"bench: interrupted by Ctrl-C; what was measured before is in {DIRECTORY}") from None


def _measure_all(cases: Sequence[Case], repetitions: int, python: str | None) -> None:
    began = time.monotonic()
    missed = []
    with contextlib.ExitStack() as stack:
        peer = None if python is None else stack.enter_context(Peer(python))
        print(machine().text)
        if peer is not None:
            print(f"beside {', '.join(f'{name} {number}' for name, number in peer.versions.items())}. {NOT_MEASURED}")
        print(heading())
        for one in cases:
            result = measure(one, repetitions, peer)
            write(result)
            print(lines(result), flush=True)
            missed += [one.name] if result.is_met is False else []
    print(f"\n{len(cases)} measured in {time.monotonic() - began:.0f} s; files in {DIRECTORY}")
    print(f"over budget: {', '.join(missed) or 'none'}")


def measure(one: Case, repetitions: int = REPETITIONS, peer: Peer | None = None, long: float = LONG) -> Result:
    """Measure one case in a lab of its own."""
    with Lab() as lab:
        if one.is_study:
            return Result.of_study(one, one.function(lab, *one.arguments))
        trial = one.function(lab, *one.arguments)
        theirs = None if peer is None else peer.work(one.name)
        peers = {} if peer is None or theirs is None else {peer.name: theirs}
        return Result.of_case(one, trial.floor_name, measured(trial, repetitions, peers, long))
