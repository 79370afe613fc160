"""A beamline in a directory of its own."""

import importlib
import sys
import textwrap

import pytest

from obtura.session.config import Config, ConfigError


class Beamline:
    """YAML files, and what obtura makes of them."""

    def __init__(self, directory):
        self.directory = directory

    def write(self, text, name="devices.yml"):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def load(self, text=None, name="devices.yml"):
        if text is not None:
            self.write(text, name)
        return Config.load(self.directory)

    def problems(self, text=None, name="devices.yml"):
        """What is wrong, a line each, with paths from the directory on."""
        with pytest.raises(ConfigError) as caught:
            self.load(text, name)
        return [str(each).replace(f"{self.directory}/", "") for each in caught.value.problems]

    def problem(self, text=None, name="devices.yml"):
        (only,) = self.problems(text, name)
        return only


@pytest.fixture
def beamline(tmp_path):
    directory = tmp_path / "lab"
    directory.mkdir()
    return Beamline(directory)


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Install a package with classes of its own: `plugin(source, Name="attribute", package="dist")`."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    installed = []

    def install(source, package="other_lab", group="obtura.devices", **points):
        (site / f"{package}.py").write_text(textwrap.dedent(source))
        info = site / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {package}:{attribute}" for name, attribute in points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines]) + "\n")
        installed.append(package)
        importlib.invalidate_caches()
        return lambda: sys.modules[package]

    yield install
    for package in installed:
        sys.modules.pop(package, None)
