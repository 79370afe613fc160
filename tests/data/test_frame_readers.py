"""Who looks at frames: the scan itself, other processes, `obtura show`; also after a crash or a full disk."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from frame_stream import camera, frames, images, points_of, record_frames
from processes import WITH_STREAM, ask, line_of, python
from scan_stream import began, ended, hand, rows, saving_in, say, timer

from obtura.data.contents import frames_of, list_entries, opened_entry
from obtura.data.reader import listing, showing
from obtura.data.recovery import INTERRUPTED, Recovered, recover_all
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError
from obtura.ground.events import Points


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


# -- read again -------------------------------------------------------------------------------------------


def test_the_saver_gives_frames_back_while_it_writes_and_after(saving):
    saver = HDF5Saver(saving)
    saver.open(began(timer(), camera()), say)
    series = saver.frames(1)
    assert saver.takes_frames and series is not None and saver.frames(0) is None
    assert series.count == 0
    for number in range(4):
        hand(saver, [*rows(number, [0.1 * number]), *points_of(1, 1, first=number)])
        assert series.count == number + 1
        assert np.array_equal(series.read(0, series.count), frames(number + 1))
    hand(saver, [Points(1, 4, frames(3, 4)), ended()])
    assert series.count == 7 and np.array_equal(series.read(2, 6), frames(4, 2))
    saver.close()
    assert np.array_equal(series.read(6, 7), frames(1, 6))
    (images(saving) / "camera.h5").unlink()
    with pytest.raises(SavingError, match=r"camera\.h5: the frames of camera:image can't be read"):
        series.read(0, 1)


# -- looked at --------------------------------------------------------------------------------------------

ATTACHED = """
import sys, h5py
file = h5py.File(sys.argv[1], "r", swmr=True)
frames = file["12.1/measurement/camera"]
print("attached", flush=True)
for line in sys.stdin:
    frames.refresh()
    print(len(frames), frames[-1].max() if len(frames) else None, flush=True)
"""


def test_a_viewer_in_another_process_sees_frames_come_through_the_master(saving):
    saver = HDF5Saver(saving)
    saver.open(began(timer(), camera()), say)
    with python(ATTACHED, saving.filename) as viewer:
        assert line_of(viewer) == "attached"
        assert ask(viewer) == "0 None"
        for number in range(3):
            hand(saver, [*rows(number, [0.1 * number]), *points_of(1, 1, first=number)])
            assert ask(viewer) == f"{number + 1} {100 * number + 14}"
        hand(saver, [ended()])
        assert ask(viewer) == "3 214"
    saver.close()


WRITER = (
    WITH_STREAM
    + """
import numpy as np
from obtura.data.saver import HDF5Saver
from obtura.ground.events import Points
saver = HDF5Saver(saving_in(sys.argv[1]))
saver.open(began(timer(), channel("camera:image", shape=(3, 5), dtype="uint16")), say)
for point in range(37):
    hand(saver, [*rows(point, [float(point)]), Points(1, point, np.full((1, 3, 5), point, "uint16"))])
print("written", flush=True)
sys.stdin.readline()
"""
)


HOLDING = """
import sys, h5py
with h5py.File(sys.argv[1], swmr=True):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_frames_that_a_killed_process_had_written_can_be_read(saving, tmp_path):
    with python(WRITER, tmp_path) as writer:
        assert line_of(writer) == "written"
        writer.kill()
        writer.wait()
    with h5py.File(saving.filename, swmr=True) as master:
        dataset = master["12.1/measurement/camera"]
        assert dataset[:, 2, 4].tolist() == list(range(37))
    (entry,) = list_entries(saving.filename)
    assert (entry.state, entry.points) == ("crashed", 37)
    assert "camera  uint16 (37, 3, 5)  frames in scan0012/camera.h5" in showing(saving.filename, 12)


def test_a_viewer_that_holds_the_frames_of_a_crash_is_named_until_it_lets_go(saving, tmp_path):
    with python(WRITER, tmp_path) as writer:
        assert line_of(writer) == "written"
    master, path = Path(saving.filename), images(saving) / "camera.h5"
    with python(HOLDING, path) as viewer:
        assert line_of(viewer) == "held"
        (outcome,) = recover_all(master, lambda number: False, tmp_path)
        assert isinstance(outcome, SavingError)
        assert f"{path}: another program has it open" in str(outcome)
        with h5py.File(master) as file:
            assert file["12.1/end_reason"].asstr()[()] == INTERRUPTED  # all the rest is in order
    (outcome,) = recover_all(master, lambda number: False, tmp_path)
    assert isinstance(outcome, Recovered) and outcome.points == 37


def test_show_names_the_frames_and_reads_none(saving):
    record_frames(saving, *rows(0, [0.0, 0.1]), *points_of(1, 2))
    text = showing(saving.filename, 12)
    assert text.splitlines()[-3:] == [
        "elapsed_time  s         2    0  0.1      0   0.1",
        "",
        "camera  uint16 (2, 3, 5)  frames in scan0012/camera.h5",
    ]
    with opened_entry(list_entries(saving.filename)[0]) as entry:
        assert frames_of(entry) == {"camera": "scan0012/camera.h5"}


def test_when_the_file_of_the_frames_is_gone_all_the_rest_is_there(saving):
    record_frames(saving, *rows(0, [0.0, 0.1]), *points_of(1, 2))
    before = listing(saving.filename)
    (images(saving) / "camera.h5").unlink()
    assert listing(saving.filename) == before
    assert "camera  missing  the file is gone or damaged: scan0012/camera.h5" in showing(saving.filename, 12)
