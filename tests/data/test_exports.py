"""Scans for other programs: CSV, SPEC, parquet."""

import io
import re
import sys

import numpy as np
import pandas
import pyarrow.parquet
import pytest
from odd_scans import DIODE, EPOCH, record_odd, record_two_branches
from processes import TWO_POINTS, line_of, python
from scan_stream import axis, began, channel, record, rows, saving_in, timer

import obtura
from obtura.data.export.as_csv import write_csv
from obtura.data.export.as_parquet import write_parquet
from obtura.data.export.as_spec import write_spec
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import SavingError, UsageError
from obtura.ground.events import Points, Position


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


def csv_of(*scans):
    out = io.StringIO()
    write_csv(scans, out)
    return out.getvalue()


def spec_of(*scans):
    out = io.StringIO()
    write_spec(scans, out, "data.h5")
    return out.getvalue()


def spec_scans(text):
    """The scans of a SPEC file as its own rules say: number, labels, rows, spectra."""
    scans = []
    for block in re.split(r"(?m)^(?=#S )", text)[1:]:
        block = block.replace("\\\n", "")
        labels = re.search(r"(?m)^#L (.*)$", block)[1].split("  ")
        lines = block.splitlines()
        data = [[float(word) for word in line.split()] for line in lines if re.match(r"[-\d]|nan", line)]
        spectra = [[float(word) for word in line.split()[1:]] for line in lines if line.startswith("@A")]
        assert int(re.search(r"(?m)^#N (\d+)$", block)[1]) == len(labels)
        assert all(len(row) == len(labels) for row in data)
        scans.append((block.split()[1], labels, np.array(data), spectra))
    return scans


# -- CSV --------------------------------------------------------------------------------------------------


def test_csv_has_units_comments_and_every_value_as_it_was(saving):
    text = csv_of(obtura.open(record_odd(saving))[12])
    assert text.startswith("# scan: 12.1 ascan roby 0 1 2 0.1 , µ\n# start: 2019-03-13T11:06:11+01:00\n# end: ")
    assert "# positions: roby 1.5 mm, robz -2.0\n" in text
    assert "# not in this table: camera (frames), slow (5 points at a pace of its own)\n" in text
    frame = pandas.read_csv(io.StringIO(text), comment="#")
    spectrum = [f"mca[{channel}] [counts]" for channel in range(4)]
    names = ["elapsed_time [s]", "epoch [s]", "roby [mm]", f"{DIODE} [A]", "z_real", "z_imag", "n"]
    assert list(frame) == [*names, *spectrum]
    assert frame["epoch [s]"].tolist() == EPOCH
    assert frame[f"{DIODE} [A]"].tolist()[::2] == [4.0, -np.inf] and np.isnan(frame[f"{DIODE} [A]"][1])
    assert frame["n"].tolist() == [1, 2**60, -3]
    assert frame["z_imag"].tolist() == [2.0, 0.0, -3.0]
    assert frame[spectrum].to_numpy().tolist() == np.arange(12).reshape(3, 4).tolist()


def test_numbers_have_the_digits_that_give_them_again(saving):
    kinds = {"float32": 0.1, "float64": 0.1 + 0.2, "uint64": 2**64 - 1, "bool": True}
    channels = [channel(f"s:{kind}", dtype=kind) for kind in kinds]
    points = [Points(index, 0, np.array([value], kind)) for index, (kind, value) in enumerate(kinds.items())]
    record(HDF5Saver(saving), began(*channels), *points)
    text = csv_of(obtura.open(saving.filename).last)
    assert text.splitlines()[-2:] == ["float32,float64,uint64,bool", f"0.1,{0.1 + 0.2!r},18446744073709551615,1"]


def test_several_scans_stand_one_below_the_other(saving):
    file = obtura.open(record_two_branches(saving))
    one, two = csv_of(*file).split("\n\n")
    assert one.endswith("elapsed_time [s],a\n0.0,1.0\n0.1,2.0")
    assert "# end: 2019-03-13T11:06:20.830967+01:00 USER_ABORT\n# message: Ctrl-C\n" in two
    assert two.endswith("elapsed_time [s],robz [mm]\n0.0,5.0\n1.0,6.0\n2.0,7.0\n")


def test_a_scan_without_points_has_its_names_only(saving):
    record(HDF5Saver(saving), began(number=1))
    scan = obtura.open(saving.filename).last
    assert csv_of(scan).endswith("elapsed_time [s],diode\n")
    assert "#N 2\n#L elapsed_time  diode\n\n" in spec_of(scan)


# -- SPEC -------------------------------------------------------------------------------------------------


def test_spec_has_its_header_and_the_scan_with_axes_first(saving):
    text = spec_of(obtura.open(record_odd(saving))[12])
    head, _, scan = text.partition("\n\n")
    assert re.fullmatch(
        r"#F data\.h5\n#E 1552471571\n#D Wed Mar 13 \d\d:06:11 2019\n#C demo  User = seb\n#O0 roby  robz", head
    )
    assert scan.startswith("#S 12 ascan roby 0 1 2 0.1 , µ\n#D Wed Mar 13")
    assert "\n#T 0.1  (Seconds)\n#P0 1.5 -2.0\n" in scan
    assert "#U units: elapsed_time s  epoch s  roby mm" in scan
    assert "#@MCA %16C\n" in scan and "#@CHANN 4 0 3 1\n#@CALIB 0 1 0\n" in scan
    ((number, labels, data, spectra),) = spec_scans(text)
    assert number == "12"
    assert labels == ["roby", "elapsed_time", "epoch", "diode__u__x_.1", "z_real", "z_imag", "n"]
    assert data[:, 0].tolist() == [0.0, 0.5, 1.0] and data[:, 2].tolist() == EPOCH
    assert (data[0, 3], data[2, 3]) == (4.0, -np.inf) and np.isnan(data[1, 3])
    assert spectra == np.arange(12).reshape(3, 4).tolist()


def test_spec_names_the_columns_in_which_a_reader_may_take_nan_for_0(saving):
    text = spec_of(obtura.open(record_odd(saving))[12])
    assert f"#C nan stands for no value, also where a reader takes it for 0, in: {DIODE}  z_real\n" in text
    assert "nan" not in spec_of(*obtura.open(record_two_branches(saving)).find(title="loopscan"))


def test_a_second_top_master_is_a_second_scan_of_that_number(saving):
    text = spec_of(*obtura.open(record_two_branches(saving)))
    assert [(number, labels, len(data)) for number, labels, data, _ in spec_scans(text)] == [
        ("13", ["elapsed_time", "a"], 2),
        ("13", ["robz", "elapsed_time"], 3),
    ]
    assert text.count("#F ") == 1
    assert re.search(r"\n#C Wed Mar 13 [\d:]+ 2019  Scan aborted after 3 points\.  Ctrl-C\n", text)


def test_spectra_of_a_point_follow_its_line_in_their_order_and_go_on_after_16(saving):
    two = began(channel("s:long", shape=(40,)), channel("s:short", shape=(3,), dtype="int32"))
    values, short = np.linspace(0, 1, 80).reshape(2, 40), np.arange(6).reshape(2, 3)
    record(HDF5Saver(saving), two, Points(0, 0, values), Points(1, 0, short))
    text = spec_of(obtura.open(saving.filename).last)
    ((_, labels, data, spectra),) = spec_scans(text)
    assert (labels, data.tolist()) == (["point"], [[0.0], [1.0]])
    assert spectra == [values[0].tolist(), [0, 1, 2], values[1].tolist(), [3, 4, 5]]
    assert text.count("\\\n ") == 4


def test_axes_stand_eight_a_line_and_again_where_they_are_others(saving):
    many = {f"m{number}": Position(float(number), "mm") for number in range(10)}
    for number, positions in ((1, many), (2, many), (3, {"µ": Position(7.0, None)})):
        beginning = began(timer(), axis("m1"), number=number)._replace(positioners=positions)
        record(HDF5Saver(saving), beginning, *rows(0, [0.0], [1.0]))
    text = spec_of(*obtura.open(saving.filename))
    assert text.count("#F ") == 2
    assert "#O0 m0  m1  m2  m3  m4  m5  m6  m7\n#O1 m8  m9\n" in text
    assert "#P0 0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0\n#P1 8.0 9.0\n" in text
    assert "#O0 u\n" in text and "#P0 7.0\n" in text


# -- parquet ----------------------------------------------------------------------------------------------


def test_parquet_keeps_types_units_and_what_is_known(saving, tmp_path):
    write_parquet(obtura.open(record_odd(saving))[12], tmp_path / "scan.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "scan.parquet")
    assert table["n"].to_pylist() == [1, 2**60, -3]
    assert table["mca"].to_pylist()[1] == [4, 5, 6, 7]
    assert table["z_imag"].to_pylist()[2] == -3.0
    assert table["epoch"].to_pylist() == EPOCH
    assert table.schema.field("roby").metadata == {b"channel": b"axis:roby", b"units": b"mm"}
    metadata = table.schema.metadata
    assert (metadata[b"scan"], metadata[b"left_out"][:15]) == (b"12.1", b"camera (frames)")
    assert b'"count_time": 0.1' in metadata[b"scan_info"]


def test_parquet_without_pyarrow_answers_with_the_line_to_type(saving, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"this needs pyarrow .*pip install 'obtura\[parquet\]'"):
        write_parquet(obtura.open(record_odd(saving))[12], tmp_path / "scan.parquet")


def test_parquet_where_nothing_can_be_written_is_told(saving, tmp_path):
    with pytest.raises(SavingError, match="can't be written"):
        write_parquet(obtura.open(record_odd(saving))[12], tmp_path / "nowhere" / "scan.parquet")


# -- scans that have no end -------------------------------------------------------------------------------


def test_what_a_running_scan_and_one_of_a_killed_process_have_is_exported(saving, tmp_path):
    with python(TWO_POINTS, tmp_path) as writer:
        line_of(writer)
        scan = obtura.open(saving.filename).last
        assert "# end: running\n" in csv_of(scan)
        assert csv_of(scan).endswith("elapsed_time [s],diode\n0.0,4.0\n1.0,5.0\n")
    assert "# end: crashed\n" in csv_of(scan)
    assert spec_scans(spec_of(scan))[0][2].tolist() == [[0.0, 4.0], [1.0, 5.0]]
    assert "  Scan crashed after 2 points.\n" in spec_of(scan)
