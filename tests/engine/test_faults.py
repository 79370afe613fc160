"""Whatever goes wrong, wherever: every call of these worlds x every fault, then pairs; every invariant each time.

What is tried: `kinds`; on which scans: `worlds` and `scenes`; which of it: `campaign`. What it proves is published in
docs/reference/guarantee.md.
"""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import campaign
import pytest
from guarantee import PAGE, page, planned
from harness import places, try_faults
from phases import PHASES, phase_of
from scenes import EVERY_WORLD

HERE = Path(__file__).parent
SHARES = 8
"""Each is a test of its own, so that all workers have some; a case waits for its threads half of the time."""


def told(output):
    """What a share tried, how many pairs struck twice, and what is broken."""
    tried, both, broken = Counter(), 0, []
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word == "tried":
            count, _, what = rest.partition(" ")
            tried[what] = int(count)
        elif word == "both":
            both = int(rest)
        elif word == "BROKEN":
            broken.append(rest)
    return tried, both, broken


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("index", range(SHARES))
def test_what_was_entered_is_left_whatever_goes_wrong(index):
    command = [sys.executable, str(HERE / "replay.py"), "--share", f"{index}/{SHARES}"]
    done = subprocess.run(command, capture_output=True, text=True)
    tried, both, broken = told(done.stdout)
    assert not broken, "\n".join(broken)
    assert done.returncode == 0, done.stderr
    with campaign.quiet():
        share = campaign.Share(index, SHARES)
    assert tried.pop("pairs") == share.pairs
    assert tried == planned(share.cases)
    assert both > 0.9 * share.pairs, f"in {both} of {share.pairs} pairs both faults struck"


def test_the_shares_are_all_there_is():
    with campaign.quiet():
        shares = [campaign.Share(index, SHARES) for index in range(SHARES)]
        everything = sorted(campaign.singles())
    assert sorted(case for share in shares for case in share.cases) == everything
    assert len(everything) >= 5_000, f"{len(everything)} cases with one fault"
    assert sum(share.pairs for share in shares) >= campaign.PAIRS


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
