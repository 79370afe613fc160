"""The journal: what was written is read again, whatever a crash or a bad disk did to its end."""

import json
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_stream import PresetInfo, axis, began, channel, ended, hand, hook, record, rows, said, saving_in, say, timer

import obtura
from obtura.data import journal, lock
from obtura.data.clearing import checksum, clear_writer
from obtura.data.journal import MAGIC, read_journal
from obtura.data.layout import journal_file, scan_file
from obtura.data.recovery import INTERRUPTED, Recovered, recover_all
from obtura.data.saver import HDF5Saver
from obtura.data.validity import Validity
from obtura.ground.events import Comment, Failed, Metadata, Points, SubScan
from obtura.ground.ragged import ragged_block


def crash(saver):
    """The process of a saver ended: nothing is closed, and its lock is gone."""
    saver._file.abandon()
    saver._safe.close()
    lock.release(Path(saver._saving.filename), saver._number)


def crashed(directory, beginning, *batches):
    """What a process left that was killed after these batches; the master's path."""
    saving = saving_in(directory)
    saver = HDF5Saver(saving)
    saver.open(beginning, say)
    for batch in batches:
        hand(saver, batch)
    crash(saver)
    return Path(saving.filename)


def recovered(master, spool=Path("/nowhere")):
    return list(recover_all(master, lambda number: False, spool))


def test_a_crashed_scan_is_whole_up_to_its_last_row(tmp_path):
    beginning = began(timer(), channel("s:d"), channel("s:n", dtype="int32"), channel("mca:m", shape=(3,)))
    spectra = np.arange(9.0).reshape(3, 3)
    events = [
        *(event for point in range(3) for event in rows(point, [float(point)], [2.0 * point])),
        Points(2, 0, np.array([7, 8, 9], "int32")),
        *(Points(3, point, spectra[point : point + 1]) for point in range(3)),
        *rows(3, [3.0]),  # the row in which it was killed
    ]
    master = crashed(tmp_path, beginning, *([event] for event in events))
    assert journal_file(scan_file(master, 12)).exists()
    (outcome,) = recovered(master)
    assert outcome == Recovered(12, scan_file(master, 12), 3, True)
    assert str(outcome).startswith("scan 12 was interrupted at point 3: ")
    with h5py.File(master) as file:  # plainly
        entry = file["12.1"]
        assert entry["measurement/d"][:].tolist() == [0, 2, 4]
        assert entry["measurement/n"][:].tolist() == [7, 8, 9]
        assert entry["measurement/m"][:].tolist() == spectra.tolist()
        assert entry["measurement/elapsed_time"][:].tolist() == [0, 1, 2]
        assert entry["end_reason"].asstr()[()] == INTERRUPTED
        assert "ended at point 3" in entry["end_message"].asstr()[()]
    assert not journal_file(scan_file(master, 12)).exists()
    assert recovered(master) == []


def test_hooks_comments_metadata_and_sub_scans_are_recovered(tmp_path):
    beginning = began()._replace(later=("END",))
    events = [
        hook("Shutter", "start", 3.0, 0.5, 0, 0),
        *rows(0, [0.0], [1.0]),
        hook("Shutter", "stop", 4.0, 0.25, 0, 0, "OSError: stuck"),
        Comment(datetime(2026, 1, 1, tzinfo=UTC), "windy"),
        Metadata("END", {"d": {"a": 1}}, {}),
    ]
    master = crashed(tmp_path, beginning, events)
    assert [each.points for each in recovered(master)] == [1]
    with h5py.File(master) as file:
        entry = file["12.1"]
        names = entry["hooks/names"].asstr()[:].tolist()
        assert [names[index] for index in entry["hooks/owner"][:]] == ["Shutter", "Shutter"]
        assert entry["hooks/seconds"][:].tolist() == [0.5, 0.25]
        assert names[entry["hooks/error"][1]] == "OSError: stuck"
        assert entry["comments/data"].asstr()[:].tolist() == ["windy"]
        assert json.loads(entry["metadata_end/data"].asstr()[0]) == {"devices": {"d": {"a": 1}}}


def test_how_it_was_interrupted_is_recovered_and_the_kill_comes_last(tmp_path):
    beginning = began(timer(), timer(1), branches=("one", "other"))
    events = [
        *rows(0, [0.0, 1.0], [0.0]),
        hook("Shutter", "prepare", 3.0, 0.5),
        Failed("OSError: no", "d", 1.0, (1, 0)),
    ]
    master = crashed(tmp_path, beginning, events)
    recovered(master)
    file = obtura.open(master)
    first, kill = file["12.1"].interruptions
    assert (first.message, first.place, first.point) == ("OSError: no", "d", 1)
    assert (kill.message, kill.point) == (file["12.1"].end_message, 2)
    assert [one.point for one in file["12.2"].interruptions] == [0, 1]
    assert [file[name].flags.tolist() for name in ("12.1", "12.2")] == [[0, 0], [0]]
    assert file["12.1"].valid.all()


def test_a_hook_outside_of_a_point_is_safe_at_once(tmp_path):
    master = crashed(tmp_path, began(), [hook("Shutter", "prepare", 3.0, 0.5)])
    recovered(master)
    with obtura.open(master).last.opened() as entry:
        assert entry["hooks/seconds"][:].tolist() == [0.5]


def test_a_point_that_was_stopped_is_marked_after_recovery_as_well(tmp_path):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    saver.open(began(), say)
    for event in (*rows(0, [0.0, 1.0], [4.0, 5.0]), ended("USER_ABORT")._replace(stopped={0: 1})):
        saver.witness(event)
    crash(saver)
    recovered(Path(saving.filename))
    assert obtura.open(saving.filename).last.flags.tolist() == [0, Validity.INTERRUPTED]


def test_hook_calls_that_only_the_file_has_are_in_nobodys_way(tmp_path):
    """They are journalled with the next row, which never came, and may be in the file before."""
    batch = [*rows(0, [0.0], [1.0]), hook("Shutter", "stop", 4.0, 0.25, 0, 0)]
    master = crashed(tmp_path, began(), batch)
    (outcome,) = recovered(master)
    assert outcome == Recovered(12, scan_file(master, 12), 1, True)


def test_the_grid_of_a_mesh_is_filled_as_well(tmp_path):
    grid = {"axes": ["x", "y"], "start": [0, 5], "stop": [2, 6], "npoints": [3, 2], "backnforth": True}
    beginning = began(axis("x"), axis("y"), channel("s:n", dtype="int64"), title="amesh", data_dim=2, grid=grid)
    events = [Points(index, point, (point,)) for point in range(4) for index in range(3)]
    master = crashed(tmp_path, beginning, events)
    assert [each.points for each in recovered(master)] == [4]
    with h5py.File(master) as file:
        assert np.array_equal(file["12.1/plot/n"][:], [[0, 1, 2], [np.nan, np.nan, 3]], equal_nan=True)
        assert file["12.1/measurement/n"][:].tolist() == [0, 1, 2, 3]


def test_a_journal_of_another_version_is_left_and_said(tmp_path, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(journal.Layout, "as_json", lambda self: json.dumps({"number": self.number}).encode())
        master = crashed(tmp_path, began(), rows(0, [0.0], [1.0]))
    (outcome,) = recovered(master)
    assert "another version of obtura" in str(outcome) and "scan0012.h5" in str(outcome)
    assert journal_file(scan_file(master, 12)).exists()
    spool = tmp_path / "spool"
    spool.mkdir()
    journal_file(scan_file(master, 12)).rename(spool / "scan0012.journal")
    assert recovered(master, spool) == []


def test_each_branch_has_its_own_rows_and_blocks_come_at_their_pace(tmp_path):
    slow = channel("slow:t", "timer", branch=1), channel("b:y", branch=1)
    channels = (timer(), channel("a:x"), *slow, channel("c:z", per_point=False))
    master = crashed(
        tmp_path,
        began(*channels, branches=("timer", "slow")),
        [Points(0, 0, (0.0,)), Points(2, 0, (5.0,)), Points(1, 0, (1.0,)), Points(4, 0, np.arange(4.0))],
        [Points(0, 1, (0.1,)), Points(1, 1, (2.0,)), Points(4, 4, np.arange(2.0))],
    )
    assert [each.points for each in recovered(master)] == [2]
    with h5py.File(master) as file:
        assert file["12.1/measurement/x"][:].tolist() == [1, 2]
        assert file["12.1/measurement/z"][:].tolist() == [0, 1, 2, 3, 0, 1]
        assert file["12.2/measurement/y"][:].tolist() == []
        assert file["12.2/end_reason"].asstr()[()] == INTERRUPTED


def test_a_scan_that_ended_is_recovered_as_it_ended(tmp_path):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    saver.open(began(), say)
    events = [*rows(0, [0.0], [1.0]), ended("USER_ABORT", "Ctrl-C", roby=4.0)]
    for event in events:  # in the journal; the process is killed before the saver gets to them
        saver.witness(event)
    crash(saver)
    master = Path(saving.filename)
    (outcome,) = recovered(master)
    assert str(outcome).startswith("scan 12 is whole, 1 points: ")
    with h5py.File(master) as file:
        assert file["12.1/end_reason"].asstr()[()] == "USER_ABORT"
        assert file["12.1/instrument/positioners_end/roby"][()] == 4.0


def test_a_good_end_leaves_no_journal(tmp_path):
    saving = saving_in(tmp_path)
    record(HDF5Saver(saving), began(), *rows(0, [0.0, 1.0], [4.0, 5.0]))
    assert {path.name for path in (tmp_path / "demo" / "data").iterdir()} == {"scan0012.h5", "index.jsonl"}


def test_the_next_scan_recovers_and_says_so(tmp_path):
    master = crashed(tmp_path, began(), list(rows(0, [0.0], [1.0])))
    said.clear()
    record(HDF5Saver(saving_in(tmp_path)), began(number=13), *rows(0, [0.0], [4.0]))
    assert said == [f"scan 12 was interrupted at point 1: {scan_file(master, 12)}\n"]
    with h5py.File(master) as file:
        assert list(file) == ["12.1", "13.1"]


def test_a_journal_that_makes_no_sense_keeps_no_scan_from_running(tmp_path):
    master = crashed(tmp_path, began(), list(rows(0, [0.0], [1.0])))
    path = journal_file(scan_file(master, 12))
    path.write_bytes(path.read_bytes() + journal.record(journal.block(0, 7, np.array([1.0]))))
    (outcome,) = recovered(master)
    assert "can't be recovered: ValueError: timer:elapsed_time: point 7 comes where 1 is expected" in str(outcome)
    said.clear()
    record(HDF5Saver(saving_in(tmp_path)), began(number=13), *rows(0, [0.0], [4.0]))
    assert said[0].startswith("!!! ") and path.exists()


def test_a_file_with_more_than_its_journal_is_left_alone(tmp_path):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    saver.open(began(), say)
    saver.receive(list(rows(0, [0.0], [1.0])))  # never witnessed
    crash(saver)
    (outcome,) = recovered(Path(saving.filename))
    assert "has more points than the journal of the scan; nothing was replaced" in str(outcome)


def test_a_missing_link_is_made_and_a_lost_file_comes_back(tmp_path):
    master = crashed(tmp_path, began(), list(rows(0, [0.0], [1.0])))
    master.unlink()
    scan_file(master, 12).unlink()
    assert len(recovered(master)) == 1
    with h5py.File(master) as file:
        assert file["12.1/measurement/diode"][:].tolist() == [1.0]


def test_the_links_of_a_sequence_are_made_again(tmp_path):
    saving = saving_in(tmp_path)
    record(HDF5Saver(saving), began(number=11), *rows(0, [0.0], [1.0]))
    saver = HDF5Saver(saving)
    saver.open(began(), say)
    for event in (SubScan(11, "ascan", saving.filename, ("11.1",)), ended()):
        saver.witness(event)
    crash(saver)
    recovered(Path(saving.filename))
    with h5py.File(saving.filename) as file:
        assert file["12.1/scans/11.1/measurement/diode"][:].tolist() == [1.0]


def test_frames_are_closed_with_the_scan(tmp_path):
    image = channel("camera:image", shape=(4, 5), dtype="uint16")
    frames = np.arange(40, dtype="uint16").reshape(2, 4, 5)
    batch = [Points(0, 0, (0.0,)), Points(1, 0, frames[:1]), Points(0, 1, (1.0,)), Points(1, 1, frames[1:])]
    master = crashed(tmp_path, began(timer(), image), batch, [Points(0, 2, (2.0,))])
    inner = scan_file(master, 12).with_suffix("") / "camera.h5"
    with pytest.raises(OSError):
        h5py.File(inner)
    (outcome,) = recovered(master)
    assert str(outcome).endswith(f"scan0012.h5; 2 of 3 frames are in {inner}")
    with h5py.File(master) as file:
        assert file["12.1/measurement/camera"][:].tolist() == frames.tolist()


# -- what a crash does to the end of a file ---------------------------------------------------------------------


def as_values(items):
    """The points of each column in the order in which they stand, from R and B items."""
    found = {}
    layout = None
    for item in items:
        if item.kind == "H":
            layout = item.content[0]
        elif item.kind == "R":
            branch, index, numbers = item.content
            for column, value in zip(layout.rows[branch], numbers, strict=True):
                found.setdefault(column, []).append((index, float(value)))
        elif item.kind == "B":
            column, first, points = item.content
            found.setdefault(column, []).append((first, points.tolist()))
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A journal of a scan with all kinds of items, and what is in it."""
    directory = tmp_path_factory.mktemp("journal")
    beginning = began(
        timer(), channel("s:d"), channel("s:n", dtype="int16"), presets=(PresetInfo("P", "scan", None, {}),)
    )
    batch = []
    for point in range(20):
        batch += [
            hook("P", "start", float(point), 0.1, 0, point),
            *rows(point, [float(point)], [point / 3]),
            Points(2, point, np.array([point], "int16")),
        ]
    master = crashed(directory, beginning, batch)
    data = journal_file(scan_file(master, 12)).read_bytes()
    items = list(read_journal(journal_file(scan_file(master, 12))))
    return data, as_values(items), len(items)


@settings(max_examples=150, deadline=None)
@given(part=st.floats(0, 1))
def test_a_journal_cut_anywhere_gives_the_rows_before_the_cut(whole, tmp_path_factory, part):
    data, values, count = whole
    path = tmp_path_factory.mktemp("cut") / "scan0012.journal"
    path.write_bytes(data[: int(part * len(data))])
    items = list(read_journal(path))
    assert len(items) <= count
    for column, points in as_values(items).items():
        assert points == values[column][: len(points)]


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10**9), bits=st.integers(1, 255))
def test_a_byte_that_flipped_is_never_taken_for_data(whole, tmp_path_factory, place, bits):
    data, values, _ = whole
    place %= len(data)
    path = tmp_path_factory.mktemp("flip") / "scan0012.journal"
    path.write_bytes(data[:place] + bytes([data[place] ^ bits]) + data[place + 1 :])
    for column, points in as_values(read_journal(path)).items():
        assert points == values[column][: len(points)]


@settings(max_examples=100, deadline=None)
@given(junk=st.binary(max_size=200), magic=st.booleans())
def test_anything_else_is_no_journal(tmp_path_factory, junk, magic):
    path = tmp_path_factory.mktemp("junk") / "scan0012.journal"
    path.write_bytes((MAGIC if magic else b"") + junk)
    assert list(read_journal(path)) == []


def test_the_checksum_is_that_of_its_author():
    # from the driver of lookup3.c, Bob Jenkins, 2006
    assert checksum(b"") == 0xDEADBEEF
    assert checksum(b"Four score and seven years ago") == 0x17770551


def test_a_file_that_was_being_written_is_closed_where_it_ends(tmp_path):
    """A kill between two flushes: the superblock tells of less than there is."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        file["x"] = np.arange(1000)
    content = bytearray(path.read_bytes())
    content[11] = 5  # written, for SWMR
    content[28:36] = (500).to_bytes(8, "little")
    content[44:48] = checksum(bytes(content[:44])).to_bytes(4, "little")
    path.write_bytes(content)
    clear_writer(path)
    with h5py.File(path) as file:
        assert file["x"][:].tolist() == list(range(1000))
    closed = path.read_bytes()
    clear_writer(path)
    assert path.read_bytes() == closed


def test_what_is_no_hdf5_file_is_not_touched(tmp_path):
    path = tmp_path / "x.h5"
    path.write_bytes(b"not hdf5" * 20)
    with pytest.raises(ValueError, match="is no HDF5 file that can be put in order"):
        clear_writer(path)
    assert path.read_bytes() == b"not hdf5" * 20


def test_a_layout_is_plain_json(whole):
    data = whole[0]
    # not b"{" alone: a record's checksum may hold that byte too
    start = data.index(b'{"number"')
    assert json.loads(data[start : data.index(b"\x89HDF") - 4])["number"] == 12


def test_points_whose_length_changes_are_recovered(tmp_path):
    points = [np.arange(3.0), np.empty(0), np.arange(5.0)]
    channels = (timer(), channel("xs:events", shape=(-1,)), channel("free:peaks", shape=(-1,), per_point=False))
    batches = [
        [
            *rows(number, [float(number)]),
            Points(1, number, ragged_block([point])),
            Points(2, number, ragged_block([point])),
        ]
        for number, point in enumerate(points)
    ]
    master = crashed(tmp_path, began(*channels), *batches, list(rows(3, [3.0])))
    assert [each.points for each in recovered(master)] == [3]
    with h5py.File(master) as file:
        for name in ("events", "peaks"):
            column = file["12.1/measurement"][name]
            read = [column["data"][first:end].tolist() for first, end in column["index"][:]]
            assert read == [point.tolist() for point in points]
