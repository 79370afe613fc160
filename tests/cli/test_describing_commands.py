"""`obtura new | check | config | schema | settings` as a user runs them."""

import json
import subprocess
import sys

import pytest

OBTURA = [sys.executable, "-m", "obtura"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run `obtura` in an empty directory with an empty home."""
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("XDG_STATE_HOME", "OBTURA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **options):
        return subprocess.run([*OBTURA, *arguments], capture_output=True, text=True, timeout=240, **options)

    return run


@pytest.fixture
def lab(run, tmp_path):
    """A beamline that `obtura new` has begun."""
    assert run("new", "lab").returncode == 0
    return tmp_path / "lab"


def test_a_new_beamline_says_what_is_next_and_is_good(run, tmp_path):
    begun = run("new", "deep/my lab")
    assert begun.returncode == 0, begun.stderr
    assert "obtura check" in begun.stdout and "obtura shell" in begun.stdout
    checked = run("check", "deep/my lab")
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.startswith("deep/my lab: 11 devices, 2 presets, 2 measurement groups, 1 session (my_lab)")
    for path in (tmp_path / "deep" / "my lab").glob("*.yml"):
        assert path.read_text().startswith("# yaml-language-server: $schema=.obtura.schema.json\n")


def test_the_files_of_a_new_beamline_fit_the_screen(lab):
    assert max(len(line) for path in lab.rglob("*.yml") for line in path.read_text().splitlines()) <= 120


def test_a_new_beamline_runs_at_once_and_is_where_it_was_the_next_day(run, lab):
    first = run("shell", cwd=lab, input="center()\nct(0.01)\nroby.velocity = 4\nwa()\n")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "LAB [1]: " in first.stdout and "Moving roby from 10 to" in first.stdout
    assert "diode" in first.stdout and "monitor" in first.stdout
    assert (lab / "data").is_dir()
    second = run("shell", cwd=lab, input="wa()\nshutter.state\n")
    assert "roby: velocity 4 (settings) instead of 10 (obtura.yml:11)" in second.stdout
    assert (
        second.stdout.split("Current positions")[1].split()[:5]
        == first.stdout.split("Current positions")[1].split()[:5]
    )
    user = [row for row in second.stdout.splitlines() if row.startswith("user")]
    assert user == [row for row in first.stdout.splitlines() if row.startswith("user")]


def test_a_script_of_a_new_beamline_runs(run, lab):
    done = run("run", "scripts/align.py", cwd=lab)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "amesh roby 3 7 4 robz -2 2 4 0.02" in done.stdout


@pytest.mark.parametrize("name", ["class", "roby", "diodes", "demo", "2nd line"])
def test_a_new_beamline_may_be_called_anything(run, name):
    assert run("new", name).returncode == 0
    checked = run("check", name)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout


def test_new_writes_over_nothing(run, tmp_path):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "mine.txt").write_text("mine")
    refused = run("new", "lab")
    assert (refused.returncode, refused.stderr) == (2, "!!! lab is not empty: give a new directory\n")
    assert [path.name for path in (tmp_path / "lab").iterdir()] == ["mine.txt"]
    (tmp_path / "file").touch()
    refused = run("new", "file/lab")
    assert refused.returncode == 2
    assert "can't be written" in refused.stderr


def test_check_prints_each_problem_and_how_many(run, lab):
    (lab / "devices.yml").write_text("- name: roby\n  class: SimulatedAxs\n- name: 5\n  class: World\n")
    checked = run("check", "lab")
    assert checked.returncode == 1
    first, *_, last = checked.stdout.splitlines()
    assert first.startswith(
        "lab/devices.yml:2:10: the class 'SimulatedAxs' is not known: did you mean 'SimulatedAxis'?"
    )
    assert last.endswith("problems")
    assert checked.stderr == ""


def test_check_reads_the_setup_file_without_running_it(run, lab):
    (lab / "setup.py").write_text("raise SystemExit('run')\n")
    assert run("check", "lab").returncode == 0
    (lab / "setup.py").write_text("def center(:\n")
    checked = run("check", "lab")
    assert checked.returncode == 1
    assert "setup.py:1:" in checked.stdout and checked.stdout.endswith("1 problem\n")


def test_check_finds_devices_that_hide_a_command(run, lab):
    (lab / "more.yml").write_text("- {name: ascan, class: SimulatedAxis}\n")
    checked = run("check", "lab")
    assert checked.returncode == 1
    assert checked.stdout == (
        "lab/more.yml:1:3: ascan: hides the session's own ascan: give it another name\n1 problem\n"
    )


def test_check_finds_the_beamline_above_and_says_when_there_is_none(run, lab):
    assert run("check", cwd=lab / "scripts").returncode == 0
    lost = run("check")
    assert lost.returncode == 2
    assert "no obtura.yml is here or above" in lost.stderr
    assert run("check", "nowhere").returncode == 2


def test_config_lists_what_there_is_and_shows_one_object(run, lab):
    listed = run("config", cwd=lab).stdout
    assert "lab: 11 devices" in listed
    assert "ShutterPreset" in listed and "session.yml:" in listed
    shown = run("config", "--config", "lab", "diode").stdout
    assert "diode: SimulatedDiode of obtura" in shown
    assert "[{axis: $roby, centre: 5.0, sigma: 2.0}]" in shown
    assert "presets" in run("config", "--config", "lab", "lab").stdout
    unknown = run("config", "--config", "lab", "diod")
    assert unknown.returncode == 2
    assert "did you mean 'diode'?" in unknown.stderr


def test_a_schema_is_printed_or_written(run, lab, tmp_path):
    printed = json.loads(run("schema").stdout)
    assert "class.SimulatedAxis" in printed["$defs"]
    written = run("schema", "lab", "-o", "s.json")
    assert written.returncode == 0
    assert "# yaml-language-server: $schema=s.json" in written.stdout
    assert '"$roby"' in (tmp_path / "s.json").read_text()
    assert run("schema", "-o", "no/where.json").returncode == 2


def test_settings_are_listed_and_forgotten(run, lab):
    assert run("settings", cwd=lab).stdout.startswith("nothing is kept yet (")
    run("shell", cwd=lab, input="roby.velocity = 4\nrobz.velocity = 3\n")
    listed = run("settings", cwd=lab).stdout
    assert "roby.velocity  4.0\n" in listed and "robz.velocity  3.0\n" in listed
    assert "robz" not in run("settings", "roby", cwd=lab).stdout
    assert run("settings", "roby", "--forget", cwd=lab).returncode == 0
    assert "roby" not in run("settings", cwd=lab).stdout
    refused = run("settings", "robi", "--forget", cwd=lab)
    assert refused.returncode == 2
    assert "nothing is kept for 'robi': did you mean 'robz'?" in refused.stderr
    assert run("settings", "--forget", cwd=lab).returncode == 2


def test_check_tells_a_template_with_an_unknown_field(run, lab):
    with (lab / "session.yml").open("a") as file:
        file.write("- {name: more, class: Session, saving: {template: '{sampel}'}}\n")
    checked = run("check", "lab")
    assert checked.returncode == 1
    assert "lab/session.yml:" in checked.stdout and "no field 'sampel'" in checked.stdout
