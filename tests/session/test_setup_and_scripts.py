"""Setup files and user scripts: they have the session's names, and what they define is had."""

import sys

import pytest
from beamlines import DEVICES

from obtura.ground.errors import UsageError

WITH_SETUP = (
    DEVICES + "- {name: lab, class: Session, setup: setup.py, scripts: scripts, saving: {base_path: ../data}}\n"
)


@pytest.fixture
def open_lab(open_session):
    def open_lab(setup="", **scripts):
        files = {f"scripts--{name}__py": text for name, text in scripts.items()}
        return open_session(WITH_SETUP, setup__py=setup, **(files or {"scripts--empty__py": ""}))

    return open_lab


def test_the_setup_file_has_the_names_of_the_session_and_its_own_are_had(open_lab):
    session = open_lab(
        """
        import math
        half = roby.limits[1] / 2
        def measure(n=2):
            return loopscan(n, 0.001, diode)
        _hidden = 3
        """
    )
    assert len(session.measure().get_data("diode")) == 2
    assert {"measure", "half", "math"} <= set(session.namespace())
    assert "_hidden" not in session.namespace()


def test_a_function_of_the_setup_sees_what_comes_later(open_lab):
    session = open_lab("def look():\n    return later\n")
    session.env_dict["later"] = 5
    assert session.look() == 5


@pytest.mark.parametrize(
    ("setup", "told"),
    [
        ("a = 1\nroby.nonsense()\n", ["AttributeError", "setup.py, line 2: roby.nonsense()"]),
        ("def f(:\n    pass\n", ["setup.py, line 1: ", "def f(:"]),
        ("x = 1\nraise SystemExit(3)\n", ["SystemExit", "setup.py, line 2"]),
        ("raise KeyboardInterrupt\n", ["setup.py, line 1"]),
        ("import nowhere_to_be_found\n", ["No module named", "setup.py, line 1"]),
        ("x = '\\0'\n" + chr(0), ["setup.py, line 1", "null bytes"]),
    ],
)
def test_an_error_in_it_is_told_with_file_and_line_and_the_session_is_open(open_lab, capsys, setup, told):
    session = open_lab(setup)
    printed = capsys.readouterr().err
    assert printed.startswith("!!! ")
    assert all(text in printed for text in told), printed
    assert "Traceback" not in printed
    assert session.roby.position == 0


def test_a_line_that_calls_itself_is_told_once(open_lab, capsys):
    open_lab("def deeper():\n    deeper()\ndeeper()\n")
    first, *lines = capsys.readouterr().err.splitlines()
    assert first.startswith("!!! RecursionError")
    assert [line.partition("setup.py, ")[2] for line in lines] == ["line 3: deeper()", "line 2: deeper()"]


def test_setup_runs_again_when_it_is_asked_to(open_lab, tmp_path):
    session = open_lab("value = 1\n")
    session.value = None
    (tmp_path / "beamline" / "setup.py").write_text("value = 2\n")
    session.setup()
    assert session.env_dict["value"] == 2
    (tmp_path / "beamline" / "setup.py").write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError) as caught:
        session.setup()
    assert caught.value.__notes__[0].endswith("setup.py, line 1: 1 / 0")


def test_setup_files_of_included_sessions_come_first(open_session):
    session = open_session(
        DEVICES
        + """
- {name: base, class: Session, setup: base.py}
- {name: lab, class: Session, include: [base], setup: setup.py}
""",
        "lab",
        base__py="order = ['base']\n",
        setup__py="order.append('lab')\n",
    )
    assert session.order == ["base", "lab"]


def test_the_setup_imports_its_neighbours_and_knows_its_file(open_session, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    session = open_session(
        WITH_SETUP,
        setup__py="import lab_tools_for_tests\nfile = __file__\n",
        lab_tools_for_tests__py="VALUE = 7\n",
        **{"scripts--empty__py": ""},
    )
    sys.modules.pop("lab_tools_for_tests")
    assert session.lab_tools_for_tests.VALUE == 7
    assert session.file.endswith("setup.py")
    assert "__file__" not in session.env_dict


def test_a_measurement_group_made_in_the_setup_can_be_the_active_one(open_lab):
    session = open_lab("MeasurementGroup('mine', [monitor]).set_active()\n")
    assert session.ACTIVE_MG.name == "mine"
    assert list(session.bench.loopscan(1, 0.001).get_data())[-1] == "sim:monitor"


# -- scripts ----------------------------------------------------------------------------------------------------

FIT = "import math\nSCALE = 2\ndef fit(x):\n    return SCALE * x + roby.position\n"


def test_load_script_gives_its_names_to_the_session(open_lab):
    session = open_lab(fit=FIT)
    session.load_script("fit")
    assert session.fit(3) == 6
    session.load_script("fit.py")


def test_user_scripts_are_listed_loaded_and_run(open_lab, capsys):
    session = open_lab(fit=FIT, show="result = 3\nprint('shown', roby.name)\n", _private="", sub="")
    session.user_script_list()
    assert capsys.readouterr().out.split() == ["Scripts", "in", f"{session.origin.scripts}:", "fit", "show", "sub"]
    session.user_script_load("fit")
    assert session.user.fit(3) == 6
    session.user_script_load("show")
    assert (session.user.result, session.user.SCALE) == (3, 2)
    session.user_script_run("show")
    assert capsys.readouterr().out == "shown roby\nshown roby\n"
    assert "result" not in session.env_dict and "fit" not in session.env_dict


def test_their_names_go_where_it_is_said(open_lab):
    session = open_lab(fit=FIT)
    session.user_script_load("fit", export_global="tools")
    assert session.tools.fit(1) == 2
    assert session.user_script_load("fit", export_global=False).fit(2) == 4
    assert "fit" not in session.env_dict
    session.user_script_load("fit", export_global=True)
    assert session.fit(2) == 4


def test_a_script_that_is_not_there_is_answered_with_what_was_meant(open_lab):
    session = open_lab(fit=FIT)
    for command in (session.load_script, session.user_script_load, session.user_script_run):
        with pytest.raises(UsageError, match="there is no script .*fitt.py; did you mean 'fit'"):
            command("fitt")
    with pytest.raises(UsageError, match="name in quotes"):
        session.user_script_run(session.ct)


def test_an_error_in_a_script_has_its_lines(open_lab):
    session = open_lab(bad="def inner():\n    return 1 / 0\ninner()\n")
    with pytest.raises(ZeroDivisionError) as caught:
        session.user_script_run("bad")
    assert [note.partition("scripts/")[2] for note in caught.value.__notes__] == [
        "bad.py, line 3: inner()",
        "bad.py, line 2: return 1 / 0",
    ]


def test_one_s_own_directory_is_kept_for_the_next_session(open_lab, open_session, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "own.py").write_text("print('mine')\n")
    session = open_lab(fit=FIT)
    assert session.user_script_homedir() == str(session.origin.scripts)
    session.user_script_homedir(str(mine))
    session.close()
    again = open_session()
    assert again.user_script_homedir() == str(mine)
    again.user_script_run("own")
    with pytest.raises(UsageError, match="no directory"):
        again.user_script_homedir(tmp_path / "nowhere")


def test_without_any_directory_it_is_said_what_to_do(open_session):
    session = open_session(DEVICES + "- {name: lab, class: Session}\n")
    with pytest.raises(UsageError, match="scripts: "):
        session.load_script("fit")
    with pytest.raises(UsageError, match="user_script_homedir"):
        session.user_script_list()
