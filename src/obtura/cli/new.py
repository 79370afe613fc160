"""`obtura new`: the first files of a beamline, which runs at once."""

import json
import keyword
import re
from importlib.resources import files
from pathlib import Path

from obtura.ground.errors import UsageError
from obtura.session.builtin import DEMO
from obtura.session.config import Config
from obtura.session.config.files import MARK
from obtura.session.config.schema import schema

__all__ = ["new"]

_FILES = {
    MARK: "obtura.yml",
    "devices.yml": "devices.yml",
    "session.yml": "session.yml",
    "setup.py": "setup.py.txt",  # .txt: no module of obtura
    "scripts/align.py": "scripts/align.py.txt",
}
_SCHEMA = ".obtura.schema.json"


def new(directory: Path) -> int:
    """Write a commented beamline of simulated devices into a new or empty directory.

    Raises:
        UsageError: the directory is not empty, or can't be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise UsageError(f"{directory} is not empty: give a new directory")
        _write(directory)
    except OSError as error:
        raise UsageError(f"{directory}: can't be written: {error.strerror}") from None
    print(f"{directory} describes a beamline of simulated devices:")
    for name in _FILES:
        print(f"  {name}")
    print("Next:")
    print(f"  cd {directory}")
    print("  obtura check          after each change of the YAML")
    print('  obtura shell          then try: center()   load_script("align")   wa()')
    return 0


def _write(directory: Path) -> None:
    name = directory.resolve().name
    texts = {
        target: files("obtura.cli").joinpath("beamline", *source.split("/")).read_text(encoding="utf-8")
        for target, source in _FILES.items()
    }
    taken = {*re.findall(r"name: (\w+)", "".join(texts.values())), *keyword.kwlist, DEMO}
    session = _word(name)
    session = f"{session}_line" if session in taken else session
    for target, text in texts.items():
        text = text.replace("{name}", json.dumps(name)).replace("{session}\n", f"{session}\n")
        path = directory / target
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    described = json.dumps(schema(Config.load(directory)), indent=1)
    (directory / _SCHEMA).write_text(described + "\n", encoding="utf-8")


def _word(name: str) -> str:
    """A name that can be typed, of that of a directory."""
    word = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "beamline"
    return f"b{word}" if word[0].isdigit() else word
