"""What is kept with a scan besides its points: comments, metadata, plots, links of sequences."""

import json
import re
import threading

import h5py
import pytest

from obtura.contracts.acquisition import AcquisitionSlave, MetaTiming
from obtura.contracts.presets import ScanPreset
from obtura.data.layout import OWN_NAMES
from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.engine.scan_info import ScanInfo
from obtura.engine.states import ScanState
from obtura.ground.channels import AcquisitionChannel
from obtura.ground.errors import SavingError, ScanStateError, UsageError
from obtura.session.session import Session
from obtura.works.clock import virtual_time


@pytest.fixture
def session(tmp_path):
    with virtual_time():
        yield Session("lab", demo_beamline()._asdict(), ScanSaving("lab", base_path=tmp_path), display=False)


@pytest.fixture
def meta(session):
    return session.namespace()["SCAN_META"]


def entry_of(session, number):
    return h5py.File(session.scan_saving.filename)[f"{number}.1"]


def texts(dataset):
    return [each.decode() for each in dataset[:]]


def facts(note):
    return json.loads(b"".join(note["data"][:]))


def made(session, command="loopscan", *arguments):
    return getattr(session.bench, command)(*(arguments or (2, 0.1)), session.devices["monitor"], run=False)


# -- comments -----------------------------------------------------------------------------------------------


def test_comments_from_before_and_while_it_runs_are_in_the_file_with_their_time(session):
    class Speaking(ScanPreset):
        def stop(self, scan):
            scan.add_comment("während der Messung")

    scan = made(session)
    scan.add_comment("before")
    scan.add_preset(Speaking())
    scan.run()
    note = entry_of(session, 1)["comments"]
    assert texts(note["data"]) == ["before", "während der Messung"]
    assert all(date.startswith("2019-03-1") for date in texts(note["date"]))
    assert note.attrs["NX_class"] == "NXcollection", "an NXnote has one date"
    assert [comment.text for comment in scan.comments] == ["before", "während der Messung"]


def test_a_long_comment_takes_several_rows_and_none_ends_inside_of_a_character(session):
    scan = made(session)
    scan.add_comment("ä" * 1201)
    scan.run()
    rows = texts(entry_of(session, 1)["comments/data"])
    assert len(rows) == 3
    assert "".join(rows) == "ä" * 1201


def test_comments_may_come_from_another_thread(session):
    class Asking(ScanPreset):
        def start(self, scan):
            thread = threading.Thread(target=scan.add_comment, args=("from outside",))
            thread.start()
            thread.join()

    scan = made(session)
    scan.add_preset(Asking())
    scan.run()
    assert texts(entry_of(session, 1)["comments/data"]) == ["from outside"]


def test_a_scan_that_has_ended_takes_no_comment(session):
    scan = made(session)
    scan.run()
    with pytest.raises(ScanStateError, match="loopscan has ended, its file is closed"):
        scan.add_comment("too late")
    with pytest.raises(UsageError, match="expected some text"):
        made(session).add_comment(" ")


# -- metadata of devices ---------------------------------------------------------------------------------------


class Telling(AcquisitionSlave):
    """A device that says at each timing where it is."""

    def __init__(self, name="telling", fails_at=None):
        super().__init__(name=name)
        self.asked = []
        self.fails_at = fails_at

    def get_acquisition_metadata(self, timing=MetaTiming.START):
        self.asked.append(timing.name)
        if timing is self.fails_at:
            raise RuntimeError("no answer")
        return {"temperature": 20.0 + len(self.asked), "timing": timing.name}


def with_device(session, device):
    scan = made(session)
    scan.acq_chain.add(scan.acq_chain.top_masters[0], device)
    return scan


@pytest.mark.parametrize("blocking", [True, False])
def test_a_device_is_asked_before_when_prepared_and_at_the_end(session, blocking):
    device = Telling()
    device.blocking = blocking
    with_device(session, device).run()
    assert device.asked == ["START", "PREPARED", "END"]
    entry = entry_of(session, 1)
    assert entry["instrument/telling/temperature"][()] == 21
    assert facts(entry["metadata_prepared"])["devices"]["telling"] == {"temperature": 22, "timing": "PREPARED"}
    assert facts(entry["metadata_end"])["devices"]["telling"]["temperature"] == 23


def test_a_device_that_takes_no_timing_is_asked_once_and_no_later_notes_are_made(session):
    class Old(AcquisitionSlave):
        def get_acquisition_metadata(self):
            return {"gain": 5}

    with_device(session, Old(name="old")).run()
    entry = entry_of(session, 1)
    assert entry["instrument/old/gain"][()] == 5
    assert "metadata_end" not in entry and "metadata_prepared" not in entry


def test_what_fails_later_is_noted_in_the_place_of_the_facts(session, caplog):
    scan = with_device(session, Telling(fails_at=MetaTiming.END))
    scan.run()
    assert scan.state is ScanState.DONE
    assert facts(entry_of(session, 1)["metadata_end"])["devices"]["telling"] == {"error": "RuntimeError: no answer"}
    assert "telling.get_acquisition_metadata at END" in caplog.text


def test_what_fails_before_refuses_the_scan(session):
    scan = with_device(session, Telling(fails_at=MetaTiming.START))
    with pytest.raises(RuntimeError, match="no answer"):
        scan.run()
    assert "was refused" in scan.errors[0].__notes__[-1]


def test_a_function_that_does_not_take_the_scan_is_refused_at_once(meta):
    for function, said in ((lambda: {}, "<lambda>()"), (lambda scan, more: {}, "<lambda>(scan, more)")):
        with pytest.raises(UsageError, match=re.escape(f"sample.set: {said} must take one argument, the scan")):
            meta.sample.set("quartz", function)
    with pytest.raises(UsageError, match="give a name first"):
        meta.sample.set({"name": "quartz"})
    assert not meta.sample.is_set("quartz")


def test_the_end_is_asked_for_after_an_error_too(session):
    class Failing(Telling):
        def reading(self):
            raise RuntimeError("broken")

    device = Failing()
    with pytest.raises(RuntimeError, match="broken"):
        with_device(session, device).run()
    assert device.asked == ["START", "PREPARED", "END"]


def test_devices_that_describe_themselves_are_asked_before_the_scan(session):
    session.devices["monitor"].controller.scan_metadata = lambda: {"range": "10 nA", "@NX_class": "NXdetector"}
    made(session).run()
    assert entry_of(session, 1)["instrument/monitor/range"].asstr()[()] == "10 nA"


# -- the user's metadata ------------------------------------------------------------------------------------------


def test_what_the_user_says_is_kept_by_category(session, meta):
    meta.sample.set("mine", {"name": "quartz", "thickness": 0.3})
    meta.instrument.set("attenuator", lambda scan: {"attenuator": {"@NX_class": "NXattenuator", "type": scan.name}})
    meta.technique.set("nothing", lambda scan: None)
    scan = made(session)
    scan.run()
    entry = entry_of(session, 1)
    assert entry["sample"].attrs["NX_class"] == "NXsample"
    assert entry["sample/name"].asstr()[()] == "quartz"
    assert entry["sample/thickness"][()] == 0.3
    assert entry["instrument/attenuator"].attrs["NX_class"] == "NXattenuator"
    assert entry["instrument/attenuator/type"].asstr()[()] == "loopscan"
    assert "technique" not in entry
    assert scan.scan_info["scan_meta"]["sample"]["name"] == "quartz"


def test_a_function_may_be_asked_at_the_end_too(session, meta):
    meta.sample.set("oven", lambda scan: {"state": scan.state.name}, timing=MetaTiming.START | MetaTiming.END)
    made(session).run()
    entry = entry_of(session, 1)
    assert entry["sample/state"].asstr()[()] == "PREPARING"
    assert facts(entry["metadata_end"])["sample"] == {"state": "STOPPING"}
    assert "metadata_prepared" not in entry


def test_what_was_set_can_be_replaced_and_removed(session, meta):
    roby = session.devices["roby"]
    meta.sample.set(roby, {"a": 1})
    meta.sample.set("roby", {"b": 2})
    assert meta.sample.is_set(roby)
    made(session).run()
    assert set(entry_of(session, 1)["sample"]) == {"b"}
    meta.sample.remove(roby)
    assert not meta.sample.is_set("roby")
    meta.sample.set("again", {"a": 1})
    meta.clear()
    made(session).run()
    assert "sample" not in entry_of(session, 2)


def test_further_categories_can_be_added(session, meta):
    meta.add_categories("laser", "sample")
    meta.laser.set("pulse", {"energy": 2.5})
    made(session).run()
    assert entry_of(session, 1)["laser/energy"][()] == 2.5
    assert "laser" in meta.categories
    with pytest.raises(AttributeError, match="SCAN_META has no category 'lasr'"):
        meta.lasr  # noqa: B018 - the error is the point
    with pytest.raises(UsageError, match="has 'clear' already"):
        meta.add_categories("clear")
    with pytest.raises(UsageError, match="expected a dict or a function"):
        meta.sample.set("x", 5)


def test_a_function_that_gives_no_dict_refuses_the_scan(session, meta):
    meta.sample.set("wrong", lambda scan: 5)
    with pytest.raises(UsageError, match="must give a dict or None, it gave 5"):
        made(session).run()


def test_a_ct_asks_nobody(session, meta):
    asked = []
    meta.sample.set("asked", lambda scan: asked.append(scan) or {})
    session.bench.ct(0.1, session.devices["monitor"])
    assert asked == []
    made(session).run()
    assert asked


# -- scan_info -----------------------------------------------------------------------------------------------------


def test_the_first_curve_plot_says_what_a_viewer_shows_first(session):
    scan = made(session, "a2scan", *(session.devices["roby"], 0, 1, session.devices["robz"], 0, 2, 2, 0.1))
    scan.scan_info.add_curve_plot(x=session.devices["robz"], yleft=[session.devices["monitor"]])
    scan.scan_info.set_channel_meta("axis:roby", start=0, stop=1, points=3, group=None)
    scan.run()
    entry = entry_of(session, 1)
    assert list(entry["plot"].attrs["axes"]) == ["robz"]
    assert entry["plot"].attrs["signal"] == "monitor"
    kept = json.loads(entry["scan_info"].asstr()[()])
    assert kept["channels"] == {"axis:roby": {"start": 0, "stop": 1, "points": 3}}
    assert kept["plots"][0]["kind"] == "curve-plot"


def test_plots_name_counters_axes_and_channels_alike(session):
    info = ScanInfo()
    info.add_scatter_plot(session.devices["roby"], "axis:robz", session.devices["monitor"], name="map")
    info.add_1d_plot(y=["mca:spectrum"])
    assert info["plots"] == [
        {"kind": "scatter-plot", "name": "map", "x": "axis:roby", "y": "axis:robz", "value": "simulation:monitor"},
        {"kind": "1d-plot", "y": ["mca:spectrum"]},
    ]
    assert not info.has_default_curve_plot
    info.add_curve_plot(yright="sim:a")
    assert info.has_default_curve_plot


# -- sequences ----------------------------------------------------------------------------------------------------


def test_the_entry_of_a_sequence_links_to_those_of_its_scans(session, tmp_path):
    sequence = session.bench.Sequence(title="two")
    sequence.add_custom_channel(AcquisitionChannel("oven:temperature", unit="K"))
    with sequence.sequence_context() as context:
        context.add_and_run(made(session))
        context.emit("oven:temperature", [300.0, 310.0])
        context.add_and_run(made(session, "ascan", session.devices["roby"], 0, 1, 2, 0.1))
    entry = entry_of(session, 1)
    assert list(entry["measurement/scans"]) == [2, 3]
    assert list(entry["measurement/temperature"]) == [300, 310]
    assert set(entry["scans"]) == {"2.1", "3.1"}
    link = entry["scans"].get("2.1", getlink=True)
    assert link.filename == "scan0002.h5"
    assert entry["scans/3.1/title"].asstr()[()] == "ascan roby 0 1 2 0.1"
    assert entry["end_reason"].asstr()[()] == "SUCCESS"
    moved = tmp_path / "elsewhere"
    (tmp_path / "lab").rename(moved)
    with h5py.File(moved / "data.h5") as file:
        assert len(file["1.1/scans/3.1/measurement/monitor"]) == 3


def test_a_sub_scan_in_another_file_is_linked_relative_to_the_sequence(session, tmp_path):
    sequence = session.bench.Sequence()
    with sequence.sequence_context() as context:
        session.scan_saving.data_filename = "other"
        context.add_and_run(made(session))
        session.scan_saving.data_filename = "data"
    link = entry_of(session, 1)["scans"].get("2.1", getlink=True)
    assert link.filename == "../other/scan0002.h5"
    assert "monitor" in entry_of(session, 1)["scans/2.1/measurement"]


def test_a_group_finds_scans_of_before_by_their_numbers(session):
    for _ in range(2):
        made(session).run()
    group = session.bench.Group(1, 2, title="both")
    assert group.state is ScanState.DONE
    assert set(entry_of(session, 3)["scans"]) == {"1.1", "2.1"}
    with pytest.raises(UsageError, match=r"there is no scan 17 in .*data\.h5"):
        session.bench.Group(17)


# -- the disk ---------------------------------------------------------------------------------------------------------


def test_a_scan_that_does_not_fit_on_the_disk_is_refused(session, monkeypatch):
    monkeypatch.setattr("obtura.data.saver.free_bytes", lambda path: 60_000_000)
    scan = made(session, "loopscan", 10_000_000, 0)
    with pytest.raises(SavingError, match=r"the disk is too small: this scan needs about 240 MB"):
        scan.run()
    made(session).run()


def test_a_category_has_no_name_that_an_entry_needs(session, meta):
    scan = made(session)
    scan.add_comment("with everything")
    scan.run()
    entry = entry_of(session, 1)
    assert set(entry) <= OWN_NAMES
    for name in set(entry) - set(meta.categories):
        with pytest.raises(UsageError, match=f"'{name}' can't be a category"):
            meta.add_categories(name)


def test_a_function_that_fails_is_named(session, meta):
    meta.sample.set("broken", lambda scan: 1 / 0)
    with pytest.raises(ZeroDivisionError) as error:
        made(session).run()
    assert "in SCAN_META.sample, the function of 'broken'" in error.value.__notes__


def test_metadata_of_a_device_that_is_no_dict_refuses_the_scan(session):
    session.devices["monitor"].controller.scan_metadata = lambda: 5
    with pytest.raises(UsageError, match="monitor: the metadata must be a dict of facts or None, got 5"):
        made(session).run()


def test_a_scan_that_is_not_saved_has_no_number_of_another_in_its_sequence(session):
    sequence = session.namespace()["Sequence"](title="both")
    monitor = session.devices["monitor"]
    with sequence.sequence_context() as context:
        context.add_and_run(session.bench.loopscan(1, 0.1, monitor, run=False))
        context.add_and_run(session.bench.loopscan(1, 0.1, monitor, run=False, save=False))
    entry = entry_of(session, 1)
    assert entry["measurement/scans"][:].tolist() == [2, 0]
    assert list(entry["scans"]) == ["2.1"]
