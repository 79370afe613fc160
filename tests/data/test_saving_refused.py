"""What keeps a scan from being saved: told in plain words, before or in mid-scan, and nothing else breaks."""

import errno
import os
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import h5py
import pytest
from processes import WITH_STREAM, outcome
from scan_stream import began, ended, hand, record, rows, saving_in, say

from obtura.data import lock
from obtura.data.disk import saving_error
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError, UsageError

# -- before the scan: `open` is called before any device is touched -----------------------------------------


def refused(saver, error=SavingError, **scan):
    with pytest.raises(error) as caught:
        saver.open(began(**scan), say)
    saver.close()
    return str(caught.value)


def test_a_template_that_leaves_its_base_is_refused(tmp_path):
    saving = saving_in(tmp_path / "base")
    saving.template = "../{session}"
    assert "must stay inside base_path" in refused(HDF5Saver(saving), UsageError)
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_refused(tmp_path):
    text = refused(HDF5Saver(saving_in(tmp_path), reserve=10**18))
    assert "the disk is full" in text and " free" in text and "SCAN_SAVING.base_path" in text
    assert os.listdir(tmp_path / "demo") == []


@pytest.mark.parametrize("base", ["/dev/null", "/proc/scans"])
def test_a_directory_that_cannot_be_made_is_refused(base):
    assert f"{base}/demo: can't make this directory" in refused(HDF5Saver(saving_in(base)))


AS_NOBODY = (
    WITH_STREAM
    + """
import os
from obtura.data.saver import HDF5Saver
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
saver = HDF5Saver(saving_in(sys.argv[1]))
try:
    saver.open(began(), say)
except Exception as error:
    print(type(error).__name__, error)
saver.close()
"""
)


@pytest.mark.parametrize("read_only", ["base", "base/demo", "base/demo/data"])
def test_a_read_only_directory_is_refused(read_only, monkeypatch):
    # Root may write everywhere: then the scan is made by nobody, who has to get here.
    with tempfile.TemporaryDirectory() as directory:
        inside = Path(directory)
        made = inside / read_only
        made.mkdir(parents=True)
        for path in (inside, *inside.rglob("*")):
            path.chmod(0o777)
        made.chmod(0o555)
        monkeypatch.setenv("OBTURA_SPOOL", str(inside / "spool"))
        code, output, errors = outcome(AS_NOBODY, inside / "base")
        made.chmod(0o777)
        assert code == 0, errors
        assert output.startswith("SavingError") and "Permission denied" in output and str(made) in output
        assert [path.name for path in made.iterdir()] == []


def test_a_number_that_has_a_file_already_is_refused_and_that_file_left_alone(tmp_path):
    saving = saving_in(tmp_path)
    path = Path(saving.root_path) / "data" / "scan0012.h5"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"precious")
    assert "scan0012.h5 exists already" in refused(HDF5Saver(saving))
    assert path.read_bytes() == b"precious"
    assert lock.holder(Path(saving.filename)) is None


def test_something_else_in_the_place_of_the_directory_is_refused(tmp_path):
    saving = saving_in(tmp_path)
    Path(saving.root_path).mkdir()
    (Path(saving.root_path) / "data").touch()
    assert "can't make this directory" in refused(HDF5Saver(saving))


def test_closing_a_saver_that_was_never_opened_does_nothing(tmp_path):
    HDF5Saver(saving_in(tmp_path)).close()
    assert os.listdir(tmp_path) == []


# -- between open and end -------------------------------------------------------------------------------------


def entry_of(saving):
    with h5py.File(saving.filename) as file:
        entry = file["12.1"]
        texts = {name: entry[name].asstr()[()] for name in ("end_reason", "end_message", "end_time")}
        return texts | {name: each[:].tolist() for name, each in entry["measurement"].items()}


def test_a_scan_that_was_refused_by_somebody_else_after_open_is_closed_in_order(tmp_path):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    saver.open(began(), say)
    saver.close()
    entry = entry_of(saving)
    assert (entry["end_reason"], entry["end_message"]) == ("FAILURE", "the scan did not begin")
    assert entry["end_time"]
    assert lock.holder(Path(saving.filename)) is None


def test_when_the_reserve_is_touched_the_scan_ends_and_the_file_is_whole(tmp_path, monkeypatch):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    saver.open(began(), say)
    hand(saver, list(rows(0, [0.0], [4.0])))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=24_000_000))
    with pytest.raises(SavingError, match=r"the disk is full \(24 MB free, 25 MB must stay free\)"):
        hand(saver, list(rows(1, [1.0], [5.0])))
    saver.close()
    entry = entry_of(saving)
    assert entry["diode"] == [4.0, 5.0]
    assert entry["end_reason"] == "FAILURE"
    assert "the disk is full" in entry["end_message"]


REMOVALS = {
    "its directory and all": (lambda path: shutil.rmtree(path.parents[2]), "nothing of this scan is on the disk"),
    "the file": (Path.unlink, r"points.* are in .*scan0012\.journal: obtura recover "),
    "the file, and another has its name": (
        lambda path: (path.rename(path.with_name("old.h5")), path.touch()),
        r"points.* are in .*scan0012\.journal: obtura recover ",
    ),
}


@pytest.mark.parametrize("events", [list(rows(1, [1.0], [5.0])), [ended()]], ids=["in mid-scan", "at the end"])
@pytest.mark.parametrize(("remove", "left"), REMOVALS.values(), ids=REMOVALS)
def test_a_file_that_somebody_removes_is_told_at_the_next_write_and_the_next_scan_is_saved(
    tmp_path, remove, left, events
):
    saving = saving_in(tmp_path / "base")
    saver = HDF5Saver(saving)
    saver.open(began(), say)
    hand(saver, list(rows(0, [0.0], [4.0])))
    remove(Path(saving.root_path) / "data" / "scan0012.h5")
    with pytest.raises(SavingError, match=rf"scan0012\.h5 was removed while the scan was writing it: .*{left}"):
        hand(saver, events)
    saver.close()
    assert lock.holder(Path(saving.filename)) is None
    record(HDF5Saver(saving), began(number=13), *rows(0, [0.0], [4.0]))
    with h5py.File(saving.filename) as file:
        assert file["13.1/measurement/diode"][:].tolist() == [4.0]
        if "journal" in left:
            assert file["12.1/measurement/diode"][0] == 4.0


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError("Can't write data (errno = 28, error message = 'No space left on device')"), True),
        (RuntimeError("Unable to flush file's cached information"), True),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), False),
        (OSError("Unable to open file (errno = 13, error message = 'Permission denied')"), False),
        (AttributeError("'NoneType' object has no attribute 'id'"), False),
    ],
)
def test_the_free_space_is_told_where_it_may_be_the_cause(tmp_path, error, told):
    assert (" free)" in str(saving_error("writing failed", tmp_path / "x.h5", error))) is told


def test_a_template_with_an_unknown_field_is_told_in_whole_sentences(tmp_path):
    saving = saving_in(tmp_path)
    saving.template = "{zzz}"
    assert "there are: date, session, user_name. Add one with" in refused(HDF5Saver(saving), UsageError)


def test_a_long_message_is_cut_not_lost(tmp_path):
    saving = saving_in(tmp_path)
    record(HDF5Saver(saving), began(), end=ended("FAILURE", "µ" * 2000))
    message = entry_of(saving)["end_message"]
    assert message == "µ" * 498 + "…"
