"""kill -9 at the calls of every scan of `scenes`, before the effect and after: the guard closes what is open, once.

Here a sample of them; OBTURA_KILL_TEST=1 takes every one (`make kill-test`). How long it took is printed (-s).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from killing import figures

WHOLE = bool(os.environ.get("OBTURA_KILL_TEST"))
SHARES = 2
EVERY = 1 if WHOLE else 40
COMMAND = [sys.executable, str(Path(__file__).with_name("killing.py"))]


def in_shares(*options):
    """Run all cases in processes side by side; how many were killed, and how soon shutters were closed."""
    shares = [
        subprocess.Popen(
            [*COMMAND, "--share", f"{index}/{SHARES}", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(SHARES)
    ]
    try:
        done = [share.communicate() for share in shares]
    finally:
        for share in shares:
            share.kill()
    found = {"killed": [], "missed": [], "delays": [], "BROKEN": []}
    for line in "".join(output for output, _ in done).splitlines():
        word, _, rest = line.partition(" ")
        if word in found:
            found[word].append(rest)
    assert not found["BROKEN"], "\n".join(found["BROKEN"])
    assert all(share.returncode == 0 for share in shares), "".join(errors for _, errors in done)
    delays = [float(delay) for rest in found["delays"] for delay in rest.split()]
    killed, missed = (sum(map(int, found[word])) for word in ("killed", "missed"))
    print(f"{killed} scans killed, {missed} calls were not made; {figures(delays)}")
    return killed, missed, delays


@pytest.mark.timeout(3600 if WHOLE else 900)
def test_wherever_a_scan_is_killed_its_shutters_are_closed_once():
    killed, missed, delays = in_shares("--every", str(EVERY))
    assert killed > (2_500 if WHOLE else 50)
    assert missed < killed / 50, f"{missed} calls of the first run were not made when the scan was to be killed there"
    assert len(delays) > killed / 2


@pytest.mark.timeout(3600 if WHOLE else 900)
def test_so_it_is_with_a_shutter_that_is_a_pv():
    pytest.importorskip("caproto", reason="EPICS is an extra: pip install obtura[epics]")
    killed, _, delays = in_shares(
        "--ioc", *(["--worlds", "small,retaken"] if WHOLE else ["--worlds", "small", "--every", "20"])
    )
    assert killed > (200 if WHOLE else 5)
    assert delays
