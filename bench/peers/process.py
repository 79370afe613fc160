"""A peer's process: asked for so many units of a case, it says how long they took."""

import json
import subprocess
from pathlib import Path
from typing import Any

from bench.cases import Work

__all__ = ["Peer"]

WORKER = Path(__file__).with_name("bluesky_worker.py")


class Peer:
    """The process of a worker, `bluesky_worker.py`, run by the Python of its environment; in a `with` statement.

    It first says what it is and which cases it knows, then answers each line `{"case": ..., "count": ...}` by the
    seconds it took.
    """

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        hello = self._answer()
        self.name: str = hello["name"]
        self.versions: dict[str, str] = hello["versions"]
        self._cases: list[str] = hello["cases"]

    def work(self, case: str) -> Work | None:
        """The work of this case; None: the peer has nothing like it."""
        return (lambda count: self._seconds(case, count)) if case in self._cases else None

    def _seconds(self, case: str, count: int) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"case": case, "count": count}) + "\n")
        return float(self._answer()["seconds"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the process of the peer has ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate()
