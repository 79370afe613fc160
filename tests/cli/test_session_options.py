"""`-s`, `--config` and `obtura sessions`: which session a command opens."""

import subprocess
import sys

import pytest

OBTURA = [sys.executable, "-m", "obtura"]

YAML = """
- {name: roby, class: SimulatedAxis, unit: mm}
- {name: lab, class: Session, title: the lab}
- {name: tests, class: Session, title: for tests, setup: setup.py, saving: {base_path: data}}
"""


@pytest.fixture
def run(home, tmp_path):
    """Run `obtura` beside a beamline in `line`, with an empty home."""
    line = tmp_path / "line"
    line.mkdir()
    (line / "obtura.yml").write_text("title: x\n")
    (line / "all.yml").write_text(YAML)
    (line / "setup.py").write_text("def where_is(axis=roby):\n    return later, axis.position\n")

    def run(*arguments, **options):
        return subprocess.run([*OBTURA, *arguments], capture_output=True, text=True, timeout=240, **options)

    return run


def test_the_sessions_are_listed_with_a_star_at_the_default(run, tmp_path):
    assert run("sessions").stdout == "* demo  a simulated beamline, built in\n"
    assert run("sessions", "--config", "line").stdout.splitlines() == [
        "  lab    the lab",
        "  tests  for tests",
        "  demo   a simulated beamline, built in",
    ]
    (tmp_path / "line" / "obtura.yml").write_text("session: lab\n")
    assert run("sessions", cwd=tmp_path / "line").stdout.startswith("* lab")


def test_the_shell_opens_the_session_that_is_named(run):
    ended = run("shell", "-s", "tests", "--config", "line", input="later = 3\nwhere_is()\n")
    assert ended.stdout == "TESTS [1]: later = 3\nTESTS [2]: where_is()\n(3, 0.0)\nTESTS [3]: \n"
    assert (ended.stderr, ended.returncode) == ("", 0)


def test_the_one_that_obtura_yml_names_is_opened_from_inside(run, tmp_path):
    (tmp_path / "line" / "obtura.yml").write_text("session: lab\n")
    assert run("shell", cwd=tmp_path / "line", input="session.name\n").stdout.startswith(
        "LAB [1]: session.name\nlab\n"
    ) or ("'lab'" in run("shell", cwd=tmp_path / "line", input="session.name\n").stdout)


def test_a_script_runs_in_it(run, tmp_path):
    (tmp_path / "script.py").write_text(
        "import sys\nroby.move(1)\nprint(session.name, where_is.__name__, sys.argv[1:])\n"
    )
    ended = run("run", "-s", "tests", "--config", "line", "script.py", "a", "b")
    assert (ended.stdout, ended.stderr, ended.returncode) == ("tests where_is ['a', 'b']\n", "", 0)
    (tmp_path / "script.py").write_text("print(roby.position)\n")
    assert run("run", "-s", "tests", "--config", "line", "script.py").stdout == "1.0\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["shell", "-s", "nonsense"], "no session 'nonsense' but demo"),
        (["shell", "-s", "test", "--config", "line"], "did you mean 'tests'"),
        (["shell", "--config", "line"], "line has the sessions lab, tests: say which, as -s lab"),
        (["run", "--config", "line", "script.py"], "line has the sessions lab, tests: say which, as -s lab"),
        (["run", "-s", "lab", "--config", "nowhere", "script.py"], "nowhere: there is no such directory"),
        (["sessions", "--config", "nowhere"], "nowhere: there is no such directory"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(run, tmp_path, arguments, told):
    (tmp_path / "script.py").write_text("")
    ended = run(*arguments, input="")
    assert ended.returncode == 2
    assert told in ended.stderr and ended.stderr.startswith("!!! ")
    assert "Traceback" not in ended.stderr


def test_mistakes_in_the_yaml_are_told_with_their_places(run, tmp_path):
    (tmp_path / "line" / "all.yml").write_text(YAML + "- {name: x, class: SimulatedAxs}\n- {name: roby}\n")
    ended = run("shell", "-s", "lab", "--config", "line", input="")
    assert ended.returncode == 2
    assert "all.yml:5:" in ended.stderr and "all.yml:6:" in ended.stderr
    assert "SimulatedAxis" in ended.stderr
