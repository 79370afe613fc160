"""The computer itself as an instrument: what it tells, and what it does not, in words."""

import os
import sys
import time

import pytest

from obtura import loopscan
from obtura.devices.host import Host
from obtura.devices.host.quantities import Quantities
from obtura.ground.errors import DeviceError, UsageError


@pytest.fixture
def machine(tmp_path):
    """A machine of files, with two processors, a disk, two sensors; returns how to write them."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    write(
        proc__stat="cpu 100 0 100 800 0 0 0 0 0 0\n",
        proc__meminfo="MemTotal: 1000000 kB\nMemFree: 1 kB\nMemAvailable: 250000 kB\n",
        proc__diskstats="8 0 sda 1 2 2000 4 5 6 4000 0\n8 1 sda1 1 2 2000 4 5 6 4000 0\n7 0 loop0 1 2 9 4 5 6 9 0\n",
        proc__uptime="77.5 1\n",
        proc__cpuinfo="cpu MHz\t: 1000\ncpu MHz\t: 3000\n",
        sys__class__thermal__thermal_zone0__temp="41500\n",
        sys__class__thermal__thermal_zone0__type="x86_pkg_temp\n",
        sys__class__hwmon__hwmon0__temp1_input="52000\n",
        sys__class__hwmon__hwmon0__temp1_label="Core 0\n",
        sys__block__sda__size="1\n",
    )
    write(**{"proc__net__dev": "a\nb\n  lo: 9 0 0 0 0 0 0 0 9 0\n eth0: 3000000 0 0 0 0 0 0 0 5000000 0\n"})
    return write


def host(machine, **options):
    root = machine()
    return Host(quantities=Quantities(root, root), **options)


def test_what_the_files_say_is_what_its_counters_read(machine):
    it = host(machine)
    assert it.memory_free.read() == 256 and it.memory_used.read() == 75
    assert it.uptime.read() == 77.5 and it.cpu_frequency.read() == 2000
    assert it.temperature.read() == 52
    assert (it.temperature_x86_pkg_temp.read(), it.temperature_core_0.read()) == (41.5, 52)
    assert (it.temperature.unit, it.disk_free.unit, it.cpu.unit) == ("degC", "GB", "%")
    assert it.disk_free.read() == pytest.approx(
        os.statvfs("/tmp").f_bavail * os.statvfs("/tmp").f_frsize / 1e9, rel=0.2
    )


def test_rates_are_those_since_the_look_before(machine, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("obtura.devices.host.host.time.monotonic", lambda: now[0])
    it = host(machine)
    assert it.disk_read.read() == it.network_in.read() == 0
    now[0] += 2
    ticks = os.sysconf("SC_CLK_TCK")
    machine(
        proc__stat=f"cpu {100 + ticks * (os.cpu_count() or 1)} 0 100 800 0 0 0 0 0 0\n",  # one s of each
        proc__diskstats="8 0 sda 1 2 12000 4 5 6 4000 0 0\n",
        proc__net__dev="a\nb\n lo: 999999999 0 0 0 0 0 0 0 9 0\n eth0: 7000000 0 0 0 0 0 0 0 6000000 0\n",
    )
    assert it.cpu.read() == pytest.approx(50)
    assert it.disk_read.read() == pytest.approx(10_000 * 512 / 1e6 / 2) and it.disk_write.read() == 0
    assert it.network_in.read() == 2 and it.network_out.read() == 0.5
    now[0] += 0.001
    machine(proc__net__dev="a\nb\n eth0: 9000000 0 0 0 0 0 0 0 6000000 0\n")
    assert it.network_in.read() == 2  # too short to be a rate


def test_what_is_missing_is_told_in_words_and_stops_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    it = Host(quantities=Quantities(tmp_path / "nowhere", tmp_path))
    assert set(it.missing) >= {"cpu", "memory_free", "disk_read", "network_in", "disk_free", "temperature"}
    assert it.own_cpu.read() >= 0 and it.time.read() == pytest.approx(time.time(), abs=60)
    with pytest.raises(UsageError, match="host does not tell its temperature: no sensor in /sys/class/thermal"):
        it.temperature.read()
    assert not hasattr(it, "temperature") and not hasattr(it, "colour")
    told = it.__info__()
    assert "no memory_free: how much memory there is is told by /proc" in told
    assert "no disk_free: " in told and "time = " in told


def test_a_sensor_that_goes_is_an_error_of_its_counter_and_a_scan_goes_on(machine):
    it = host(machine)
    (machine() / "sys/class/thermal/thermal_zone0/temp").unlink()
    with pytest.raises(DeviceError, match="host:temperature_x86_pkg_temp can't be read"):
        it.temperature_x86_pkg_temp.read()
    scan = loopscan(2, 0, it.temperature_x86_pkg_temp, it.uptime, save=False)
    assert list(scan.get_data("uptime")) == [77.5, 77.5]


def test_on_this_machine_it_can_be_scanned():
    it = Host()
    scan = loopscan(3, 0.05, it.load, it, save=False)
    assert len(scan.get_data("load")) == 3 and scan.get_data("own_memory").min() > 1
    assert scan.get_data("time")[-1] > scan.get_data("time")[0]
