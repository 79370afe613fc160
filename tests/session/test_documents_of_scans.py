"""Event-model documents of real scans: in a session, from YAML, with a camera."""

import json

import event_model

import obtura
from obtura import EventDocuments
from obtura.data.documents.saved import emit_documents
from obtura.data.saving import ScanSaving
from obtura.devices.sim import demo_beamline
from obtura.session.session import Session

YAML = """
- {name: diode, class: ConstantCounter, value: 3.0}
- {name: documents, class: EventDocuments, directory: DIRECTORY}
- {name: lab, class: Session, devices: [diode], consumers: [documents]}
"""


class Documents(list):
    def __call__(self, name, document):
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
        self.append((name, document))

    def of(self, kind):
        return [document for name, document in self if name == kind]


def test_a_scan_with_a_camera_has_the_documents_live_that_its_file_has(tmp_path):
    beamline, live, saved = demo_beamline(), Documents(), Documents()
    session = Session("", {"roby": beamline.roby}, ScanSaving(base_path=tmp_path), display=False)
    session.add_consumer(lambda: EventDocuments(live))
    session.bench.ascan(beamline.roby, 0, 1, 2, 0.001, beamline.diode, beamline.camera)
    emit_documents([obtura.open(session.scan_saving.filename).last], saved)
    for kind in ("start", "descriptor", "stream_resource", "stream_datum", "stop"):
        assert live.of(kind) == saved.of(kind) != []
    (page,) = saved.of("event_page")
    assert [uid for each in live.of("event_page") for uid in each["uid"]] == page["uid"]
    assert page["data"]["roby"] == [0.0, 0.5, 1.0]
    assert live.of("start")[0]["motors"] == ["roby"]
    assert live.of("stream_datum")[0]["indices"] == {"start": 0, "stop": 3}


def test_a_callback_that_fails_ends_no_scan(tmp_path):
    beamline = demo_beamline()
    session = Session("", {}, ScanSaving(base_path=tmp_path), display=False)

    def breaks(name, document):
        raise RuntimeError("no server")

    session.add_consumer(lambda: EventDocuments(breaks))
    scan = session.bench.loopscan(2, 0, beamline.diode)
    assert scan.state.name == "DONE"
    assert len(scan.get_data(beamline.diode)) == 2


def test_in_yaml_it_writes_a_file_for_each_scan(open_session, tmp_path):
    session = open_session(YAML.replace("DIRECTORY", str(tmp_path / "documents")), "lab")
    for _ in range(2):
        session.bench.loopscan(2, 0, session.namespace()["diode"])
    files = sorted((tmp_path / "documents").iterdir())
    assert len(files) == 2
    for path in files:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert (lines[0][0], lines[-1][0], lines[-1][1]["num_events"]) == ("start", "stop", {"primary": 2})
