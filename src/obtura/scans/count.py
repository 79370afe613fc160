"""Scans in which nothing moves: ct, sct, loopscan, timescan."""

from typing import TYPE_CHECKING, Any, Unpack

from obtura.contracts.devices import Counter
from obtura.engine.scan import Scan
from obtura.ground.many import check_points
from obtura.scans.command import Options, command, count_time, whole

if TYPE_CHECKING:  # for annotations only: the bench is made of these functions
    from obtura.scans.bench import Bench

__all__ = ["ct", "loopscan", "sct", "timescan"]


@command("ct(1, diode)")
def ct(bench: "Bench", count_time: Any = 1.0, *counters: Any, **options: Unpack[Options]) -> Scan:
    """Count for `count_time` s and show the values; nothing is saved. The time may be left out: `ct(diode)`."""
    return _count(bench, "ct", count_time, counters, {**options, "save": False})


@command("sct(1, diode)")
def sct(bench: "Bench", count_time: Any = 1.0, *counters: Any, **options: Unpack[Options]) -> Scan:
    """As `ct`, and save the values."""
    return _count(bench, "sct", count_time, counters, options)


@command("loopscan(10, 0.1, diode)")
def loopscan(bench: "Bench", npoints: int, count_time: float, *counters: Any, **options: Unpack[Options]) -> Scan:
    """Count `npoints` times for `count_time` s each."""
    return _loop(bench, "loopscan", whole(npoints, "npoints"), count_time, counters, options)


@command("timescan(0.1, diode)")
def timescan(bench: "Bench", count_time: float, *counters: Any, npoints: int = 0, **options: Unpack[Options]) -> Scan:
    """Count for `count_time` s again and again, until Ctrl-C or `scan.stop()`, or `npoints` times."""
    return _loop(bench, "timescan", whole(npoints, "npoints", least=0), count_time, counters, options)


def _count(bench: "Bench", name: str, time: Any, counters: tuple[Any, ...], options: Any) -> Scan:
    if isinstance(time, Counter) or hasattr(time, "counters"):
        time, counters = 1.0, (time, *counters)
    return bench.launch(name, {"npoints": 1, "count_time": count_time(time)}, f"{name} {time:g}", counters, options)


def _loop(bench: "Bench", name: str, npoints: int, time: Any, counters: tuple[Any, ...], options: Any) -> Scan:
    time = count_time(time)
    check_points(npoints)
    numbers = f"{npoints} {time:g}" if name == "loopscan" else f"{time:g} {npoints or ''}".rstrip()
    return bench.launch(name, {"npoints": npoints, "count_time": time}, f"{name} {numbers}", counters, options)
