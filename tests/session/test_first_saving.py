"""What the YAML says of saving, and can't be."""

import pytest
from beamlines import DEVICES, write

from obtura.session.config import Config
from obtura.session.first_saving import wrong_saving


@pytest.fixture
def told(tmp_path):
    def told(saving, setup=None, first=""):
        keys = f"saving: {saving}" + (", setup: setup.py" if setup is not None else "")
        files = {"setup__py": setup} if setup is not None else {}
        config = Config.load(
            write(tmp_path / "beamline", f"{DEVICES}{first}- {{name: lab, class: Session, {keys}}}", **files)
        )
        return [str(problem).partition("beamline.yml:")[2] for problem in wrong_saving(config)]

    return told


def column(saving, word):
    return len("- {name: lab, class: Session, saving: ") + saving.index(word) + 1


@pytest.mark.parametrize(
    ("saving", "value", "problem"),
    [
        (
            "{template: '{session}/{sampel}', sample: none}",
            "'{session}/",
            "no field 'sampel' to fill in; did you mean 'sample'?",
        ),
        ("{template: '{session'}", "'{session'", "has a brace without its partner"),
        ("{template: ../elsewhere}", "../elsewhere", "template"),
        ("{data_filename: '{scan_number}'}", "'{scan_number}'", "is known in a scan only"),
        ("{images_prefix: '{camera}'}", "'{camera}'", "no field 'camera'"),
        ("{save_images: perhaps}", "perhaps", "save_images"),
        ("{root_path: /data}", "/data", "root_path can't be set"),
    ],
)
def test_a_mistake_is_told_with_its_place(told, saving, value, problem):
    (only,) = told(saving)
    assert only.startswith(f"10:{column(saving, value)}: lab: saving: ")
    assert problem in only


def test_what_can_be_is_no_problem(told):
    assert told("{template: '{session}/{sample}/{date}', sample: none, save_images: no, user_name: me}") == []
    assert told("{images_path_template: '{sample}/scan{scan_number}', sample: none}") == []


def test_a_field_that_a_setup_file_adds_is_known(told):
    saving = "{template: '{session}/{sample}'}"
    assert told(saving, setup="SCAN_SAVING.add('sample', 'none')\n") == []
    assert len(told(saving, setup="SCAN_SAVING.add('samples', 'none')\n")) == 1


def test_a_setup_file_of_an_included_session_counts_too(tmp_path):
    yaml = DEVICES + (
        "- {name: base, class: Session, setup: setup.py}\n"
        "- {name: lab, class: Session, include: [base], saving: {template: '{sample}'}}\n"
    )
    config = Config.load(write(tmp_path / "beamline", yaml, setup__py="SCAN_SAVING.add('sample')\n"))
    assert list(wrong_saving(config)) == []
