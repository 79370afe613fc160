"""Another session that writes into the same directory, in a process of its own: a line of JSON in, a line out.

`open`: a directory of YAML; `scan`: one, into the file of this name, with `refused` if somebody else writes into it;
`read`: a file, again and again, until the next line; `close`. Answers have `error`, empty when all is well.
"""

import json
import select
import subprocess
import sys
from pathlib import Path

import h5py

from obtura.ground.errors import SavingError
from obtura.session.opening import load_session


class Other:
    """That process, for tests."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.expected = 0

    def tell(self, **order):
        """Have it do something; it does it meanwhile."""
        self.expected += 1
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def answer(self):
        """What came of it.

        Raises:
            AssertionError: it went wrong.
        """
        self.expected -= 1
        answer = json.loads(self.process.stdout.readline())
        assert not answer["error"], f"the other session: {answer['error']}"
        return answer

    def ask(self, **order):
        """Have it done; answers that nobody waited for, since something else went wrong, are passed over."""
        for _ in range(self.expected):
            self.process.stdout.readline()
        self.expected = 0
        self.tell(**order)
        return self.answer()

    def end(self):
        """End it."""
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


def was_refused(error):
    """Whether somebody else writes into the file, or has just taken the number of the scan."""
    return any(words in str(error) for words in ("is being written by", "has saved a scan of this number"))


def scan(session, name):
    """A scan of three points into a file; its number, or that it was refused."""
    session.SCAN_SAVING.data_filename = name
    made = session.bench.loopscan(3, 0.001, session.far, run=False)
    try:
        made.run()
    except SavingError as error:
        assert was_refused(error), error
        return {"refused": str(error)}
    assert list(made.get_data()["far:far"]) == [1.0, 1.0, 1.0]
    with h5py.File(made.scan_info["filename"], swmr=True) as file:
        assert file[f"{made.scan_number}.1"]["measurement/far"][:].tolist() == [1.0, 1.0, 1.0]
    return {"number": made.scan_number}


def read(filename, orders):
    """Read all of a file again and again; how often, and how many points were in each entry at last."""
    times, points = 0, {}
    while not times or not select.select([orders], [], [], 0)[0]:
        if Path(filename).exists():
            with h5py.File(filename, swmr=True) as file:
                entries = {name: file[name]["measurement"] for name in file if name.endswith(".1")}
                points = {name: {column: len(each[column]) for column in each} for name, each in entries.items()}
        times += 1
    return {"times": times, "points": points}


def main():
    session = None
    # Without a buffer: an order that comes on the heels of `read` would be in there, where `select` does not see it.
    orders = sys.stdin.buffer.raw
    for line in orders:
        order = json.loads(line)
        answer = {}
        try:
            match order:
                case {"open": directory}:
                    session = load_session("other", directory, display=False)
                case {"scan": name}:
                    answer = scan(session, name)
                case {"read": filename}:
                    answer = read(filename, orders)
                case {"close": _} if session is not None:
                    session.close()
                    session = None
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps({"error": "", **answer}), flush=True)


if __name__ == "__main__":
    main()
