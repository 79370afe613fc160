"""Breaks the engine, one way after the other, in a copy of it, and has the harness look: `make mutants`.

python tests/engine/mutate.py            all
python tests/engine/mutate.py lane       those with this word
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutants import MUTANTS

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
LONGEST = 300.0
"""Seconds that the harness may take with one mutant."""


def applied(mutant, source=SOURCE):
    """The text of its file, broken.

    Raises:
        LookupError: it does not fit the engine any more.
    """
    text = (source / "obtura" / mutant.file).read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise LookupError(
            f"{mutant.why}: its text is {text.count(mutant.old)} times in {mutant.file}; bring it up to date"
        )
    return text.replace(mutant.old, mutant.new)


def caught(mutant):
    """By which invariant, None when by none; and after how many seconds."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__"))
        (source / "obtura" / mutant.file).write_text(applied(mutant), encoding="utf-8")
        harness = (
            ["killing.py", "--worlds", "small"] if mutant.kills else ["replay.py", "--reduced", "--only", mutant.only]
        )
        command = [sys.executable, str(HERE / harness[0]), *harness[1:]]
        environment = os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            return "the harness did not come to its end", time.monotonic() - began
    found = [line for line in done.stdout.splitlines() if line.startswith("BROKEN")]
    if found:
        return found[0].partition('": ')[2] or found[0], time.monotonic() - began
    words = done.stderr.strip().splitlines()
    crashed = f"the harness ended with {done.returncode}: {words[-1] if words else ''}"
    return (crashed if done.returncode else None), time.monotonic() - began


def main():
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [mutant for mutant in MUTANTS if word in mutant.why]
    for mutant in chosen:
        applied(mutant)
    missed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for mutant, (by, seconds) in zip(chosen, pool.map(caught, chosen), strict=True):
            missed += by is None
            print(f"{mutant.why}\n    {'NOT CAUGHT' if by is None else by[:150]}  ({seconds:.0f} s)", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} mutants were caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
