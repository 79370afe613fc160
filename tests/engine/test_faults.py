"""Whatever goes wrong, wherever: every call of these worlds x every fault, then pairs; every invariant each time.

What is tried: `kinds`; on which scans: `worlds` and `scenes`; which of it: `campaign`. What it proves is published in
docs/reference/guarantee.md.
"""

import subprocess
import sys
from pathlib import Path

import campaign
import pytest
from guarantee import PAGE, page, planned, table
from harness import places, try_faults
from phases import PHASES, phase_of
from scenes import EVERY_WORLD

HERE = Path(__file__).parent
WORKERS = 3
"""A case waits for its threads half of the time: three keep two cores busy."""


def merged(outputs):
    """What all shares tried, how many pairs struck twice, and what is broken."""
    tried, both, broken = {}, 0, []
    for line in "".join(outputs).splitlines():
        word, _, rest = line.partition(" ")
        if word == "tried":
            count, _, what = rest.partition(" ")
            tried[what] = tried.get(what, 0) + int(count)
        elif word == "both":
            both += int(rest)
        elif word == "BROKEN":
            broken.append(rest)
    return tried, both, broken


@pytest.mark.timeout(900)
def test_what_was_entered_is_left_whatever_goes_wrong():
    command = [sys.executable, str(HERE / "replay.py"), "--share"]
    shares = [
        subprocess.Popen([*command, f"{index}/{WORKERS}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for index in range(WORKERS)
    ]
    try:
        done = [share.communicate() for share in shares]
    finally:
        for share in shares:
            share.kill()  # Ctrl-C in the middle of a case is one more fault for it
    tried, both, broken = merged(output for output, _ in done)
    assert not broken, "\n".join(broken)
    assert all(share.returncode == 0 for share in shares), "".join(errors for _, errors in done)
    singles = sum(count for what, count in tried.items() if what != "pairs")
    assert singles >= 5_000, f"{singles} cases with one fault"
    assert tried["pairs"] >= 20_000, f"{tried['pairs']} pairs of faults"
    matrix, _ = table(tried)
    assert matrix in PAGE.read_text(encoding="utf-8"), "python tests/engine/guarantee.py --write"
    assert both > 0.9 * tried["pairs"], f"in {both} of {tried['pairs']} pairs both faults struck"


@pytest.mark.parametrize("kind", ["ctrl-c", "ctrl-c-during", "raises"])
@pytest.mark.parametrize("name", ["one_branch", "two_branches", "every_kind"])
def test_it_holds_when_threads_switch_all_the_time(name, kind):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with campaign.quiet():
            for key in places(name)[::4]:
                try_faults(name, [(key, kind)])
    finally:
        sys.setswitchinterval(interval)


def test_there_are_enough_worlds_and_every_call_of_each_is_a_place_for_faults():
    assert len(EVERY_WORLD) >= 10
    assert {phase_of(key) for name in EVERY_WORLD for key in places(name)} == set(PHASES)
    with campaign.quiet():
        planned = {(world, key) for world, key, _ in campaign.singles()}
        assert planned == {(name, key) for name in EVERY_WORLD for key in places(name)}


def test_the_page_of_the_guarantee_fits_what_is_tried():
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(planned()), "python tests/engine/guarantee.py --write"
