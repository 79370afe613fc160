"""Frames compressed by HDF5's filters, and what is said where a filter is missing."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from frame_stream import SHAPE, camera, frames, images, points_of, record_frames
from processes import WITH_STREAM, ask, outcome, python
from scan_stream import began, channel, ended, rows, saving_in, say, timer

from obtura.data.filters import compressed_as
from obtura.data.reader import showing
from obtura.data.saver import HDF5Saver
from obtura.ground.compression import COMPRESSIONS
from obtura.ground.errors import UsageError
from obtura.ground.events import Points, ScanClosed
from obtura.session.plot_file import measured_in

FILTERS = {
    "none": [],
    "gzip": [2, 1],
    "bitshuffle-lz4": [32008],
    "bitshuffle-zstd": [32008],
    "blosc2-lz4": [32026],
    "blosc2-zstd": [32026],
}

WITHOUT_THE_EXTRA = "import sys; sys.modules['hdf5plugin'] = None\n"
"""Put before a child's code: importing it fails, as when it is not installed."""

READER = """
import sys, h5py, hdf5plugin
with h5py.File(sys.argv[1], swmr=True) as file:
    dataset = file["12.1/measurement/camera"]
    for line in sys.stdin:
        dataset.refresh()
        print(len(dataset), dataset[:].tolist(), flush=True)
"""


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


def packed(compression, **options):
    return camera(**options)._replace(compression=compression)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_each_compression_gives_back_what_it_was_given(saving, compression):
    noise = np.random.default_rng(1).integers(0, 2**16, (2, 40, 50), "uint16")
    grey = np.full((2, 40, 50), 7, "uint16")
    info = channel("camera:image", shape=(40, 50), dtype="uint16")._replace(compression=compression)
    points = [*rows(0, [0.0, 0.1, 0.2, 0.3]), Points(1, 0, noise), Points(1, 2, grey)]
    record_frames(saving, *points, channels=(timer(), info), npoints=4)
    with h5py.File(images(saving) / "camera.h5") as own:
        dataset = own["12.1/instrument/camera/data"]
        how = dataset.id.get_create_plist()
        assert [how.get_filter(index)[0] for index in range(how.get_nfilters())] == FILTERS[compression]
        assert dataset.chunks == (1, 40, 50) and dataset.attrs.get("compression", "none") == compression
        assert np.array_equal(dataset[:], np.concatenate([noise, grey]))
        assert (dataset.id.get_chunk_info(3).size < grey[0].nbytes / 2) == (compression != "none")


def test_a_camera_that_says_nothing_is_compressed_as_scan_saving_says(saving):
    saving.compression = "gzip"
    channels = (timer(), camera(), packed("none", name="plain"))
    record_frames(saving, *rows(0, [0.0]), *points_of(1, 1), *points_of(2, 1), channels=channels)
    with h5py.File(saving.filename) as master:
        measured = master["12.1/measurement"]
        assert (measured["camera"].compression, measured["plain"].compression) == ("gzip", None)


def test_a_compression_that_is_none_is_refused_when_it_is_set(saving):
    with pytest.raises(UsageError, match="compression must be one of none, .*: did you mean 'bitshuffle-lz4'"):
        saving.compression = "bitshuffle_lz4"
    assert saving.compression == "none"


def test_another_process_reads_compressed_frames_as_they_come(saving):
    saver = HDF5Saver(saving)
    beginning = began(timer(), packed("bitshuffle-lz4"), npoints=4)
    saver.open(beginning, say)
    saver.receive([beginning])
    with python(READER, saving.filename) as reader:
        for count in range(1, 5):
            saver.receive([*rows(count - 1, [0.0]), *points_of(1, 1, count - 1)])
            assert ask(reader) == f"{count} {frames(count).tolist()}"
        saver.receive([ended(), ScanClosed("DONE", 9.8, ())])
        saver.close()


def test_frames_come_back_from_the_file_of_a_running_scan(saving):
    saver = HDF5Saver(saving)
    beginning = began(timer(), packed("blosc2-zstd"), npoints=3)
    saver.open(beginning, say)
    saver.receive([beginning, *rows(0, [0.0, 0.1]), *points_of(1, 2)])
    series = saver.frames(1)
    assert np.array_equal(series.read(0, 2), frames(2))
    saver.receive([ended(), ScanClosed("DONE", 9.8, ())])
    saver.close()
    assert np.array_equal(series.read(1, 2), frames(1, 1))


# -- without the extra --------------------------------------------------------------------------------------

REFUSED = """
import h5py
saving = saving_in(sys.argv[1])
image = channel("camera:image", shape=(3, 5), dtype="uint16")._replace(compression=sys.argv[2])
saving.save_images = len(sys.argv) == 3
saver = HDF5Saver(saving)
try:
    record(saver, began(timer(), image), end=ended("FAILURE"))
except SavingError as error:
    print(error)
"""
REFUSED = "from obtura.data.saver import HDF5Saver\nfrom obtura.ground.errors import SavingError\n" + REFUSED


def test_without_the_extra_a_scan_is_refused_before_it_begins(saving, tmp_path):
    status, said, errors = outcome(WITH_STREAM + WITHOUT_THE_EXTRA + REFUSED, tmp_path, "bitshuffle-lz4")
    assert status == 0, errors
    assert "camera" in said and "bitshuffle-lz4" in said and "pip install 'obtura[compression]'" in said
    assert not [each for each in tmp_path.rglob("*") if each.is_file()], "nothing is left behind"


@pytest.mark.parametrize("arguments", [("gzip",), ("none",), ("bitshuffle-lz4", "frames are not saved")])
def test_what_needs_no_extra_is_not_refused(saving, tmp_path, arguments):
    status, said, errors = outcome(WITH_STREAM + WITHOUT_THE_EXTRA + REFUSED, tmp_path, *arguments)
    assert (status, said) == (0, ""), errors
    assert Path(saving.filename).exists()


SHOW = """
from obtura.data.reader import showing
from obtura.session.plot_file import measured_in
from obtura.ground.errors import UsageError
from pathlib import Path
print(showing(sys.argv[1], "12"))
measured = measured_in(Path(sys.argv[1]))
print("times", list(measured.values["elapsed_time"]))
try:
    measured.values["camera"][-1]
except UsageError as error:
    print("plot:", error)
"""


def test_where_the_filter_is_missing_show_and_plot_say_what_to_install(saving):
    record_frames(saving, *rows(0, [0.0]), *points_of(1, 1), channels=(timer(), packed("blosc2-lz4")))
    path = Path(saving.filename)
    assert "compressed by blosc2-lz4\n" in showing(path, 12) + "\n"
    assert np.array_equal(measured_in(path).values["camera"][-1], frames(1)[0])
    status, said, errors = outcome("import sys\n" + WITHOUT_THE_EXTRA + SHOW, path)
    assert status == 0, errors
    remedy = "compressed by blosc2-lz4; to read it: pip install 'obtura[compression]'"
    lines = said.splitlines()
    assert any("uint16 (1, 3, 5)" in line and remedy in line for line in lines), "what can be known is shown"
    assert any(line.startswith("plot:") and remedy in line for line in lines)
    assert any(line.startswith("times [") for line in lines), "the numbers are plotted all the same"


def test_frames_of_others_tell_their_filter_by_its_number(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        plain = file.create_dataset("plain", data=np.zeros(SHAPE))
        packed = file.create_dataset("packed", data=np.zeros(SHAPE), compression="gzip", shuffle=True)
        assert (compressed_as(plain), compressed_as(packed)) == ("", "gzip")
