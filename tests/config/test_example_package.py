"""The example package of the docs is installed as a user installs it, and used."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "obtura-lablight"
OPTIONS = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment in which it is installed; without any network."""
    folder = tmp_path_factory.mktemp("lablight")
    shutil.copytree(EXAMPLE, folder / "source")
    pip = [sys.executable, "-m", "pip", "install", *OPTIONS]
    pip += ["--target", str(folder / "site"), str(folder / "source")]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return os.environ | {"PYTHONPATH": str(folder / "site"), "HOME": str(folder)}


def run(environment, *command, cwd=EXAMPLE):
    return subprocess.run(
        [sys.executable, *map(str, command)], env=environment, cwd=cwd, capture_output=True, text=True, check=False
    )


def test_its_own_tests_pass(installed):
    done = run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_its_beamline_is_good(installed):
    done = run(installed, "-m", "obtura", "check", "beamline")
    assert done.stdout == "beamline: 2 devices, 1 preset, 1 session (lab)\n", done.stderr


def test_its_classes_are_offered_to_editors(installed):
    done = run(installed, "-m", "obtura", "schema")
    assert '"LabLight"' in done.stdout and '"LightPreset"' in done.stdout


def test_mistakes_in_its_yaml_are_told_like_any_other(installed, tmp_path):
    (tmp_path / "lab.yml").write_text("- {name: lamp, class: LabLight, adress: 'localhost:5025'}")
    done = run(installed, "-m", "obtura", "check", tmp_path)
    assert done.returncode == 1
    assert "lamp: LabLight has no 'adress': did you mean 'address'?" in done.stdout
    assert "'address' is missing: LabLight needs it (text)" in done.stdout


def test_without_it_the_class_is_not_known(tmp_path):
    done = run(os.environ, "-m", "obtura", "check", "beamline")
    assert done.returncode == 1
    assert "the class 'LabLight' is not known" in done.stdout
