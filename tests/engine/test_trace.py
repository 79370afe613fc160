"""The trace of a scan: single calls on their threads, as Perfetto opens them, of a long scan the first and the last."""

import json
import re
from pathlib import Path

import pytest
from cast import Repeating
from doubles import Around, diode, make_bench, make_scan

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import SavingError, UsageError
from obtura.works.clock import clock, virtual_time


class Slave(AcquisitionSlave):
    """Takes `seconds` for each trigger."""

    def __init__(self, name, seconds, blocking=True):
        super().__init__(name=name)
        self.seconds, self.blocking = seconds, blocking
        self.channels.append(AcquisitionChannel(f"{name}:value"))

    def reading(self):
        clock.sleep(self.seconds)
        self.channels[0].emit(1.0)


class SleepsAtPoints(ChainPreset):
    class Iteration(ChainIterationPreset):
        def start(self):
            clock.sleep(2)

    def get_iterator(self, chain):
        while True:
            yield self.Iteration()


def scan_of(slaves, around=None, npoints=3):
    chain = AcquisitionChain()
    top = Repeating("timer", npoints)
    chain.add(top)
    for slave in slaves:
        chain.add(top, slave)
    return make_scan(chain, around, name="loopscan")


def traced(scan, tmp_path, capsys):
    scan.timing(export=tmp_path / "trace.json")
    assert f"trace: {tmp_path}/trace.json" in capsys.readouterr().out
    return json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))["traceEvents"]


def check_trace(events):
    """Complete events of known fields, by time on each thread, one within another or after it."""
    named = {event["tid"] for event in events if event.get("name") == "thread_name"}
    calls = [event for event in events if event["ph"] == "X"]
    assert {event["ph"] for event in events} == {"X", "M"}
    assert {call["tid"] for call in calls} == named
    for thread in named:
        around, before = [], 0.0
        for call in (call for call in calls if call["tid"] == thread):
            start, end = round(call["ts"] * 1000), round((call["ts"] + call["dur"]) * 1000)
            assert before <= start <= end
            before = start
            while around and around[-1] <= start:
                around.pop()
            assert not around or end <= around[-1]
            around.append(end)
    return calls


def test_the_trace_has_each_call_on_its_thread(tmp_path, capsys):
    scan = scan_of([Slave("quick", 0.001, blocking=False), Slave("slow", 0.01)])
    scan.acq_chain.add_preset(SleepsAtPoints())
    with virtual_time():
        scan.run()
    events = traced(scan, tmp_path, capsys)
    calls = check_trace(events)
    names = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert set(names.values()) == {"scan", "lane slow"}
    found = {(names[call["tid"]], call["name"], call["cat"]) for call in calls}
    assert {("scan", "quick.reading", "device"), ("lane slow", "slow.reading", "device")} <= found
    assert ("scan", "Iteration.start", "hook") in found
    points = [call["args"]["point"] for call in calls if call["name"] == "Iteration.start"]
    assert points == [0, 1, 2]


def test_of_a_long_scan_the_trace_says_how_much_is_left_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("obtura.works.timekeeping.KEPT", 50)
    with virtual_time():
        scan = scan_of([Slave("camera", 1, blocking=False)], npoints=500)
        scan.run()
        calls = check_trace(traced(scan, tmp_path, capsys))
    assert len(calls) == 101
    (gap,) = [call for call in calls if call["cat"] == "left out"]
    made = sum(row.calls for row in scan.timings.rows)
    assert gap["name"] == f"{made - 100} calls left out"
    assert [call["args"]["point"] for call in calls if call["name"] == "camera.reading"][-1] == 499


def test_what_is_kept_does_not_grow_with_the_scan():
    kept = []
    for npoints in (2_000, 8_000):
        with virtual_time():
            scan = scan_of([Slave("camera", 1, blocking=False)], around=Around(watched=False), npoints=npoints)
            scan.run()
        strand = scan._keeper.main
        kept.append((len(strand.first) + len(strand.last), len(strand.accounts)))
        assert sum(row.calls for row in scan.timings.rows if row.what == "reading") == npoints
    assert kept[0][1] == kept[1][1]
    assert kept[1][0] == 10_000


@pytest.mark.parametrize("export", [12, True, b"trace.json", "", "a\0b"])
def test_what_is_no_name_of_a_file_is_refused_before_anything_is_printed(export, capsys):
    scan = make_bench(Around()).loopscan(1, 0, diode())
    with pytest.raises(UsageError, match="timing: export must be the name of a file"):
        scan.timing(export=export)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["", "missing/trace.json"])
def test_a_file_that_can_not_be_is_told_with_its_path(tmp_path, name):
    scan = make_bench(Around()).loopscan(1, 0, diode())
    with pytest.raises(UsageError, match=rf"can't be written to {re.escape(str(tmp_path / name))}: .*choose a file"):
        scan.timing(export=tmp_path / name)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_a_full_disk_is_told():
    scan = make_bench(Around()).loopscan(1, 0, diode())
    with pytest.raises(SavingError, match="written to /dev/full: No space left on device; choose a file on another"):
        scan.timing(export="/dev/full")


def test_a_tilde_is_the_home_directory(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    make_bench(Around()).loopscan(1, 0, diode()).timing(export="~/trace.json")
    assert json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert f"trace: {tmp_path / 'trace.json'}\n" in capsys.readouterr().out
