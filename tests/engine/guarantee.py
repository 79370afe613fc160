"""The page docs/reference/guarantee.md: what was tried how often, and what is guaranteed.

    python tests/engine/guarantee.py            is it up to date?
    python tests/engine/guarantee.py --write    write it anew

`test_faults` holds its numbers against those that are planned, and these against those of its own run.
"""

import sys
from collections import Counter
from pathlib import Path

import campaign
from harness import places
from kinds import EVERYWHERE, KINDS, ROTATING
from phases import PHASES, phase_of
from scenes import EVERY_WORLD

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "guarantee.md"

ROWS = {
    "raises": "`run()` raises it, with the place as a note, and later errors as notes; KILLED.",
    "raises SystemExit and the like": "The same. A KeyboardInterrupt becomes a ScanAbort. In an iterator a "
    "StopIteration is its end.",
    "returns nonsense": "An iterator, or what it gives, that can't be used is an error; the rest is ignored.",
    "takes long": "All waits for it, as long as nothing went wrong.",
    "Ctrl-C": "`run()` raises ScanAbort; USER_ABORTED. Before the effect, amid it and after, in `emit`, swallowed "
    "by the call or made into another error.",
    "Ctrl-C twice, thrice": "The same; no clean-up is torn, skipped or done twice.",
    "abort() from a thread": "The same as Ctrl-C.",
    "SIGTERM": "The same as Ctrl-C; then the process ends.",
    "hangs, then abort()": "After its deadline it is given up and named, once; the rest is left; `run()` returns.",
    "hangs, comes back late": "The same, and what it did too late is undone: another `stop`.",
    "the saver fails": "`run()` raises that; the scan is left; viewers learn of it.",
    "the disk is full": "The same; no point is announced that is not on disk.",
    "a viewer raises": "It is detached, the scan goes on, and ends as it would have.",
}
"""What goes wrong, and what is guaranteed then."""

WORDS = {
    "raises": "raises",
    "keyboard": "raises SystemExit and the like",
    "system": "raises SystemExit and the like",
    "stop": "raises SystemExit and the like",
    "generator": "raises SystemExit and the like",
    "nonsense": "returns nonsense",
    "slow": "takes long",
    "abort": "abort() from a thread",
    "sigterm": "SIGTERM",
    "hangs": "hangs, then abort()",
    "returns": "hangs, comes back late",
    "saver": "the saver fails",
    "disk": "the disk is full",
    "viewer": "a viewer raises",
}


def row_of(kind):
    """The row of the matrix in which a kind of fault is."""
    if kind.startswith("ctrl-c"):
        more = kind.startswith(("ctrl-c-twice", "ctrl-c-thrice", "ctrl-c-and"))
        return "Ctrl-C twice, thrice" if more else "Ctrl-C"
    return WORDS[kind.partition("-")[0]]


def table(tried):
    """The matrix; `tried`: `{"kind phase": how often}`, as `Share.tried`."""
    cells = Counter()
    for what, count in tried.items():
        kind, _, phase = what.partition(" ")
        if kind in KINDS:
            cells[row_of(kind), phase] += count
    lines = [f"| | {' | '.join(PHASES)} |", f"|---|{'---:|' * len(PHASES)}"]
    lines += [f"| {row} | {' | '.join(str(cells[row, phase]) for phase in PHASES)} |" for row in ROWS]
    return "\n".join(lines), sum(cells.values())


def planned(cases=None):
    """What a run of these cases tries, or of all, without trying it: `{"kind phase": how often}`."""
    with campaign.quiet():
        return Counter(f"{kind} {phase_of(key)}" for _, key, kind in cases or campaign.singles(*campaign.SAMPLE[:2]))


def page(tried):
    """The text of the page."""
    matrix, total = table(tried)
    worlds = "\n".join(f"| `{name}` | {_first_line(world)} |" for name, world in EVERY_WORLD.items())
    phases = "\n".join(f"| {name} | {words} |" for name, words in PHASES.items())
    rows = "\n".join(f"| {row} | {words} |" for row, words in ROWS.items())
    rotation, density, pairs = campaign.SAMPLE
    with campaign.quiet():
        everything = sum(1 for _ in campaign.singles(*campaign.ALL[:2]))
    return TEXT.format(
        matrix=matrix,
        total=f"{total:,}",
        pairs=f"{pairs:,}",
        everything=f"{everything:,}",
        every_pair=f"{campaign.ALL[2]:,}",
        worlds=worlds,
        phases=phases,
        rows=rows,
        number=len(EVERY_WORLD),
        kinds=len(KINDS),
        chief=len(EVERYWHERE),
        variants=len(ROTATING),
        large=_large(),
        rotation=rotation,
        density=density,
        sparse=2 * density,
        hanging=campaign.HANGING_ROTATION,
        again=campaign.AGAIN,
        calls=campaign.MANY_CALLS,
        small=" and ".join(f"`{name}`" for name in campaign.PAIR_WORLDS),
    )


def _large():
    with campaign.quiet():
        return sum(len(places(name)) > campaign.MANY_CALLS for name in EVERY_WORLD)


def _first_line(thing):
    return (thing.__doc__ or "").strip().splitlines()[0]


TEXT = (Path(__file__).parent / "guarantee.txt").read_text(encoding="utf-8")
"""All but what is counted."""


def main():
    text = page(planned())
    if "--write" in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == text:
        return 0
    print("docs/reference/guarantee.md is not up to date: python tests/engine/guarantee.py --write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
