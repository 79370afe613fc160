"""The file of a scan holds where its time went, and so does what is recovered of it."""

import io
import sys
from pathlib import Path

import h5py
import pytest
from nexus_validator import complaints
from scan_stream import began, ended, hand, record, rows, saving_in, say
from scan_zoo import KINDS, all_kinds

import obtura
from obtura.data import lock
from obtura.data.layout import scan_file
from obtura.data.packing import pack
from obtura.data.reader import showing
from obtura.data.recovery import recover_all
from obtura.data.saver import HDF5Saver
from obtura.data.times import timings_of
from obtura.data.verify import verifying
from obtura.ground.events import Timed
from obtura.ground.timing import TimingRow

ROWS = (
    TimingRow("points", "hook", "Preset µ", "start", None, 11, 1.5, 1.5, 0.5, 3),
    TimingRow("points", "counting", "diode", "reading", 0, 11, 1.0, 2.0, 0.1, None),
    TimingRow("points", "engine", "", "", None, 0, 0.5, 0.5, 0.0, None),
)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    return all_kinds(tmp_path_factory.mktemp("zoo"))


def of_points(timings):
    """What no later phase adds to."""
    return {row for row in timings.rows if row.phase in ("prepare", "points", "leave")}


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_of_a_scan_of_every_kind_holds_what_the_scan_says(zoo, kind):
    scan = zoo.scans[kind]
    saved = obtura.open(zoo.master)[scan.scan_number].timings
    assert of_points(saved) == of_points(scan.timings)
    assert saved.title == scan.timings.title
    assert scan.timings.seconds() == pytest.approx(scan._keeper.main.now - scan._keeper.main.made)
    assert scan.timings.seconds() == 0 or saved.seconds() == pytest.approx(scan.timings.seconds(), rel=0.01)


def test_each_entry_of_a_scan_leads_to_it(zoo):
    file = obtura.open(zoo.master)
    number = zoo.scans["two_top_masters"].scan_number
    first, second = (file[f"{number}.{branch}"].timings for branch in (1, 2))
    assert first.rows == second.rows
    assert first.branches == [0, 1]


def saved(tmp_path, timed=ROWS):
    saving = saving_in(tmp_path)
    events = [*rows(0, [0.0, 1.0], [4.0, 5.0]), Timed(timed)]
    record(HDF5Saver(saving), began(), *events)
    return Path(saving.filename)


def test_what_is_saved_is_given_back(tmp_path):
    assert obtura.open(saved(tmp_path)).last.timings.rows == ROWS


def test_it_is_printed_as_that_of_a_scan_is(tmp_path, capsys):
    scan = obtura.open(saved(tmp_path)).last
    scan.timing()
    assert capsys.readouterr().out == scan.timings.on(sys.stdout) + "\n"
    scan.timing(file=(out := io.StringIO()))
    assert "Preset µ.start" in out.getvalue()


def test_names_that_are_too_long_are_cut_between_characters(tmp_path):
    (row,) = obtura.open(saved(tmp_path, [ROWS[0]._replace(owner="a" + 80 * "µ")])).last.timings.rows
    assert row.owner == "a" + 39 * "µ"


def test_show_sums_it_up(tmp_path):
    text = showing(saved(tmp_path), 12)
    assert "time     2.00 s: hook 75 %, engine 25 %\n" in text


def test_it_is_as_nexus_wants_it_and_has_checksums(tmp_path):
    master = saved(tmp_path)
    path = scan_file(master, 12)
    assert [line for line in complaints(path) if "timing" in line] == []
    assert not verifying(master, None, lambda seconds, function, *args: function(*args)).is_damaged
    with h5py.File(path) as file:
        table = file["12.1/timing/table"]
        assert table["seconds"].tolist() == [1.5, 1.0, 0.5]
        where = table.id.get_chunk_info(0).byte_offset
    whole = bytearray(path.read_bytes())
    whole[where + 10] ^= 1
    path.write_bytes(whole)
    assert "12.1/timing/table" in verifying(master, None, lambda seconds, function, *args: function(*args)).text


def test_it_is_in_a_packed_file(tmp_path):
    made = pack(saved(tmp_path), tmp_path / "packed.h5")
    assert obtura.open(made.path).last.timings.rows == ROWS


@pytest.mark.parametrize(
    ("state", "why"),
    [("running", "still runs"), ("spooled", "in the spool"), ("crashed", "its process ended before the scan was left")],
)
def test_without_times_it_says_why(tmp_path, state, why):
    with h5py.File(scan_file(saved(tmp_path, ()), 12)) as file:
        timings = timings_of(file["12.1"], "loopscan", state)
    assert timings.rows == ()
    assert why in str(timings)
    assert "in all" not in str(timings)


@pytest.mark.parametrize("events", [[Timed(ROWS), ended()], [Timed(ROWS)], []])
def test_a_scan_that_is_recovered_has_it_if_it_was_written(tmp_path, events):
    saving = saving_in(tmp_path)
    saver = HDF5Saver(saving)
    saver.open(began(), say)
    hand(saver, [began(), *rows(0, [0.0, 1.0], [4.0, 5.0])])
    for event in events:
        saver.witness(event)
    saver._file.abandon()
    saver._safe.close()
    master = Path(saving.filename)
    lock.release(master, 12)
    (outcome,) = recover_all(master, lambda number: False, Path("/nowhere"))
    assert outcome.points == 2
    timings = obtura.open(master).last.timings
    assert timings.rows == (ROWS if events else ())
    if events:
        assert str(timings).startswith("loopscan 2 0.1 (scan 12)\n ")
    else:
        assert str(timings) == (
            "loopscan 2 0.1 (scan 12): where its time went is not known: its process ended before the scan was left"
        )


def test_a_file_that_was_written_before_there_were_times_has_none(tmp_path):
    master = saved(tmp_path)
    with h5py.File(scan_file(master, 12), "r+") as file:
        del file["12.1/timing"]
    timings = obtura.open(master).last.timings
    assert timings.rows == ()
    assert str(timings).endswith("its file was written without times")
    assert "\ntime " not in showing(master, 12)
