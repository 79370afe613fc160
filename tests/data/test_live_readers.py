"""Viewers in other processes, attached to a scan while it grows."""

import json
import time
from pathlib import Path

import h5py
import pytest
from processes import WITH_STREAM, ask, line_of, python
from scan_stream import began, channel, ended, hand, hook, record, rows, saving_in, say, timer

from obtura.data.layout import scan_file
from obtura.data.saver import HDF5Saver
from obtura.ground.events import Points

# A viewer: for each line it gets it looks again at the file that it has held from the beginning.
ATTACHED = """
import sys, json, h5py
file = h5py.File(sys.argv[1], "r", swmr=True)
entry = file["12.1"]
columns = dict(entry["measurement"].items())
texts = {name: entry[name] for name in ("end_reason", "end_message", "end_time")}
end = entry["instrument/positioners_end/roby"]
seconds = entry["hooks/seconds"]
print("attached", flush=True)
for line in sys.stdin:
    for each in (*columns.values(), *texts.values(), end, seconds):
        each.refresh()
    seen = {name: each[:].tolist() for name, each in columns.items()}
    seen |= {name: each.asstr()[()] for name, each in texts.items()}
    print(json.dumps(seen | {"roby": end[()], "hooks": len(seconds)}), flush=True)
"""

START = began(timer(), channel("s:diode"))
NOTHING = {"elapsed_time": [], "diode": []}


@pytest.fixture
def saver(tmp_path):
    saver = HDF5Saver(saving_in(tmp_path))
    saver.open(START, say)
    yield saver
    saver.close()


def look(viewer):
    return json.loads(ask(viewer))


def data(seen):
    return {name: seen[name] for name in NOTHING}


@pytest.mark.parametrize("through_the_master", [True, False])
def test_a_viewer_stays_attached_from_before_the_first_point_to_after_the_end(saver, tmp_path, through_the_master):
    master = Path(saving_in(tmp_path).filename)
    path = master if through_the_master else scan_file(master, 12)
    with python(ATTACHED, path) as viewer:
        assert line_of(viewer) == "attached"
        assert data(look(viewer)) == NOTHING
        hand(saver, [START])
        for point in range(5):
            hand(saver, [*rows(point, [point / 10], [float(point)]), hook("P", "start", 1.0, 0.1)])
            seen = look(viewer)
            assert data(seen) == {
                "elapsed_time": [i / 10 for i in range(point + 1)],
                "diode": [float(i) for i in range(point + 1)],
            }
            assert seen["hooks"] == point + 1
            assert seen["end_reason"] == seen["end_time"] == ""
        hand(saver, [ended("USER_ABORT", "Ctrl-C", roby=7.0)])
        for _ in range(2):
            seen = look(viewer)
            assert seen["diode"] == [0.0, 1.0, 2.0, 3.0, 4.0]
            assert (seen["end_reason"], seen["end_message"], seen["roby"]) == ("USER_ABORT", "Ctrl-C", 7.0)
            saver.close()


def test_a_viewer_may_attach_at_any_moment(saver, tmp_path):
    moments = [
        [],
        [START],
        list(rows(0, [0.0], [4.0])),
        list(rows(1, [1.0], [])),
        [Points(1, 1, (5.0,))],
        [ended()],
    ]
    seen = []
    for events in moments:
        hand(saver, events)
        with python(ATTACHED, saving_in(tmp_path).filename) as viewer:
            assert line_of(viewer) == "attached"
            seen.append(look(viewer)["diode"])
    assert seen == [[], [], [4.0], [4.0], [4.0, 5.0], [4.0, 5.0]]


def test_after_the_end_it_opens_without_swmr_even_while_viewers_are_attached(saver, tmp_path):
    path = saving_in(tmp_path).filename
    hand(saver, [START, *rows(0, [0.0], [4.0])])
    with python(ATTACHED, path) as viewer:
        line_of(viewer)
        hand(saver, [ended()])
        with h5py.File(path) as file:
            assert file["12.1/measurement/diode"][:].tolist() == [4.0]
        assert look(viewer)["diode"] == [4.0]


def test_the_process_that_saves_may_look_too(saver, tmp_path):
    path = saving_in(tmp_path).filename
    hand(saver, [START, *rows(0, [0.0], [4.0])])
    with h5py.File(path, swmr=True) as file:
        assert file["12.1/measurement/diode"][:].tolist() == [4.0]


# Looks again and again as fast as it can; value i of column c is 1000 * c + i.
HAMMER = """
import sys, h5py, numpy as np
file = h5py.File(sys.argv[1], "r", swmr=True)
columns = [file[f"12.1/measurement/c{c}"] for c in range(8)]
spectrum, end = file["12.1/measurement/spectrum"], file["12.1/end_reason"]
print("attached", flush=True)
looks, wrong = 0, []
while True:
    end.refresh()
    over = end.asstr()[()]
    lengths = []
    for c, column in enumerate(columns):
        column.refresh()
        values = column[:]
        lengths.append(len(values))
        if not np.array_equal(values, 1000.0 * c + np.arange(len(values))):
            wrong.append(f"{c}: {values[:3]}..{values[-3:]}")
    spectrum.refresh()
    if not np.array_equal(spectrum[:], np.arange(len(spectrum))[:, None] + np.zeros(64)):
        wrong.append(f"spectrum: {spectrum[-1]}")
    looks += 1
    if looks == 25:
        open(sys.argv[2], "w").close()
    if over:
        break
print(looks, min(lengths), max(lengths), len(wrong), wrong[:3], over)
"""


def test_a_viewer_that_looks_all_the_time_sees_no_error_and_no_wrong_value(tmp_path):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    beginning = began(*[channel(f"s:c{c}") for c in range(8)], channel("s:spectrum", shape=(64,)), npoints=0)
    points = 0
    saver.open(beginning, say)
    try:
        enough = tmp_path / "enough"
        with python(HAMMER, saving.filename, enough) as viewer:
            assert line_of(viewer) == "attached"
            hand(saver, [beginning])
            until = time.monotonic() + 1.0
            while time.monotonic() < until or not enough.exists():
                batch = [Points(c, points + i, (1000.0 * c + points + i,)) for i in range(7) for c in range(8)]
                batch += [Points(8, points + i, [[float(points + i)] * 64]) for i in range(7)]
                hand(saver, batch)
                points += 7
            hand(saver, [ended()])
            looks, shortest, longest, wrong, *which = line_of(viewer).split(maxsplit=4)
    finally:
        saver.close()
    assert int(wrong) == 0, which
    assert int(shortest) == int(longest) == points > 100
    assert int(looks) > 20


POLLING = """
import os, sys, fcntl
print("polling", flush=True)
grabbed = False
while True:
    try:
        descriptor = os.open(sys.argv[1], os.O_RDONLY)
    except FileNotFoundError:
        continue
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if not grabbed:
            print("grabbed", flush=True)
        grabbed = True
    except BlockingIOError:
        pass
    os.close(descriptor)
"""


def test_a_viewer_that_grabs_each_new_file_at_once_stops_no_scan(tmp_path):
    saving = saving_in(tmp_path)
    path = scan_file(Path(saving.filename), 12)
    with python(POLLING, path) as viewer:
        line_of(viewer)
        for _ in range(30):
            saver = HDF5Saver(saving)
            saver.open(began(), say)
            saver.close()
            path.unlink()
            Path(saving.filename).unlink()
        path.touch()  # should it have had none of them, it takes this
        assert line_of(viewer) == "grabbed"


# -- a crash ----------------------------------------------------------------------------------------------

WRITER = (
    WITH_STREAM
    + """
from obtura.data.saver import HDF5Saver
saver = HDF5Saver(saving_in(sys.argv[1]))
saver.open(began(), say)
for point in range(37):
    hand(saver, list(rows(point, [float(point)], [2.0 * point])))
print("written", flush=True)
sys.stdin.readline()
"""
)


def test_what_a_killed_process_had_written_can_be_read_and_the_next_scan_runs(tmp_path):
    with python(WRITER, tmp_path) as writer:
        assert line_of(writer) == "written"
        writer.kill()
        writer.wait()
    saving = saving_in(tmp_path)
    with h5py.File(saving.filename, swmr=True) as file:
        assert file["12.1/measurement/diode"][:].tolist() == [2.0 * point for point in range(37)]
        assert file["12.1/end_reason"].asstr()[()] == ""
    assert saving.next_number() == 13
    record(HDF5Saver(saving), began(number=13), *rows(0, [0.0], [4.0]))
    with h5py.File(saving.filename, swmr=True) as file:
        assert file["13.1/measurement/diode"][:].tolist() == [4.0]
