"""Measurement groups: what is counted when a scan names no counter."""

import pytest

from obtura.contracts.devices import SamplingCounter, SamplingCounterController
from obtura.data.saving import ScanSaving
from obtura.devices.sim.beamline import demo_beamline
from obtura.ground.errors import UsageError
from obtura.session.measurement_group import MeasurementGroup
from obtura.session.session import Session
from obtura.works.clock import virtual_time


class Detector(SamplingCounterController):
    """Several counters in one device."""

    def __init__(self, name, *counters):
        super().__init__(name, blocking=False)
        for counter in counters:
            SamplingCounter(counter, self)

    def read(self, counter):
        return float(len(counter.name))


@pytest.fixture
def session(tmp_path):
    with virtual_time():
        devices = {**demo_beamline()._asdict(), "mca": Detector("mca_1", "icr", "ocr", "dead_time")}
        yield Session("lab", devices, ScanSaving("lab", base_path=tmp_path), display=False)


@pytest.fixture
def group(session):
    group = MeasurementGroup("align", ["diode", "monitor", "mca"])
    session.add_group(group)
    return group


ALL = ["simulation:diode", "simulation:monitor", "mca_1:icr", "mca_1:ocr", "mca_1:dead_time"]


def counted(scan):
    return [name for name in scan.get_data() if not name.startswith(("timer:", "axis:"))]


def test_a_group_has_counters_by_name_and_all_of_a_device_in_their_order(group):
    assert group.available == group.enabled == ALL
    assert group.disabled == []


def test_a_scan_that_names_no_counter_counts_what_is_enabled_in_the_active_group(session, group):
    group.disable("mca", "monitor")
    assert counted(session.bench.loopscan(1, 0.01)) == ["simulation:diode"]
    assert counted(session.bench.ascan(session.roby, 0, 1, 1, 0.01, session.monitor)) == ["simulation:monitor"]


def test_a_group_may_be_named_in_a_scan_like_a_counter(session, group):
    other = session.MeasurementGroup("other", [session.monitor])
    assert counted(session.bench.loopscan(1, 0.01, other)) == ["simulation:monitor"]
    assert counted(session.bench.ct(other)) == ["simulation:monitor"]
    assert counted(session.bench.ct(0.01, other, session.diode)) == ["simulation:monitor", "simulation:diode"]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["diode"], ALL[1:]),
        (["simulation:diode"], ALL[1:]),
        (["simulation:*"], ALL[2:]),
        (["mca:*"], ALL[:2]),
        (["mca"], ALL[:2]),
        (["mca:?cr", "mon*"], [ALL[0], ALL[4]]),
        (["mca_1:dead_time"], ALL[:4]),
    ],
)
def test_patterns_go_by_the_name_the_full_name_and_that_of_the_device(group, patterns, left):
    group.disable(*patterns)
    assert group.enabled == left
    assert sorted(group.enabled + group.disabled) == sorted(ALL)
    group.enable(*patterns)
    assert group.enabled == ALL


def test_counters_and_devices_themselves_may_be_given(session, group):
    group.disable(session.mca, session.diode)
    assert group.enabled == ["simulation:monitor"]
    group.enable(session.mca.counters["icr"])
    assert group.enabled == ["simulation:monitor", "mca_1:icr"]


@pytest.mark.parametrize("action", ["enable", "disable", "remove"])
def test_what_matches_nothing_is_an_error_with_what_was_meant_and_changes_nothing(group, action):
    with pytest.raises(UsageError, match=rf"align.{action}: .*'diod'; did you mean 'diode'"):
        getattr(group, action)("monitor", "diod")
    assert group.enabled == ALL


def test_disabling_one_of_a_disabled_device_s_counters_and_enabling_the_others(group):
    group.disable("mca")
    group.enable("mca:icr")
    assert group.disabled == ["mca_1:ocr", "mca_1:dead_time"]


def test_all_can_be_disabled_and_enabled_and_a_scan_says_so(session, group):
    group.disable_all()
    assert group.enabled == []
    with pytest.raises(UsageError, match=r"align has no enabled counter: .*align.enable_all\(\)"):
        session.bench.loopscan(1, 0.01)
    group.enable_all()
    assert group.enabled == ALL


def test_without_any_group_a_scan_says_what_is_missing(session):
    with pytest.raises(UsageError, match="no counters"):
        session.bench.loopscan(1, 0.01)
    with pytest.raises(UsageError, match="there is no measurement group; make one"):
        session.ACTIVE_MG.enable("diode")


# -- members ----------------------------------------------------------------------------------------------------


def test_counters_are_added_and_removed(session, group):
    group.remove("mca:*cr", session.monitor)
    assert group.available == [ALL[0], ALL[4]]
    group.add(session.diode2, "monitor", "mca:icr")
    assert sorted(group.enabled) == sorted([ALL[0], ALL[4], "simulation:diode2", ALL[1], ALL[2]])


def test_what_is_added_is_enabled_also_if_it_was_disabled_before(session, group):
    group.disable("diode")
    group.add(session.diode)
    assert group.enabled == ALL


@pytest.mark.parametrize("thing", ["diodee", 3, "roby"])
def test_only_counters_can_be_added(group, thing):
    with pytest.raises(UsageError):
        group.add("diode2", thing)
    assert group.available == ALL


def test_included_groups_lend_their_counters_and_a_circle_is_no_trouble(session, group):
    outer = session.MeasurementGroup("outer", ["diode2"], include=["align"])
    assert outer.available == ["simulation:diode2", *ALL]
    group.disable("mca")
    assert outer.enabled == ["simulation:diode2", *ALL]
    outer.disable("diode")
    assert "simulation:diode" in group.enabled
    inner = session.MeasurementGroup("inner", [], include=[outer])
    session.MeasurementGroup("align", ["diode"], include=[inner])
    assert inner.available == ["simulation:diode2", "simulation:diode"]


def test_an_included_group_that_is_not_there_is_named(session):
    outer = session.MeasurementGroup("outer", ["diode2"], include=["alignn"])
    with pytest.raises(UsageError, match="no measurement group 'alignn'"):
        session.bench.loopscan(1, 0.01, outer)


def test_some_are_disabled_from_the_start(session):
    group = session.MeasurementGroup("quiet", ["diode", "mca"], disabled=["mca:*"])
    assert group.enabled == ["simulation:diode"]


def test_a_name_that_no_counter_has_stops_a_scan_and_the_message_helps(session):
    group = session.MeasurementGroup("typo", ["diode", "monitr"])
    with pytest.raises(UsageError, match=r"(?s)monitr of measurement group typo.*'monitor'.*typo.disable\('monitr'\)"):
        session.bench.loopscan(1, 0.01)
    assert "monitr (not there)" in group.__info__()
    group.disable("monitr")
    assert counted(session.bench.loopscan(1, 0.01)) == ["simulation:diode"]
    group.enable("monitr")
    assert group.missing == ["monitr"]
    group.remove("monitr")
    assert group.missing == []


def test_a_group_by_hand_needs_no_session_for_its_own_counters(session):
    group = MeasurementGroup("hand", [session.diode, session.mca])
    group.disable("icr")
    assert group.enabled == [ALL[0], ALL[3], ALL[4]]
    with pytest.raises(UsageError, match="belongs to no session"):
        group.set_active()


def test_text_is_no_list_of_counters(session):
    with pytest.raises(UsageError, match="must be a list"):
        MeasurementGroup("wrong", "diode")


# -- states -----------------------------------------------------------------------------------------------------


def test_each_state_remembers_what_is_enabled(group):
    group.disable("mca")
    group.switch_state("bright")
    assert group.enabled == ALL[:2], "a new state begins as a copy"
    group.disable("diode")
    group.switch_state("default")
    assert (group.enabled, group.active_state_name) == (ALL[:2], "default")
    group.switch_state("bright")
    assert group.enabled == [ALL[1]]
    assert group.state_names == ["default", "bright"]


def test_states_are_removed_but_the_default_one(group):
    group.switch_state("bright")
    group.remove_states("bright")
    assert (group.state_names, group.active_state_name) == (["default"], "default")
    with pytest.raises(UsageError, match="can't be removed"):
        group.remove_states("default")
    with pytest.raises(UsageError, match="no state 'brigt'"):
        group.remove_states("brigt")


# -- the active one ---------------------------------------------------------------------------------------------


def test_the_first_group_is_active_until_another_is_made_so(session, group, capsys):
    other = session.MeasurementGroup("other", ["diode2"])
    assert session.ACTIVE_MG.name == "align"
    other.set_active()
    assert session.ACTIVE_MG.name == "other"
    assert counted(session.bench.loopscan(1, 0.01)) == ["simulation:diode2"]
    session.lsmg()
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[2:]] == ["align", "*"]


def test_active_mg_is_whichever_group_is_active(session, group):
    session.ACTIVE_MG.disable("mca")
    assert group.enabled == ALL[:2]
    assert session.ACTIVE_MG.__info__() == group.__info__()
    assert "disable" in dir(session.ACTIVE_MG)


def test_a_group_shows_what_is_enabled_and_what_is_not(group):
    group.disable("mca", "monitor")
    shown = group.__info__().splitlines()
    assert shown[0] == "MeasurementGroup align, state 'default'"
    assert shown[2].split() == ["Enabled", "Disabled"]
    assert [line.split() for line in shown[4:6]] == [["simulation:diode", "simulation:monitor"], ["mca_1:icr"]]


# -- settings ---------------------------------------------------------------------------------------------------


def test_a_group_made_anew_takes_over_what_was_kept(session, group):
    kept = {}
    group.on_setting(kept.__setitem__)
    group.disable("mca", "diode")
    group.switch_state("bright")
    group.enable("mca:icr")
    group.add("diode2")
    group.remove("mca:ocr")
    again = session.MeasurementGroup("align", ["diode", "monitor", "mca"])
    again.restore(kept)
    assert again.settings() == group.settings()
    assert (again.enabled, again.disabled) == (group.enabled, group.disabled)
    again.switch_state("default")
    assert again.enabled == ["simulation:monitor", "simulation:diode2"]


def test_a_counter_that_is_new_in_the_yaml_is_enabled_whatever_was_kept(session, group):
    kept = {}
    group.on_setting(kept.__setitem__)
    group.disable("diode")
    again = session.MeasurementGroup("align", ["diode", "monitor", "mca", "diode2"])
    again.restore(kept)
    assert again.enabled == [*ALL[1:], "simulation:diode2"]


@pytest.mark.parametrize("wrong", [{"state": 3}, {"states": []}, {"states": {"default": "all"}}, {"added": [3]}])
def test_settings_that_can_t_be_are_refused_and_nothing_is_taken_over(group, wrong):
    before = group.settings()
    with pytest.raises(UsageError):
        group.restore({"removed": ["diode"], **wrong})
    assert group.settings() == before


def test_a_group_assigned_to_the_name_becomes_active_and_the_name_still_follows(session, group):
    other = session.MeasurementGroup("other", ["monitor"])
    name = session.ACTIVE_MG
    session.env_dict["ACTIVE_MG"] = other
    session.take_assigned_group()
    assert session.ACTIVE_MG is name
    assert name.name == "other"
    group.set_active()
    assert name.name == "align"


def test_a_group_made_by_hand_may_be_assigned_too(session, group):
    other = MeasurementGroup("other", ["monitor"])
    session.env_dict["ACTIVE_MG"] = other
    session.take_assigned_group()
    assert session.group("other") is other and session.ACTIVE_MG.name == "other"


def test_what_is_no_group_is_refused_and_the_name_is_as_before(session, group):
    name = session.ACTIVE_MG
    session.env_dict["ACTIVE_MG"] = "align"
    with pytest.raises(UsageError, match="ACTIVE_MG must be a measurement group, got 'align'; it is as it was"):
        session.take_assigned_group()
    assert session.ACTIVE_MG is name and name.name == "align"


def test_the_name_comes_back_when_it_was_deleted(session, group):
    name = session.ACTIVE_MG
    del session.env_dict["ACTIVE_MG"]
    session.take_assigned_group()
    assert session.ACTIVE_MG is name
