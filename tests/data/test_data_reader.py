"""What `obtura ls` and `obtura show` print."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from processes import WITH_STREAM, line_of, python
from scan_stream import PresetInfo, axis, began, channel, ended, hook, record, rows, saving_in, timer

import obtura
from obtura.data import apart, lock
from obtura.data.apart import Apart, NoAnswer
from obtura.data.layout import scan_file
from obtura.data.reader import list_entries, listing, showing
from obtura.data.recovery import Recovered, recover_all
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import UsageError
from obtura.ground.events import Comment, Failed, Points


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


def ascan(number=13, **options):
    channels = timer(), axis("roby"), channel("s:diode", unit="A"), channel("s:mca", shape=(4,))
    return began(*channels, title="ascan roby 0 1 2 0.1", number=number, **options)


def record_ascan(saving):
    presets = (PresetInfo("ShutterPreset", "chain", 0, {"shutter": "sh1"}), PresetInfo("Wait", "scan", None, {}))
    points = [*rows(0, [0.0, 0.1, 0.2], [0.0, 0.5, 1.0], [4.0, -1.0, np.nan])]
    points += [Points(3, 0, np.arange(12).reshape(3, 4))]
    calls = [hook("ShutterPreset", "prepare", 1.0, 0.25), hook("Wait", "start", 2.0, 9.0)]
    record(HDF5Saver(saving), ascan(presets=presets), *points, *calls, end=ended("USER_ABORT", "Ctrl-C"))


def test_ls_lists_the_scans_by_number(saving):
    record_ascan(saving)
    record(HDF5Saver(saving), began(number=9), *rows(0, [0.0], [4.0]))
    record(HDF5Saver(saving), began(number=100))
    assert listing(saving.filename) == (
        " scan  title                 start                end         points\n"
        "  9.1  loopscan 2 0.1        2019-03-13 11:06:11  SUCCESS          1\n"
        " 13.1  ascan roby 0 1 2 0.1  2019-03-13 11:06:11  USER_ABORT       3\n"
        "100.1  loopscan 2 0.1        2019-03-13 11:06:11  SUCCESS          0"
    )


def test_a_long_title_is_cut_in_lists_and_whole_where_its_scan_is_shown(saving):
    long = "loopscan " + "x" * 3000
    record(HDF5Saver(saving), began(number=9, title=long))
    record(HDF5Saver(saving), began(number=10))
    for words in (listing, showing):
        assert max(map(len, words(saving.filename).splitlines())) < 140
        lines = words(saving.filename, width=79).splitlines()
        assert max(map(len, lines)) <= 79
        assert "loopscan xxxxxxxxxxx" in lines[1] and "…  " in lines[1]
        assert max(map(len, words(saving.filename, width=10).splitlines())) < 79  # some of it is always seen
    assert long in showing(saving.filename, 9)


def test_show_prints_a_scan(saving):
    record_ascan(saving)
    assert showing(saving.filename, 13) == (
        "13.1  ascan roby 0 1 2 0.1\n"
        f"file     {saving.root_path}/data/scan0013.h5\n"
        "start    2019-03-13 11:06:11\n"
        "end      2019-03-13 11:06:20  USER_ABORT\n"
        "message  Ctrl-C\n"
        "user     seb\n"
        "session  demo\n"
        "points   3\n"
        "preset   ShutterPreset (chain, 13.1) shutter=sh1\n"
        "preset   Wait (scan)\n"
        "hooks    2 calls, 9.25 s; the longest: Wait.start, 9 s\n"
        "\n"
        "name          unit  shape  min  max  first  last\n"
        "elapsed_time  s         3    0  0.2      0   0.2\n"
        "roby          mm        3    0    1      0     1\n"
        "diode         A         3   -1    4      4   nan\n"
        "mca                 3 x 4    0   11"
    )


def test_show_takes_a_number_as_typed_and_one_entry_alone(saving):
    beginning = began(timer(), timer(branch=1), branches=("timer", "other"))
    record(HDF5Saver(saving), beginning)
    assert showing(saving.filename, "12") == showing(saving.filename, 12)
    both = showing(saving.filename, 12).split("\n\n12.2")
    assert len(both) == 2
    assert showing(saving.filename, "12.2") == "12.2" + both[1]


def test_a_scans_own_file_can_be_listed_and_shown_as_well(saving):
    record_ascan(saving)
    own = scan_file(Path(saving.filename), 13)
    assert listing(own) == listing(saving.filename)
    assert showing(own, 13) == showing(saving.filename, 13)


def test_the_entries_are_values(saving):
    record_ascan(saving)
    (entry,) = list_entries(saving.filename)
    assert (entry.name, entry.number, entry.branch) == ("13.1", 13, 1)
    assert (entry.state, entry.end_reason, entry.points) == ("finished", "USER_ABORT", 3)
    assert entry.start_time == "2019-03-13T11:06:11+01:00"
    assert entry.file == scan_file(Path(saving.filename), 13)


WRITER = (
    WITH_STREAM
    + """
from obtura.data.saver import HDF5Saver
saver = HDF5Saver(saving_in(sys.argv[1]))
saver.open(began(), say)
hand(saver, list(rows(0, [0.0, 1.0], [4.0, 5.0])))
print("written", flush=True)
sys.stdin.readline()
"""
)


def test_a_running_scan_is_listed_and_shown_and_a_crashed_one_told_from_it(saving, tmp_path):
    with python(WRITER, tmp_path) as writer:
        line_of(writer)
        (running,) = list_entries(saving.filename)
        assert (running.state, running.points) == ("running", 2)
        assert listing(saving.filename).splitlines()[1].split()[-2:] == ["running", "2"]
        assert "end      running\n" in showing(saving.filename, 12)
        writer.kill()
        writer.wait()
        (crashed,) = list_entries(saving.filename)
        assert (crashed.state, crashed.points) == ("crashed", 2)
        assert "crashed: its program ended without closing the file" in showing(saving.filename, 12)
        assert "diode                   2    4    5      4     5" in showing(saving.filename, 12)


def test_a_crashed_scan_is_not_taken_for_running_because_another_one_is(saving, tmp_path):
    with python(WRITER, tmp_path) as writer:
        line_of(writer)
    assert [entry.state for entry in list_entries(saving.filename)] == ["crashed"]
    lock.take(Path(saving.filename), 13)  # another one runs
    try:
        assert [entry.state for entry in list_entries(saving.filename)] == ["crashed"]
    finally:
        lock.release(Path(saving.filename), 13)


def test_a_scan_whose_file_is_gone_or_damaged_is_named(saving):
    master = Path(saving.filename)
    for number in (12, 13, 14):
        record(HDF5Saver(saving), began(number=number))
    scan_file(master, 12).unlink()
    scan_file(master, 13).write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert [entry.state for entry in list_entries(master)] == ["missing", "damaged", "finished"]
    lines = listing(master).splitlines()
    assert f"missing: {scan_file(master, 12)}" in lines[1]
    assert f"damaged: {scan_file(master, 13)}" in lines[2]
    assert showing(master, 12) == f"12.1: the file is gone: {scan_file(master, 12)}"
    assert showing(master, 13) == f"13.1: the file can't be read: {scan_file(master, 13)}"


def cut(content):
    return content[: len(content) // 2]


def flipped(content):
    return content[:19] + b"\x27" + content[20:]


@pytest.mark.parametrize(
    ("damage", "told"), [(cut, r"the last \d+ bytes of it are missing"), (flipped, "its beginning is damaged")]
)
def test_damage_that_can_be_seen_without_hdf5_is_told_at_once(saving, damage, told):
    for number in (12, 13):
        record(HDF5Saver(saving), began(number=number), *rows(0, [0.0, 1.0], [4.0, 5.0]))
    own = scan_file(Path(saving.filename), 12)
    own.write_bytes(damage(own.read_bytes()) + bytes(damage is flipped))  # of another size than the index knows
    assert [entry.state for entry in list_entries(saving.filename)] == ["damaged", "finished"]
    with pytest.raises(UsageError, match=rf"scan0012\.h5 can't be read: {told}"):
        list_entries(own)  # with swmr=True HDF5 would try for a minute


def test_a_master_of_which_h5py_raises_another_error_is_damaged(saving):
    record(HDF5Saver(saving), began())
    content = Path(saving.filename).read_bytes()
    Path(saving.filename).write_bytes(content[:13] + b"\x08\x0a" + content[15:])
    with pytest.raises(UsageError, match="bad byte number"):
        list_entries(saving.filename)


def test_what_went_wrong_and_what_was_said_is_shown(saving):
    at = datetime(2019, 3, 13, 11, 6, 13, tzinfo=UTC)
    said = [Comment(at, "Paused; scan.resume() goes on\n"), Comment(at, "Resumed after 3.2 s\n")]
    failed = [Failed("OSError: stuck", "stop", 7.25 + number, (2,)) for number in range(12)]
    begun = Failed("Ctrl-C", "prepare", 7.0, (-1,))
    record(HDF5Saver(saving), began(), *said, begun, *failed, end=ended("FAILURE", "OSError: stuck"))
    lines = [line.split(maxsplit=1) for line in showing(saving.filename, 12).splitlines() if line]
    told = [what for kind, what in lines if kind == "interrupted"]
    assert told[0].endswith(" s: Ctrl-C") and told[1].startswith("point 2, ") and told[1].endswith(" s: OSError: stuck")
    assert told[-1] == "... and 3 more" and len(told) == 11
    comments = [what for kind, what in lines if kind == "comment"]
    assert comments == ["11:06:13 Paused; scan.resume() goes on", "11:06:13 Resumed after 3.2 s"]


@pytest.fixture
def hanging(saving, monkeypatch):
    """Scan 12, on whose file HDF5 hangs, and a good one."""
    monkeypatch.setattr(apart, "PATIENCE", 0.5)
    for number in (12, 13):
        record(HDF5Saver(saving), began(number=number), *rows(0, [0.0, 1.0], [4.0, 5.0]))
    own = scan_file(Path(saving.filename), 12)
    own.write_bytes(gzip.decompress((Path(__file__).parent / "hangs.h5.gz").read_bytes()))
    with Apart() as other:
        yield own, other.ask


def test_a_file_on_which_hdf5_hangs_is_listed_as_damaged_and_the_others_are_shown(hanging, saving):
    own, ask = hanging
    lines = listing(saving.filename, ask).splitlines()
    assert f"damaged: {own}" in lines[1] and lines[2].split()[-2:] == ["SUCCESS", "2"]
    assert f"12.1: the file can't be read: {own}" in showing(saving.filename, None, ask)
    assert showing(saving.filename, 12, ask) == f"12.1: the file can't be read: {own}"
    assert "diode " in showing(saving.filename, 13, ask)


def test_a_master_on_which_hdf5_hangs_is_said_to_be_damaged(saving):
    def no_answer(seconds, function, *args):
        raise NoAnswer("HDF5 does not come back from reading it")

    record_ascan(saving)
    with pytest.raises(UsageError, match=r"data\.h5 is damaged: HDF5 does not come back from reading it"):
        listing(saving.filename, no_answer)


def test_a_crashed_scan_on_whose_file_hdf5_hangs_is_made_anew_from_its_journal(saving, tmp_path, monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE", 0.5)
    with python(WRITER, tmp_path) as writer:
        line_of(writer)
    own = scan_file(Path(saving.filename), 12)
    own.write_bytes(gzip.decompress((Path(__file__).parent / "hangs.h5.gz").read_bytes()))
    with Apart() as other:
        (outcome,) = recover_all(Path(saving.filename), lambda number: False, tmp_path / "spool", other.ask)
    assert isinstance(outcome, Recovered) and outcome.points == 2
    assert obtura.open(saving.filename)[12]["diode"][:].tolist() == [4, 5]


def test_a_scan_without_points_is_shown(saving):
    record(HDF5Saver(saving), began(timer(), channel("s:z", dtype="complex128")))
    assert showing(saving.filename, 12).splitlines()[-2:] == ["elapsed_time  s         0", "z                       0"]


def test_no_control_character_reaches_the_terminal(saving):
    record(HDF5Saver(saving), began(title="loopscan \x1b[31m\n2"), end=ended("FAILURE", "a\nb\x07"))
    text = listing(saving.filename) + showing(saving.filename, 12)
    assert all(line.isprintable() for line in text.splitlines())
    assert len(listing(saving.filename).splitlines()) == 2


def test_large_data_are_read_in_pieces(saving, monkeypatch):
    monkeypatch.setattr("obtura.data.reader.AT_ONCE", 8)
    record_ascan(saving)
    assert "mca                 3 x 4    0   11" in showing(saving.filename, 13)


# -- wrong input ------------------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"there is no file .*nothing\.h5"):
        listing(tmp_path / "nothing.h5")


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="is a directory"):
        listing(tmp_path)


@pytest.mark.parametrize("content", [b"", b"text"])
def test_what_is_not_hdf5_is_said_to_be_so(tmp_path, content):
    path = tmp_path / "data.h5"
    path.write_bytes(content)
    for look in (listing, lambda path: showing(path, 1)):
        with pytest.raises(UsageError, match="is no HDF5 file"):
            look(path)


def test_a_number_that_is_not_there_gets_those_that_are(saving):
    for number in (3, 7):
        record(HDF5Saver(saving), began(number=number))
    with pytest.raises(UsageError, match=r"has no scan 12; there are 3, 7"):
        showing(saving.filename, 12)
    with pytest.raises(UsageError, match=r"has no scan 3\.2; there are 3, 7"):
        showing(saving.filename, "3.2")


def test_of_many_scans_the_last_ten_are_named(saving):
    for number in range(1, 13):
        record(HDF5Saver(saving), began(number=number))
    with pytest.raises(UsageError, match=r"no scan 99; there are 12, the last ones: 3, 4, 5, 6, 7, 8, 9, 10, 11, 12$"):
        showing(saving.filename, 99)


def test_an_hdf5_file_without_scans_holds_none(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["x"] = 1
    assert listing(path) == f"{path} holds no scans"
    with pytest.raises(UsageError, match="it holds none"):
        showing(path, 1)


def test_entries_of_somebody_else_are_listed_as_far_as_they_are_alike(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["1.1/title"] = "ascan"
        file["1.1/end_reason"] = "SUCCESS"
        file["1.1/measurement/diode"] = [1.0, 2.0]
        file["2.1/measurement"] = 3.0
    facts = [(entry.name, entry.title, entry.points) for entry in list_entries(path)]
    assert facts == [("1.1", "ascan", 2), ("2.1", "", 0)]
    assert "diode            2    1    2      1     2" in showing(path, 1)
