"""What a computer tells of itself, each a function; what it does not tell raises `LookupError`, in plain words."""

import ctypes
import importlib
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["Quantities"]

MEGA = 1e6
SECTOR = 512
"""Bytes: /proc/diskstats counts in these, whatever the disk has."""

UNSYNCHRONISED, IN_NANOSECONDS = 0x40, 0x2000
"""In the status that adjtimex(2) gives."""


class Quantities:
    """`root`: where /proc and /sys are, for tests; `disk`: something on the disk whose free space counts."""

    def __init__(self, disk: Path, root: Path = Path("/")) -> None:
        self._disk = disk
        self._proc, self._sys = root / "proc", root / "sys"

    # -- totals, of which the rate is told ------------------------------------------------------------------

    def busy(self) -> float:
        """Seconds that the processors have worked, on average of all."""
        try:
            ticks = [int(word) for word in self._line("stat").split()[1:9]]
        except OSError:
            times = _psutil("how busy the processors are").cpu_times()
            return float(sum(times) - times.idle) / (os.cpu_count() or 1)
        idle = ticks[3] + ticks[4]  # waiting for a disk is no work
        return (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK") / (os.cpu_count() or 1)

    def read(self) -> float:
        """MB read from disks since the machine was started."""
        return self._disks(5, "read_bytes")

    def written(self) -> float:
        """MB written to disks since the machine was started."""
        return self._disks(9, "write_bytes")

    def received(self) -> float:
        """MB received from the network since the machine was started."""
        return self._network(0, "bytes_recv")

    def sent(self) -> float:
        """MB sent to the network since the machine was started."""
        return self._network(8, "bytes_sent")

    def own_busy(self) -> float:
        """Seconds that this process has worked, on all processors together."""
        return time.process_time()

    def _disks(self, column: int, word: str) -> float:
        try:
            rows = [line.split() for line in (self._proc / "diskstats").read_text().splitlines()]
        except OSError:
            return float(getattr(_psutil("how much disks do").disk_io_counters(), word)) / MEGA
        whole = [
            row for row in rows if (self._sys / "block" / row[2]).exists() and not row[2].startswith(("loop", "ram"))
        ]
        if not whole:
            raise LookupError("/proc/diskstats has no disk")
        return sum(int(row[column]) for row in whole) * SECTOR / MEGA

    def _network(self, column: int, word: str) -> float:
        try:
            lines = (self._proc / "net" / "dev").read_text().splitlines()[2:]
        except OSError:
            return float(getattr(_psutil("how much goes over the network").net_io_counters(), word)) / MEGA
        rows = {name.strip(): counts.split() for name, _, counts in (line.partition(":") for line in lines)}
        return sum(int(counts[column]) for name, counts in rows.items() if name != "lo") / MEGA

    # -- how it is now ----------------------------------------------------------------------------------------

    def load(self, minutes: int) -> float:
        """Processes that work or want to, on average of the last 1, 5 or 15 minutes."""
        try:
            return os.getloadavg()[(1, 5, 15).index(minutes)]
        except (OSError, AttributeError):
            raise LookupError("this system has no load average") from None

    def memory(self) -> tuple[float, float]:
        """MB of memory that are there, and that are free for whoever wants some."""
        try:
            rows = dict(line.split(":") for line in (self._proc / "meminfo").read_text().splitlines())
            total, free = (int(rows[key].split()[0]) * 1024 / MEGA for key in ("MemTotal", "MemAvailable"))
        except (OSError, KeyError):
            found = _psutil("how much memory there is").virtual_memory()
            return found.total / MEGA, found.available / MEGA
        return total, free

    def disk(self) -> tuple[float, float]:
        """GB that the disk has, and that are free."""
        try:
            usage = shutil.disk_usage(self._disk)
        except OSError as error:
            raise LookupError(f"{self._disk} can't be asked: {error.strerror or error}") from None
        return usage.total / 1e9, usage.free / 1e9

    def frequency(self) -> float:
        """MHz of the processors, on average of all."""
        files = self._sys.glob("devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq")
        found = [int(file.read_text()) / 1000 for file in files]
        if not found:
            try:
                lines = (self._proc / "cpuinfo").read_text().splitlines()
                found = [float(line.partition(":")[2]) for line in lines if line.startswith("cpu MHz")]
            except OSError:
                found = [_psutil("how fast the processors are").cpu_freq().current]
        if not found:
            raise LookupError("neither cpufreq nor /proc/cpuinfo tells how fast the processors are")
        return sum(found) / len(found)

    def uptime(self) -> float:
        """Seconds since the machine was started."""
        try:
            return float((self._proc / "uptime").read_text().split()[0])
        except OSError:
            return time.monotonic()  # on macOS since it was started, sleep left out

    def clock_offset(self) -> float:
        """Microseconds that the clock is off, as what keeps it in time believes."""
        if not sys.platform.startswith("linux"):
            raise LookupError("only Linux tells how far off its clock is")
        told = (ctypes.c_long * 32)()  # struct timex is shorter; its first field, 0, only asks
        ctypes.CDLL(None).adjtimex(ctypes.byref(told))
        offset, status = told[1], told[5] & 0xFFFFFFFF
        if status & UNSYNCHRONISED:
            raise LookupError("nothing keeps the clock in time (no NTP, or it is not in step yet)")
        return offset / 1000 if status & IN_NANOSECONDS else float(offset)

    def own_memory(self) -> float:
        """MB of memory that this process has."""
        try:
            pages = int((self._proc / "self" / "statm").read_text().split()[1])
        except OSError:
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # at most so far: better than nothing
            return most / MEGA if sys.platform == "darwin" else most * 1024 / MEGA
        return pages * os.sysconf("SC_PAGE_SIZE") / MEGA

    def temperatures(self) -> dict[str, Path]:
        """The files of the sensors of temperature, in thousandths of a degree, by what they are at."""
        found: dict[str, Path] = {}
        for file in sorted(self._temperature_files()):
            base = _words(file)
            names = (base, *(f"{base}_{number}" for number in range(2, 1000)))
            found[next(name for name in names if name not in found)] = file
        if not found:
            raise LookupError("no sensor in /sys/class/thermal or /sys/class/hwmon; a virtual machine has none")
        return found

    def _temperature_files(self) -> Iterator[Path]:
        yield from self._sys.glob("class/thermal/thermal_zone*/temp")
        yield from self._sys.glob("class/hwmon/hwmon*/temp*_input")

    def _line(self, name: str) -> str:
        with (self._proc / name).open() as file:
            return file.readline()


def _words(file: Path) -> str:
    """What a sensor is at, as a name: its label, its zone, or its chip."""
    beside = (file.with_name(file.name.replace("_input", "_label")), file.with_name("type"), file.with_name("name"))
    for each in beside:
        if each != file and each.is_file() and (text := each.read_text().strip()):
            return "".join(sign if sign.isalnum() else "_" for sign in text.lower())
    return "sensor"


def _psutil(what: str) -> Any:
    try:
        return importlib.import_module("psutil")
    except ImportError:
        raise LookupError(f"{what} is told by /proc, which is not here, or by psutil, which is not installed") from None
