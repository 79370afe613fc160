"""What was set is there again tomorrow, also after kill -9, also with two sessions on one store."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from beamlines import DEVICES, LAB, write

BEGIN = "from obtura import load_session\nsession = load_session('lab', 'line', display=False)\n"


@pytest.fixture
def line(home, tmp_path):
    return write(tmp_path / "line", LAB)


@pytest.fixture
def python(line, tmp_path):
    """Run Python in a process of its own, with the session `lab` open in it."""

    def python(code, **options):
        script = BEGIN + textwrap.dedent(code)
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=240, **options
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return python


@pytest.fixture
def session_process(line, tmp_path):
    """A session in a process that does what it is told, line by line; `tell(code)` gives back what it prints."""
    running = []

    class Other:
        def __init__(self):
            loop = BEGIN + (
                "import sys\n"
                "from time import sleep\n"
                "for line in sys.stdin:\n"
                "    exec(line)\n"
                "    print('.', flush=True)\n"
            )
            self.process = subprocess.Popen(
                [sys.executable, "-c", loop], cwd=tmp_path, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            running.append(self.process)

        def tell(self, code):
            self.process.stdin.write(code + "\n")
            self.process.stdin.flush()
            lines = []
            while (line := self.process.stdout.readline()) not in (".\n", ""):
                lines.append(line.rstrip("\n"))
            return lines

        def kill(self):
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(60)

    yield Other
    for process in running:
        process.kill()
        process.communicate()


def test_positions_limits_groups_and_where_data_go_are_there_again(python):
    python(
        """
        session.mv(session.roby, 4)
        session.roby.velocity = 3
        session.roby.limits = -8, 8
        session.ACTIVE_MG.disable("monitor")
        session.ACTIVE_MG.switch_state("bright")
        session.SCAN_SAVING.template = "{session}/sample"
        session.close()
        """
    )
    printed = python(
        """
        print(session.roby.position, session.roby.velocity, session.roby.limits)
        print(session.ACTIVE_MG.active_state_name, session.ACTIVE_MG.enabled)
        print(session.SCAN_SAVING.template)
        """
    )
    told, (first, *rest) = printed.splitlines()[:-3], printed.splitlines()[-3:]
    assert [float(value) for value in first.translate(str.maketrans("(),", "   ")).split()] == [4, 3, -8, 8]
    assert rest == ["bright ['sim:diode']", "{session}/sample"]
    assert any(line.startswith("roby: velocity 3 ") and "5 (beamline.yml:4)" in line for line in told), told


def test_it_is_said_which_settings_prevail_over_the_yaml(open_session, tmp_path, capsys):
    yaml = DEVICES + "- {name: lab, class: Session, saving: {base_path: ../data, data_filename: first}}\n"
    session = open_session(yaml)
    assert capsys.readouterr().out == ""
    session.SCAN_SAVING.data_filename = "second"
    session.close()
    again = open_session()
    assert "data_filename" in (told := capsys.readouterr().out)
    assert "second" in told and "first" in told
    assert again.SCAN_SAVING.data_filename == "second"


def test_which_group_is_active_is_kept_also_of_those_made_in_the_setup(open_session):
    yaml = DEVICES + (
        "- {name: other, class: MeasurementGroup, counters: [diode]}\n"
        "- {name: lab, class: Session, setup: setup.py, default_measurement_group: align}\n"
    )
    setup = "mine = MeasurementGroup('mine', [monitor])\nmine.set_active()\n"
    session = open_session(yaml, setup__py=setup)
    assert session.ACTIVE_MG.name == "mine"
    session.group("other").set_active()
    session.group("mine").disable("monitor")
    session.close()
    again = open_session()
    assert again.ACTIVE_MG.name == "other", "what a person chose prevails over the setup"
    assert again.group("mine").enabled == []


def test_what_is_forgotten_is_as_the_yaml_says_next_time(open_session):
    session = open_session(LAB)
    session.roby.velocity = 3
    session.forget("roby")
    session.close()
    assert open_session().roby.velocity == 5


def test_settings_of_what_a_device_needs_are_kept_too(open_session):
    yaml = DEVICES + "- {name: lab, class: Session, devices: [diode]}\n"
    session = open_session(yaml)
    session.config.get("robz").velocity = 2
    session.close()
    assert open_session().config.get("robz").velocity == 2


def test_nothing_is_lost_when_the_process_is_killed(session_process, python):
    other = session_process()
    other.tell("session.roby.velocity = 3; session.ACTIVE_MG.disable('monitor')")
    other.kill()
    assert python("print(session.roby.velocity, session.ACTIVE_MG.enabled)").endswith("3.0 ['sim:diode']\n")


def test_a_move_that_kill_9_ended_is_told_when_the_session_opens_next(session_process, python):
    other = session_process()
    other.tell("session.roby.velocity = 0.1; session.roby.move(2, wait=False); sleep(0.3)")
    other.kill()
    told = python("print(session.roby.is_moving)").splitlines()
    assert told[-1] == "False"
    assert any("roby" in line and "ended while it moved from 0" in line and "2" in line for line in told), told
    python("session.roby.velocity = 5; session.mv(session.roby, 1); session.close()")
    assert "ended while" not in python("print(session.roby.position)"), "once, until it has moved again"


def test_two_sessions_do_not_write_over_each_other_s_changes(session_process, python):
    one, two = session_process(), session_process()
    one.tell("session.roby.velocity")  # both have read by now
    two.tell("session.roby.velocity")
    one.tell("session.roby.velocity = 3; session.ACTIVE_MG.disable('monitor')")
    two.tell("session.roby.backlash = 0.5; session.robz.velocity = 2")
    one.tell("session.roby.limits = -8, 8")
    two.tell("session.close()")
    one.tell("session.close()")
    assert (
        python("print(session.roby.velocity, session.roby.backlash, session.robz.velocity, session.ACTIVE_MG.enabled)")
        .splitlines()[-1]
        .startswith("3.0 0.5 2.0 ['sim:diode']")
    )


def test_of_two_changes_of_one_setting_the_last_one_stays(session_process, python):
    one, two = session_process(), session_process()
    one.tell("session.roby.velocity = 3")
    two.tell("session.roby.velocity = 4")
    one.tell("session.close()")
    two.tell("session.close()")
    assert python("print(session.roby.velocity)").endswith("4.0\n")


def test_a_store_that_can_t_be_written_is_told_and_the_session_works(open_session, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    write(tmp_path / "beamline", LAB)
    (tmp_path / "beamline" / "obtura.yml").write_text("settings: ../file/below\n")
    session = open_session()
    assert "settings can't be kept" in capsys.readouterr().err
    session.roby.velocity = 3
    session.bench.loopscan(1, 0.001)


def test_a_value_that_can_t_be_any_more_is_told_and_the_yaml_holds(open_session, capsys):
    session = open_session(LAB)
    session.origin.keeper._store.put("lab:align", "states", 17)
    session.close()
    again = open_session()
    assert "lab:align is as configured" in capsys.readouterr().out
    assert again.ACTIVE_MG.enabled == ["sim:diode", "sim:monitor"]
