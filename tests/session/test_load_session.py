"""`load_session`: which session, what is in it, what it runs when it opens."""

import subprocess
import sys

import pytest
from beamlines import DEVICES, LAB, Unplugged, write

import obtura
from obtura.contracts.devices import is_movable
from obtura.ground.errors import DeviceError, UsageError
from obtura.session.config import ConfigError
from obtura.session.opening import find_session, load_session

TWO = LAB + "- {name: tests, class: Session, title: for tests, devices: [roby, diode]}\n"


# -- which one --------------------------------------------------------------------------------------------------


def test_the_demo_session_is_always_there(home):
    session = obtura.load_session("demo")
    assert session is load_session() is load_session("demo")
    assert is_movable(session.roby) and session.name == "demo"


def test_the_only_session_of_the_beamline_around_is_the_default(home, tmp_path, monkeypatch):
    deep = write(tmp_path / "line", LAB) / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_session().name == "lab"


def test_with_several_it_is_the_one_that_obtura_yml_names_else_one_has_to_be_named(home, tmp_path):
    line = write(tmp_path / "line", TWO)
    with pytest.raises(UsageError, match=r"has the sessions lab, tests: say which, as -s lab, .*`session: lab`"):
        find_session(config=line)
    assert find_session("demo", line).name == "demo"
    (line / "obtura.yml").write_text("session: tests\n")
    assert find_session(config=line).name == "tests"
    assert find_session("lab", line).name == "lab"


def test_beside_a_beamline_without_a_session_the_demo_is_not_taken_for_it(home, tmp_path):
    line = write(tmp_path / "line", DEVICES)
    with pytest.raises(UsageError, match=r"describes no session: add one .*class: Session.*-s demo"):
        load_session(config=line)
    assert find_session("demo", line).described is None


def test_the_environment_says_where_the_beamline_is_described(home, tmp_path, monkeypatch):
    monkeypatch.setenv("OBTURA_CONFIG", str(write(tmp_path / "line", LAB)))
    assert find_session().name == "lab"


def test_an_unknown_name_is_answered_with_what_was_meant_and_what_there_is(home, tmp_path):
    with pytest.raises(UsageError, match=r"'test'.*did you mean 'tests'.*lab, tests"):
        load_session("test", write(tmp_path / "line", TWO))
    with pytest.raises(UsageError, match=r"no session 'lab' but demo.*OBTURA_CONFIG"):
        load_session("lab")


def test_mistakes_in_the_yaml_open_nothing_but_the_demo(home, tmp_path, capsys):
    line = write(tmp_path / "line", LAB + "- {name: roby, class: Nonsense}\n")
    with pytest.raises(ConfigError, match=r"beamline.yml:\d+"):
        load_session("lab", line)
    assert load_session("demo", line).name == "demo"
    assert "this is the built-in demo" in capsys.readouterr().err


# -- what is in it ----------------------------------------------------------------------------------------------


def test_devices_groups_aliases_and_data_are_as_the_yaml_says(open_session, tmp_path):
    session = open_session(
        DEVICES
        + """
- name: lab
  class: Session
  title: the lab
  exclude: [robz]
  aliases: {sample_y: roby}
  saving: {base_path: ../data, template: "{session}/{sample}", sample: quartz}
"""
    )
    assert "robz" not in session.devices
    assert session.sample_y is session.roby
    assert session.ACTIVE_MG.available == ["sim:diode", "sim:monitor"]
    scan = session.bench.ascan(session.roby, 0, 1, 1, 0.001)
    assert list(scan.get_data()) == ["axis:sample_y", "timer:elapsed_time", "timer:epoch", "sim:diode", "sim:monitor"]
    assert scan.scan_info["filename"] == str(tmp_path / "data" / "lab" / "quartz" / "data.h5")


def test_the_default_group_is_active_and_presets_are_on_every_scan(open_session):
    session = open_session(
        DEVICES
        + """
- {name: other, class: MeasurementGroup, counters: [monitor], default: true}
- {name: beam, class: ShutterPreset, shutter: $shutter}
- {name: lab, class: Session, presets: [beam], saving: {base_path: ../data}}
"""
    )
    assert session.ACTIVE_MG.name == "other"
    scan = session.bench.loopscan(1, 0.001, run=False)
    assert [type(entry.preset).__name__ for entry in scan.acq_chain.presets] == ["ShutterPreset"]
    session.remove_preset(name="beam")
    assert session.bench.loopscan(1, 0.001, run=False).acq_chain.presets == ()


def test_presets_stand_on_every_scan_in_the_order_that_the_session_says(open_session):
    session = open_session(
        DEVICES
        + """
- {name: a, class: ShutterPreset, shutter: $shutter}
- {name: b, class: WaitForBeam, counter: $diode, minimum: -10}
- {name: c, class: WaitForBeam, counter: $monitor, minimum: -10}
- {name: lab, class: Session, presets: [c, a, b], saving: {base_path: ../data}}
"""
    )
    scan = session.bench.loopscan(1, 0.001, run=False)
    assert [entry.preset for entry in scan.acq_chain.presets] == [session.c, session.a, session.b]
    told = "presets on every standard scan: c (WaitForBeam), a (ShutterPreset), b (WaitForBeam)"
    assert session.DEFAULT_CHAIN.__info__() == told


def test_the_same_session_is_given_back_while_it_is_open_and_its_setup_runs_once(open_session, capsys):
    first = open_session(LAB[:-2] + ", setup: setup.py}\n", setup__py="print('setting up')\n")
    assert open_session() is first
    assert capsys.readouterr().out == "setting up\n"
    first.close()
    again = open_session()
    assert again is not first
    assert again.roby is not first.roby


def test_names_are_attributes_and_the_namespace(open_session):
    session = open_session(LAB)
    assert session.roby is session.devices["roby"] is session.namespace()["roby"] is session.env_dict["roby"]
    assert session.ct == session.bench.ct
    assert {"roby", "ascan", "namespace"} <= set(dir(session))
    assert not any(name.startswith("_") for name in session.namespace())
    with pytest.raises(AttributeError, match="lab has no 'robx'; did you mean 'rob[yz]'"):
        _ = session.robx


def test_config_gives_what_is_not_in_the_session(open_session):
    session = open_session(DEVICES + "- {name: lab, class: Session, devices: [roby]}\n")
    assert set(session.devices) == {"roby"}
    assert session.config.get("robz").name == "robz"
    assert session.config.get("roby") is session.roby


def test_a_session_has_what_commands_ask_for(open_session):
    session = open_session(LAB, setup__py="")
    assert [axis.name for axis in session.axes()] == ["roby", "robz"]
    assert {counter.name for counter in session.counters()} == {"diode", "monitor"}
    assert [group.name for group in session.groups()] == ["align"]
    assert {"roby", "diode", "shutter", "align"} <= set(session.objects())
    session.env_dict["extra"] = session.SoftAxis("extra", type("Box", (), {"position": 0.0})())
    session.env_dict["same"] = session.roby
    assert [axis.name for axis in session.axes()] == ["roby", "robz", "extra"]
    assert "same" not in session.objects()


def test_a_script_uses_it_as_the_docs_say(home, tmp_path):
    write(tmp_path / "line", LAB)
    script = tmp_path / "script.py"
    script.write_text(
        "from obtura import load_session\n"
        "with load_session('lab', config='line', display=False) as session:\n"
        "    globals().update(session.namespace())\n"
        "    scan = loopscan(2, 0.01)\n"
        "    print(scan.state.name, sorted(scan.get_data())[:2])\n"
    )
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert (done.stdout, done.stderr) == ("DONE ['sim:diode', 'sim:monitor']\n", "")


# -- closing ----------------------------------------------------------------------------------------------------


def test_closing_closes_what_has_something_to_close_and_leaves_shutters_alone(open_session):
    Unplugged.plugged = True
    session = open_session(LAB + "- {name: box, class: Unplugged}\n")
    session.shutter.open()
    session.close()
    session.close()
    assert session.box.closed == 1
    assert session.shutter.is_open


def test_a_device_that_can_t_be_closed_does_not_keep_others_open(open_session):
    Unplugged.plugged = True
    session = open_session(LAB + "- {name: box, class: Unplugged}\n- {name: other, class: Unplugged}\n")
    session.other.close = lambda: 1 / 0
    with pytest.raises(DeviceError, match="other could not be closed: ZeroDivisionError"):
        session.close()
    assert session.box.closed == 1


def test_the_yaml_of_the_session_as_it_was_loaded_is_in_its_scans(home, tmp_path):
    line = write(tmp_path / "line", LAB, **{"more--empty__yml": "# nothing yet\n"})
    texts = {path: (line / path).read_text() for path in ("beamline.yml", "more/empty.yml", "obtura.yml")}
    session = load_session("lab", line, display=False)
    (line / "beamline.yml").write_text("- {name: edited, class: World}\n")
    session.loopscan(1, 0, session.diode)
    assert obtura.open(session.scan_saving.filename).last.configuration == texts
