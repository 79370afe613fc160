"""Scans as event-model documents: of files and live, compared with event-model's own schemas."""

import io
import json
import math
from pathlib import Path
from urllib.parse import unquote, urlparse

import event_model
import h5py
import numpy as np
import pytest
from frame_stream import SHAPE, camera, frames, points_of
from odd_scans import EPOCH, odd_events, odd_scan, record_odd, record_two_branches
from processes import TWO_POINTS, line_of, python
from scan_stream import END, START, axis, began, channel, ended, record, rows, saving_in, say, timer

import obtura
from obtura import EventDocuments
from obtura.data.documents.saved import emit_documents, write_documents
from obtura.data.saver import HDF5Saver
from obtura.ground.errors import UsageError
from obtura.ground.events import Points, ScanClosed


@pytest.fixture
def saving(tmp_path):
    return saving_in(tmp_path)


class Documents(list):
    """Receives documents, each of which must be valid."""

    def __call__(self, name, document):
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
        self.append((name, document))

    def of(self, kind):
        return [document for name, document in self if name == kind]

    def one(self, kind):
        (document,) = self.of(kind)
        return document

    def stream(self, name):
        """The data of a stream, its pages joined, and their numbers."""
        (descriptor,) = [each for each in self.of("descriptor") if each["name"] == name]
        pages = [page for page in self.of("event_page") if page["descriptor"] == descriptor["uid"]]
        data = {key: [value for page in pages for value in page["data"][key]] for key in (pages[0]["data"])}
        return data, [number for page in pages for number in page["seq_num"]]


def documents_of(filename, number):
    documents = Documents()
    emit_documents([scan for scan in obtura.open(filename) if scan.number == number], documents)
    return documents


def live(beginning, *batches, end=None, closed="DONE", saving=None, consumer=None):
    """The documents that a consumer gives, beside a saver when `saving` is given, as the engine would call both."""
    documents = Documents()
    consumer = consumer or EventDocuments(documents)
    saver = HDF5Saver(saving) if saving else None
    everybody = [one for one in (saver, consumer) if one]
    if saving:
        beginning.scan_info["filename"] = saving.filename
    for one in everybody:
        one.open(beginning, say)
    last = [end or ended(), ScanClosed(closed, 9.8, () if closed == "DONE" else ("no beam",))]
    for batch in ([beginning], *batches, last[:1], last[1:]):
        for one in everybody:
            one.receive(batch)
    for one in everybody:
        one.close()
    return documents


# -- of files ---------------------------------------------------------------------------------------------


def test_a_scan_is_a_run_with_its_events(saving):
    documents = documents_of(record_odd(saving), 12)
    assert [name for name, _ in documents] == [
        *("start", "descriptor", "descriptor", "event_page", "event_page", "stream_resource", "stream_datum", "stop")
    ]
    start = documents.one("start")
    assert (start["scan_id"], start["plan_name"], start["time"]) == (12, "ascan", START.timestamp())
    assert (start["motors"], start["hints"]) == (["roby"], {"dimensions": [[["roby"], "primary"]]})
    assert (start["positioners"], start["positioners_units"]) == ({"roby": 1.5, "robz": -2.0}, {"roby": "mm"})
    assert start["scan_info"]["count_time"] == 0.1
    data, numbers = documents.stream("primary")
    assert numbers == [1, 2, 3]
    assert data["roby"] == [0.0, 0.5, 1.0] and data["epoch"] == EPOCH
    assert data["n"] == [1, 2**60, -3] and data["mca"][1] == [4, 5, 6, 7]
    assert data["z_imag"] == [2.0, 0.0, -3.0]
    assert "camera" not in data
    (page,) = [each for each in documents.of("event_page") if "roby" in each["data"]]
    assert page["time"] == EPOCH
    assert documents.stream("slow_monitor") == ({"slow": [0.0, 1.0, 2.0, 3.0, 4.0]}, [1, 2, 3, 4, 5])
    stop = documents.one("stop")
    assert (stop["exit_status"], stop["time"]) == ("success", END.timestamp())
    assert stop["num_events"] == {"primary": 3, "slow_monitor": 5}


def test_keys_say_what_a_column_is_and_odd_names_are_made_fit(saving):
    documents = documents_of(record_odd(saving), 12)
    keys = documents.of("descriptor")[0]["data_keys"]
    assert list(keys) == ["elapsed_time", "epoch", "roby", 'diode, µ_"x"_1', "z_real", "z_imag", "n", "mca", "camera"]
    assert keys["roby"] == {
        **{"source": "obtura:axis:roby", "dtype": "number", "shape": [], "units": "mm"},
        **{"object_name": "axis", "dtype_numpy": "<f8"},
    }
    assert (keys["n"]["dtype"], keys["mca"]["dtype"], keys["mca"]["shape"]) == ("integer", "array", [4])
    assert (keys["camera"]["external"], keys["camera"]["shape"]) == ("STREAM:", [1, *SHAPE])


def test_the_frames_of_a_run_are_where_its_documents_say(saving):
    documents = documents_of(record_odd(saving), 12)
    resource, datum = documents.one("stream_resource"), documents.one("stream_datum")
    assert (resource["data_key"], resource["mimetype"]) == ("camera", "application/x-hdf5")
    assert datum["indices"] == {"start": 0, "stop": 3} and datum["seq_nums"] == {"start": 1, "stop": 4}
    assert datum["descriptor"] == documents.of("descriptor")[0]["uid"]
    with h5py.File(unquote(urlparse(resource["uri"]).path)) as file:
        dataset = file[resource["parameters"]["dataset"]]
        assert (dataset[:] == frames(3)).all()
        assert list(dataset.chunks) == resource["parameters"]["chunk_shape"]


def test_each_top_master_is_a_stream(saving):
    documents = documents_of(record_two_branches(saving), 13)
    assert documents.stream("primary") == ({"elapsed_time": [0.0, 0.1], "a": [1.0, 2.0]}, [1, 2])
    assert documents.stream("branch_2")[0]["robz"] == [5.0, 6.0, 7.0]
    stop = documents.one("stop")
    assert (stop["exit_status"], stop["reason"]) == ("abort", "Ctrl-C")
    assert stop["num_events"] == {"primary": 2, "branch_2": 3}


def test_a_long_scan_has_pages(saving, monkeypatch):
    monkeypatch.setattr("obtura.data.documents.run.PAGE", 4)
    record(HDF5Saver(saving), began(), Points(0, 0, np.arange(10.0)), Points(1, 0, np.arange(10.0)))
    documents = documents_of(saving.filename, 12)
    assert [len(page["uid"]) for page in documents.of("event_page")] == [4, 4, 2]
    uids = [uid for page in documents.of("event_page") for uid in page["uid"]]
    assert len(set(uids)) == 10
    assert documents.stream("primary")[1] == list(range(1, 11))


def test_json_lines_have_null_where_json_has_no_number(saving):
    out = io.StringIO()
    write_documents([obtura.open(record_odd(saving))[12]], out)

    def no_constant(name):
        raise AssertionError(f"{name} is no JSON")

    lines = [json.loads(line, parse_constant=no_constant) for line in out.getvalue().splitlines()]
    page = next(document for name, document in lines if name == "event_page")
    assert page["data"]['diode, µ_"x"_1'] == [4.0, None, None]
    for name, document in lines:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)


def test_a_running_scan_has_no_stop_yet_and_one_of_a_killed_process_says_so(saving, tmp_path):
    with python(TWO_POINTS, tmp_path) as writer:
        line_of(writer)
        documents = documents_of(saving.filename, 12)
        assert [name for name, _ in documents] == ["start", "descriptor", "event_page"]
    stop = documents_of(saving.filename, 12).one("stop")
    assert (stop["exit_status"], stop["reason"]) == ("fail", "its program ended without closing the file")
    assert stop["num_events"] == {"primary": 2}


def test_a_file_that_says_no_time_has_no_documents(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["1.1/measurement/diode"] = [1.0, 2.0]
    with pytest.raises(UsageError, match=r"scan 1\.1 has no start_time"):
        documents_of(tmp_path / "other.h5", 1)


# -- live -------------------------------------------------------------------------------------------------


def joined(documents):
    """What documents say, however their pages were cut."""
    streams = [each["name"] for each in documents.of("descriptor")]
    uids = [uid for page in documents.of("event_page") for uid in page["uid"]]
    rest = [each for each in documents if each[0] not in ("event_page", "stop", "stream_resource", "stream_datum")]
    images = sorted(json.dumps(each) for each in documents if each[0].startswith("stream_"))
    return rest, repr([documents.stream(name) for name in streams]), sorted(uids), images, documents.one("stop")


def test_the_documents_of_a_scan_are_the_same_live_and_of_its_file(saving):
    events = list(odd_events())
    documents = live(odd_scan(), *([event] for event in events), saving=saving)
    assert joined(documents) == joined(documents_of(saving.filename, 12))


def test_rows_are_told_when_they_are_complete():
    documents = Documents()
    consumer = EventDocuments(documents)
    beginning = began()
    consumer.open(beginning, say)
    consumer.receive([beginning, Points(0, 0, [0.0, 0.1])])
    assert [name for name, _ in documents] == ["start", "descriptor"]
    consumer.receive([Points(1, 0, [4.0])])
    assert documents[-1][1]["data"] == {"elapsed_time": [0.0], "diode": [4.0]}
    consumer.receive([Points(1, 1, [5.0])])
    assert documents.stream("primary") == ({"elapsed_time": [0.0, 0.1], "diode": [4.0, 5.0]}, [1, 2])


def test_two_top_masters_are_two_streams_live():
    two = began(timer(), channel("s:a"), timer(1), axis("robz", 1), branches=("timer", "motor"))
    documents = live(two, list(rows(0, [0.0], [1.0])), [Points(2, 0, [0.0, 1.0]), Points(3, 0, [5.0, 6.0])])
    assert documents.stream("primary")[0] == {"elapsed_time": [0.0], "a": [1.0]}
    assert documents.stream("branch_2")[0]["robz"] == [5.0, 6.0]


@pytest.mark.parametrize(
    ("closed", "end", "status", "reason"),
    [
        ("USER_ABORTED", ended("USER_ABORT", "Ctrl-C"), "abort", "Ctrl-C"),
        ("KILLED", ended("FAILURE", "no beam at all"), "fail", "no beam at all"),
        ("KILLED", ended(), "fail", "no beam"),
    ],
)
def test_a_scan_that_did_not_end_well_says_why(closed, end, status, reason):
    stop = live(began(), end=end, closed=closed).one("stop")
    assert (stop["exit_status"], stop["reason"]) == (status, reason)


def test_frames_that_are_not_saved_are_in_no_document():
    documents = live(began(timer(), camera()), [Points(0, 0, [0.0])], points_of(1, 1))
    assert list(documents.of("descriptor")[0]["data_keys"]) == ["elapsed_time"]
    assert documents.of("stream_resource") == []


def test_frames_alone_are_events_without_pages(saving):
    documents = live(began(camera()), points_of(0, 2), saving=saving)
    assert documents.of("event_page") == []
    assert documents.one("stream_datum")["indices"] == {"start": 0, "stop": 2}
    assert documents.one("stop")["num_events"] == {"primary": 2}


def test_a_file_of_json_lines_is_written_for_each_scan(tmp_path):
    for number in (7, 12):
        consumer = EventDocuments(directory=str(tmp_path / "made" / "here"))
        live(began(number=number), list(rows(0, [0.0], [math.nan])), consumer=consumer)
    first, second = sorted((tmp_path / "made" / "here").iterdir())
    assert (first.name[:9], second.name[:9], first.suffix) == ("scan0007_", "scan0012_", ".jsonl")
    lines = [json.loads(line) for line in second.read_text(encoding="utf-8").splitlines()]
    assert [name for name, _ in lines] == ["start", "descriptor", "event_page", "stop"]
    assert lines[0][1]["uid"][:8] == Path(second).stem[9:]


@pytest.mark.parametrize("arguments", [{}, {"callback": 5}])
def test_a_consumer_that_would_tell_nobody_is_refused(arguments):
    with pytest.raises(UsageError, match="EventDocuments"):
        EventDocuments(**arguments)


# -- texts ------------------------------------------------------------------------------------------------


def test_texts_are_strings_live_and_of_the_file_alike(saving):
    texts = ["ready", "", 'über "µ"']
    beginning = began(timer(), channel("s:phase", dtype="str"))
    points = [*rows(0, [0.0, 0.1, 0.2]), Points(1, 0, np.array(texts, object))]
    documents = live(beginning, points, saving=saving)
    key = documents.one("descriptor")["data_keys"]["phase"]
    assert (key["dtype"], key["shape"], "dtype_numpy" in key) == ("string", [], False)
    assert documents.one("descriptor")["hints"]["s"] == {"fields": []}
    assert documents.stream("primary")[0]["phase"] == texts
    assert documents_of(saving.filename, 12) == documents
