"""Modules written for BLISS, described by its YAML, run as they are: motors on a line, counters, shutters, macros."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import h5py
import pytest

HERE = Path(__file__).parent
OBTURA = Path(sys.executable).parent / "obtura"
CLASSES = {
    "Stepper": "stepper",
    "OldStepper": "stepper",
    "Table": "table",
    "EmeterController": "emeter",
    "Emeter": "emeter",
    "ScalerController": "emeter",
    "FastShutter": "blades",
    "FrontEnd": "blades",
    "FilterWheel": "blades",
    "BeamViewer": "blades",
}

YAML = {
    "motors/__init__.yml": "plugin: emotion\n",
    "motors/box.yml": """
        - class: Stepper
          package: id99.stepper
          name: box
          greeting: hello
          tcp:
            url: 127.0.0.1:{port}
          encoders:
            - name: front_enc
              channel: 1
              steps_per_unit: 1000
              tolerance: 0.01
          axes:
            - name: tf
              channel: 1
              steps_per_unit: 1000
              velocity: 20
              acceleration: 100
              low_limit: -50
              high_limit: 50
              unit: mm
              encoder: $front_enc
            - {{name: tb, channel: 2, label: back, steps_per_unit: 500, velocity: 20, acceleration: 100, unit: mm}}
        - controller:
            class: Table
            distance: 1000
            axes:
              - {{name: $tf, tags: real front}}
              - {{name: $tb, tags: real back}}
              - {{name: theight, tags: height, unit: mm, low_limit: -20, high_limit: 20}}
              - {{name: ttilt, tags: tilt, unit: mrad}}
        - class: OldStepper
          tcp: {{url: 127.0.0.1:{port}}}
          axes:
            - {{name: old, channel: 3, steps_per_unit: -100, velocity: 20, acceleration: 100, class: NoSettingsAxis}}
        """,
    "devices.yml": """
        - plugin: bliss
          class: EmeterController
          module: emeter
          name: emc
          gain: 2
          counters:
            - {{counter_name: i0, channel: 1, unit: A}}
            - {{counter_name: i1, channel: 3, mode: STATS}}
        - {{name: em, class: Emeter, gain: 10, counters: [{{counter_name: ic, channel: 5}}]}}
        - {{name: scal, class: ScalerController, plugin: generic}}
        - {{name: fast, class: FastShutter, external-control: null, timeout: 5}}
        - {{name: fe, class: FrontEnd}}
        - {{name: wheel, class: FilterWheel}}
        - {{name: viewer, class: BeamViewer}}
        - {{name: sim, class: simulation_diode, independent: True}}
        - {{name: basic, class: MeasurementGroup, counters: [i0, sim]}}
        """,
    "sessions/eh1.yml": """
        class: Session
        plugin: session
        name: eh1
        setup-file: ./eh1_setup.py
        synoptic: {{svg-file: eh1.svg}}
        exclude-objects: [old]
        aliases:
          - {{original_name: tf, alias_name: front}}
        """,
    "sessions/eh1_setup.py": """
        from bliss.setup_globals import *
        from bliss.common.scans import loopscan as from_bliss
        from id99 import sequences

        print("setup of", tf.name, SCAN_SAVING.session)
        """,
    "obtura.yml": "name: id99\n",
}


@pytest.fixture(scope="module")
def port():
    """The TCP port of a box of steppers in a process of its own."""
    box = subprocess.Popen([sys.executable, HERE / "stepper_server.py"], stdout=subprocess.PIPE, text=True)
    yield int(box.stdout.readline())
    box.kill()
    box.wait()
    box.stdout.close()


class Beamline:
    """Its directory of YAML, and the package that is installed there."""

    def __init__(self, directory):
        self.directory = directory
        self.environment = {**os.environ, "HOME": str(directory / "home"), "PYTHONPATH": str(directory / "site")}
        self.environment.pop("XDG_STATE_HOME", None)

    def obtura(self, *arguments):
        command = [OBTURA, arguments[0], *arguments[1:]]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, env=self.environment)

    def run(self, script):
        path = self.directory / "script.py"
        path.write_text(textwrap.dedent(script))
        done = self.obtura("run", "--config", str(self.directory / "yaml"), "-s", "eh1", str(path))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def beamline(tmp_path, port):
    site = tmp_path / "site"
    shutil.copytree(HERE / "written_for_bliss", site / "id99")
    info = site / "id99-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: id99\nVersion: 1.0\n")
    points = [f"{name} = id99.{module}:{name}" for name, module in CLASSES.items()]
    (info / "entry_points.txt").write_text("\n".join(["[obtura.devices]", *points]) + "\n")
    for name, text in YAML.items():
        path = tmp_path / "yaml" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = textwrap.dedent(text)
        path.write_text(text.format(port=port) if name.endswith(".yml") else text)
    (tmp_path / "home").mkdir()
    return Beamline(tmp_path)


def test_its_yaml_is_checked_without_a_line_to_anything(beamline):
    done = beamline.obtura("check", str(beamline.directory / "yaml"))
    assert done.returncode == 0, done.stderr
    assert "1 session (eh1)" in done.stdout


def test_a_motor_controller_on_a_line_is_moved_stopped_jogged_and_homed(beamline):
    told = beamline.run(
        """
        import time
        tf.dial = 0
        tb.dial = 0
        umv(tf, 1.5)
        print("where", tf.position, tf.measured_position, tf.controller.greeting, tb.label, front is tf)
        print("speed", tf.velocity, tf.controller.raw("POS?", 1))
        tf.velocity = 40
        tf.move(2)
        print("log", "VEL 1 40000.0" in tf.controller.raw("LOG?", ""))
        tf.home()
        print("home", tf.position, "HOMED" in tf.state, str(tf.state))
        tf.jog(-2)
        time.sleep(0.1)
        tf.stop()
        print("jogged", tf.position < 0.5, tf.state.READY)
        tf.off()
        print("off", tf.state.names)
        tf.on()
        print("own", tf.who())
        tf.set_current(1.5)
        print("current", tf.get_current())
        print("settings", tf.settings.get("starts"), tf.controller.read_velocity(tf), config.get("old").controller.host)
        mv(theight, 3, ttilt, 1)
        print("table", round(theight.position, 3), round(ttilt.position, 3), round(tb.position - tf.position, 3))
        print("old", config.get("old").controller.old)
        try:
            mv(theight, 30)
        except ValueError as error:
            print("limit", error)
        mv(tf, 0, tb, 0)
        """
    )
    assert "setup of tf eh1" in told
    lines = [line for line in told.splitlines() if line.split()[0] not in ("Moving", "setup")]
    assert lines == [
        "tf 1.5 mm",
        "where 1.5 1.5 hello back True",
        "speed 20.0 1500.000000",
        "log True",
        "home 0.5 True READY (Axis is READY) | HOMED (stands at the home switch)",
        "jogged True True",
        "off OFF",
        "own tf is channel 1",
        "current 1.5",
        "settings 1 40000.0 nowhere",
        "table 3.0 1.0 1.0",
        "old True",
        "limit theight: move to 30 mm would exceed high limit (20 mm)",
    ]


def test_settings_of_an_axis_are_there_in_the_next_session(beamline):
    beamline.run("tf.velocity = 7\ntf.settings.set('gain', 2.5)\ntf.settings.set('starts', 4)")
    told = beamline.run("print('kept', tf.velocity, tf.settings.get('gain'), tf.settings.get('starts'))")
    assert "kept 7.0 2.5 4" in told


def test_counters_shutters_and_presets_work_in_scans(beamline):
    told = beamline.run(
        """
        from id99.emeter import clock_counter, transmission
        from id99.presets import OpenShutter, WaitABit

        ratio = transmission(emc.counters.i0, emc.counters.i1)
        scan = ascan(tf, 0, 1, 2, 0.01, emc, em, scal, ratio, clock_counter(), run=False)
        scan.add_preset(OpenShutter(fast, emc.counters.i0))
        scan.acq_chain.add_preset(WaitABit(0.01))
        scan.run()
        data = scan.get_data()
        print("i0", data["i0"].tolist(), "i1", data["i1"].tolist(), "N", data["i1_N"][0] > 0, "ic", data["ic"].tolist())
        print("scaler", data["scaler"].tolist(), "T", data["transmission"].tolist(), "ticks", data["ticks"].tolist())
        print("orders", fast.orders, fast.state_string, fast.measure_open_close_time(), fast.opening_time)
        print("group", ct(0.01).get_data().keys())
        wheel.set("al")
        viewer.set_in()
        print("wheel", wheel.get(), wheel.states_list(), "viewer", viewer.state)
        with fe.open_context:
            print("front end", fe.is_open)
        print("front end", fe.is_closed, fe.state_string)
        """
    )
    assert "i0 [2.0, 2.0, 2.0] i1 [6.0, 6.0, 6.0] N True ic [50.0, 50.0, 50.0]" in told
    assert "scaler [0.0, 1.0, 2.0] T [3.0, 3.0, 3.0] ticks [0.0, 1.0, 2.0]" in told
    assert "orders ['MANUAL', 'open', 'close'] Closed (0.25, 0.5) 0.25" in told
    assert "emc:i0" in told and "sim" in told.partition("group")[2].partition("wheel")[0]
    assert "wheel AL ['EMPTY', 'AL', 'CU'] viewer IN\nfront end True\nfront end True Closed" in told
    assert told.index("Preparing ascan") < told.index("emc:i0: 1") < told.index("orders")
    (file,) = (beamline.directory / "home").rglob("data.h5")
    with h5py.File(file) as data:
        assert data["1.1/instrument/emc/gain"][()] == 2, "what scan_metadata() says"


def test_macros_sequences_and_scans_of_ones_own_work(beamline):
    told = beamline.run(
        """
        print("aligned", round(sequences.align(tf, sim), 6) == round(tf.position, 6))
        scan = sequences.scan_of_ones_own(tf, emc.counters.i0)
        print("own", scan.get_data()[tf].tolist(), scan.get_data()["i0"].tolist())
        own = sequences.objects_of_ones_own(tf)
        print("objects", own["where"].tolist(), own["sizes"].tolist())
        series = sequences.series(tf, sim)
        print("series", series.scan.get_data()["temperature"].tolist(), series.state.name)
        print("day", len(sequences.a_day(tf, sim)), ACTIVE_MG.name)
        """
    )
    assert "emc: i0\nacquisition chain\n└── axis\n    └── timer\n        └── emc\n" in told
    beginnings = ("aligned ", "own ", "objects ", "series ", "day ")
    assert [line for line in told.splitlines() if line.startswith(beginnings)] == [
        "aligned True",
        "own [0.0, 1.0, 2.0, 3.0] [2.0, 2.0, 2.0, 2.0]",
        "objects [0.0, 0.5, 1.0] [1, 2, 3]",
        "series [20.0, 21.0] DONE",
        "day 2 mine",
    ]


def test_a_controller_is_let_go_when_the_session_is_closed(beamline):
    told = beamline.run(
        """
        import atexit
        atexit.register(lambda: print("line", tf.controller._comm._socket, config.get("old").controller._comm._socket))
        print(tf.position is not None, config.get("old").position is not None)
        """
    )
    assert told.endswith("True True\nline None None\n")


def test_a_module_may_be_imported_before_any_session_is_open(beamline):
    (beamline.directory / "alone.py").write_text(
        textwrap.dedent(
            f"""
            import obtura.bliss
            from id99 import sequences
            from bliss.config.static import get_config
            import obtura

            print("before", sequences.current_session.name, callable(sequences.ascan), sequences.DEFAULT_CHAIN.presets)
            session = obtura.load_session("eh1", config={str(beamline.directory / "yaml")!r}, display=False)
            print("after", sequences.current_session.name, get_config().get("eh1") is session)
            print("names", "tf" in get_config().names_list, get_config().get_config("tf")["channel"])
            print("day", len(sequences.a_day(session.tf, session.sim)))
            scan = sequences.series(session.tf, session.sim).scan
            print("class", isinstance(scan, sequences.Scan), session.SCANS[-1].name)
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "alone.py"],
        cwd=beamline.directory,
        env=beamline.environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    said = [
        line for line in done.stdout.splitlines() if line.split(" ")[0] in ("before", "after", "names", "day", "class")
    ]
    assert said == [
        "before  True ()",
        "after eh1 True",
        "names True 1",
        "day 2",
        "class True sequence",
    ]
