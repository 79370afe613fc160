"""Tango devices from YAML alone; what is wrong in it; how a session shows them."""

import pytest
from served_tango import free_port

from obtura.ground.errors import DeviceError
from obtura.session import opened, opening
from obtura.session.config import Config, ConfigError

LAB = """
- class: TangoDevice
  name: diode
  device: tango://127.0.0.1:{port}/t/x/diode#dbase=no
  timeout: 1
  counters:
    - {{name: current, attribute: Current}}
    - {{name: kind, attribute: Kind, policy: optional}}
    - {{name: spectrum, attribute: Spectrum, shape: [4]}}
    - {{name: watched, attribute: Watched, monitor: true, mode: LAST, scale: 2, unit: A}}
    - {{name: exposed, command: Expose, argument: 0.01}}
    - {{name: level, attribute: Text, words: {{LOW: 0, HIGH: 1}}}}

- class: TangoDevice
  name: motor
  device: tango://127.0.0.1:{port}/t/x/mx#dbase=no
  timeout: 1
  axes:
    - {{name: mx, velocity_attribute: Velocity, states: {{ALARM: READY}}, offset: 1}}

- class: TangoDevice
  name: front_end
  device: tango://127.0.0.1:{port}/t/x/shutter#dbase=no
  timeout: 1
  shutters:
    - {{name: shutter, safe_action: close}}

- class: TangoDevice
  name: wheel
  device: tango://127.0.0.1:{port}/t/x/wheel#dbase=no
  timeout: 1
  shutters:
    - {{name: stage, attribute: Out}}
  multiplexers:
    - name: opiom
      outputs:
        filter: {{attribute: Filter, inputs: {{out: OUT, thin: THIN}}}}
        source: {{command: Select, readback: Source, inputs: {{a: 0, b: 1}}}}
        stand: {{inputs: {{near: Near, far: Far}}}}

- {{name: lab, class: Session, saving: {{base_path: ../data}}}}
"""


def test_all_of_it_is_there_and_works(open_lab, beam, capsys):
    session = open_lab(LAB.format(port=beam.port))
    names = session.env_dict
    beam.forget()
    scan = session.bench.ascan(names["mx"], 1, 2, 1, 0.01, names["diode"], run=False)
    scan.acq_chain.add_preset(names["ShutterPreset"](names["shutter"], per_point=True))
    scan.run()
    exposures = [each for each in beam.told() if each[1] == "Expose"]
    told = [each for each in beam.told() if each[1] != "Expose"]
    points = [[("mx", "Position", x), ("shutter", "Open", None), ("shutter", "Close", None)] for x in (0, 1)]
    assert told == points[0] + points[1] and exposures
    assert list(scan.get_data("current")) == [1.25, 1.25]
    assert list(scan.get_data("watched")) == [2.5, 2.5]
    assert scan.get_data("spectrum").shape == (2, 4)
    assert list(scan.get_data("level")) == [1, 1]
    names["opiom"].switch("filter", "thin")
    names["opiom"].switch("stand", "far")
    assert "filter = thin  (of out, thin)" in names["opiom"].__info__()
    capsys.readouterr()
    for word in ("lscnt", "lsmot", "wa", "sta"):
        names[word]()
    said = capsys.readouterr().out
    assert f"tango://127.0.0.1:{beam.port}/t/x/diode#dbase=no, connected since " in said
    assert "READY" in said


def test_a_session_opens_without_the_server_and_has_it_later(open_lab, lab, shared_tango, capsys):
    shared_tango.kill()
    session = open_lab(LAB.format(port=shared_tango.port))
    assert {"diode", "mx", "shutter", "opiom"} <= set(session.absent)
    shared_tango.be_ready()
    for name in session.absent:
        session.retry(name)
    assert session.absent == {}
    assert session.env_dict["mx"].position == 1
    session.env_dict["shutter"].close()
    assert session.env_dict["current"].read() == 1.25


def test_of_a_server_that_is_lost_the_words_of_the_session_tell(open_lab, beam, capsys):
    session = open_lab(LAB.format(port=beam.port))
    names = session.env_dict
    beam.kill()
    for word in ("lscnt", "lsmot", "wa", "sta"):
        names[word]()
    told = capsys.readouterr().out
    assert "not connected since" in told and "is its device server running" in told
    for name in ("mx", "shutter", "opiom", "diode", "current"):
        assert "not connected" in names[name].__info__()
    with pytest.raises(DeviceError, match="is its device server running"):
        session.bench.ascan(names["mx"], 1, 2, 1, 0.01, names["current"])


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("device: id01/motor", "expected a device, as id01/motor/mx"),
        ("device: id01/motor/mx#dbase=no", "without a database its server must be told"),
        ("{device: a/b/c, counters: [{name: c}]}", "by one of attribute and command"),
        ("{device: a/b/c, counters: [{name: c, attribute: x, scale: 0}]}", "must not be 0"),
        ("{device: a/b/c, counters: [{name: c, command: x, monitor: true}]}", "only attributes have events"),
        ("{device: a/b/c, axes: [{name: c, states: {GOING: MOVING}}]}", "Tango has no state 'GOING'"),
        ("{device: a/b/c, axes: [{name: c, states: {ON: GOOD}}]}", "ON can't be 'GOOD'"),
        ("{device: a/b/c, shutters: [{name: c, open: X, close: X}]}", "is the same command as open"),
        ("{device: a/b/c, shutters: [{name: c, attribute: X, open: X}]}", "opened and closed by an attribute"),
        ("{device: a/b/c, multiplexers: [{name: c, outputs: {}}]}", "there is none"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(lab, written, words):
    body = written if written.startswith("{") else f"{{{written}}}"
    text = f"- {{name: it, class: TangoDevice, {body[1:-1]}}}\n- {{name: lab, class: Session}}\n"
    with pytest.raises(ConfigError) as raised:
        Config.load(lab(text))
    (problem,) = raised.value.problems
    assert words in str(problem) and "devices.yml:1" in str(problem)


def test_the_host_of_the_database_comes_from_yaml_or_the_environment(open_lab, monkeypatch):
    host, environment = (f"127.0.0.1:{free_port()}" for _ in range(2))
    monkeypatch.setenv("TANGO_HOST", environment)
    session = open_lab(
        f"- {{name: one, class: TangoDevice, device: a/b/c, timeout: 0.1, tango_host: '{host}'}}\n"
        "- {name: two, class: TangoDevice, device: a/b/c, timeout: 0.1}\n- {name: lab, class: Session}\n"
    )
    told = {name: session.absent[name] for name in ("one", "two")}
    assert f"TANGO_HOST={host} right?" in str(told["one"])
    assert f"TANGO_HOST={environment} right?" in str(told["two"])


def test_the_same_yaml_serves_without_the_beamline(lab, monkeypatch):
    monkeypatch.setattr(opened, "_opened", [])  # other tests may leave some
    session = opening.load_session("lab", config=lab(LAB.format(port=free_port())), display=False, simulate=True)
    names = session.env_dict
    scan = session.bench.ascan(names["mx"], 1, 2, 1, 0.01, names["current"], run=False, save=False)
    scan.acq_chain.add_preset(names["ShutterPreset"](names["shutter"], per_point=True))
    scan.run()
    assert len(scan.get_data("current")) == 2
    names["opiom"].switch("filter", "thin")
    session.close()
