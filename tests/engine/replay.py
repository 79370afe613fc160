"""Try faults: the very case that a test printed, a share of all, or a part of them.

python tests/engine/replay.py "world=inline key=S1.start#0 kind=raises"
python tests/engine/replay.py --share 0/2
python tests/engine/replay.py --reduced
"""

import argparse
import re
import sys
import time

from campaign import PAIRS, Share, quiet
from harness import Broken, try_faults

REDUCED = 1500
"""So many cases of all, at random."""


def replay(case):
    """Run one case; 1 when it breaks an invariant."""
    world = re.search(r"world=(\S+)", case)[1]
    faults = re.findall(r"key=(\S+) kind=([\w-]+)", case)
    with quiet():
        try:
            calls, fired = try_faults(world, faults)
        except Broken as error:
            print(error)
            return 1
    print(f"{len(calls)} calls, {sum(fired)} of {len(fired)} faults struck, every invariant holds")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="?", help="as a test printed it")
    parser.add_argument("--share", default="0/1", help="0/2: the first half of all cases")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="of faults, in all shares")
    parser.add_argument("--reduced", action="store_true", help="a part of all, up to the first that breaks something")
    parser.add_argument("--only", default="", help="cases with this text in `world=... key=... kind=...`")
    options = parser.parse_args()
    if options.case:
        return replay(options.case)
    index, count = map(int, options.share.split("/"))
    began = time.monotonic()
    with quiet():
        share = Share(index, count, options.pairs)
    if options.only:
        share.cases = [case for case in share.cases if re.search(options.only, "world={} key={} kind={}".format(*case))]
    if options.reduced:
        share.reduce(REDUCED)
    share.run().report()
    print(f"seconds {time.monotonic() - began:.0f}")
    return 1 if share.violations else 0


if __name__ == "__main__":
    sys.exit(main())
