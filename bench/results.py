"""What was measured, as it is kept: a file of JSON for each case in bench/results/."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.cases import Case, Figure
from bench.timing import Measured

__all__ = ["DIRECTORY", "Machine", "Result", "load_results", "machine", "write"]

DIRECTORY = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Machine:
    """Where it was measured."""

    processor: str
    cores: int
    system: str
    python: str
    libraries: dict[str, str]

    @property
    def text(self) -> str:
        """In one line."""
        versions = ", ".join(f"{name} {version}" for name, version in self.libraries.items())
        return f"{self.cores} x {self.processor}; {self.system}; Python {self.python}, {versions}"


def machine() -> Machine:
    """This one."""
    import h5py
    import numpy

    libraries = {"numpy": numpy.__version__, "h5py": h5py.__version__, "HDF5": h5py.version.hdf5_version}
    system = f"{platform.system()} {platform.machine()}"
    return Machine(_processor(), os.cpu_count() or 1, system, platform.python_version(), libraries)


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "processor"
    models = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return models[0] if models else platform.machine()


@dataclass(frozen=True)
class Result:
    """A case as it was measured; times in s per unit, spreads as [median, lower, upper quartile].

    `figures` are those of a study, `is_met` whether the budget is kept, None where there is none.
    """

    case: str
    what: str
    per: str
    budget: float | None
    is_met: bool | None
    floor_name: str = ""
    measured: dict[str, Any] = field(default_factory=dict)
    figures: list[dict[str, Any]] = field(default_factory=list)
    load: float = 0.0
    time: str = ""
    machine: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_case(cls, one: Case, floor_name: str, found: Measured) -> "Result":
        """Of what was timed."""
        is_met = None if one.budget is None else found.ratio.median <= one.budget
        return cls(one.name, one.what, one.per, one.budget, is_met, floor_name, found._asdict(), **_now())

    @classmethod
    def of_study(cls, one: Case, figures: Sequence[Figure]) -> "Result":
        """Of what a study found: its budget is kept when all of its figures keep theirs."""
        kept = [each.value <= each.budget for each in figures if each.budget is not None]
        return cls(
            one.name, one.what, one.per, None, all(kept) if kept else None, figures=[f._asdict() for f in figures],
            **_now(),
        )  # fmt: skip


def _now() -> dict[str, Any]:
    moment = datetime.now().astimezone().isoformat(timespec="seconds")
    return {"load": os.getloadavg()[0], "time": moment, "machine": asdict(machine())}


def write(result: Result) -> None:
    """Keep it, in the place of what was measured before."""
    DIRECTORY.mkdir(exist_ok=True)
    path = DIRECTORY / f"{result.case.replace('/', '-')}.json"
    path.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")


def load_results(cases: Sequence[Case]) -> list[Result]:
    """What was measured last of these cases, as far as there is any."""
    paths = [DIRECTORY / f"{one.name.replace('/', '-')}.json" for one in cases]
    return [Result(**json.loads(path.read_text(encoding="utf-8"))) for path in paths if path.is_file()]
