"""The validator of the nexusformat package, which knows the NXDL definition of every class, asked what it thinks.

Two things of it are not those of the definitions, and are seen to here:

- It wants names that begin with a letter. The schema of the definitions, which lies beside them, does not: its pattern
  is asked instead.
- It can't go into an external link to an entry. Such entries are files of their own: those are asked.
"""

import logging
import re
import shutil
import warnings
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from functools import cache
from importlib.resources import files

import h5py

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nexusformat.nexus import validate


class _Lines(logging.Handler):
    """Keeps what is logged: the levels are those of the validator, CRITICAL is where it stands."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((record.levelno, record.getMessage().strip()))


def complaints(path):
    """What it has against a file, as lines: "ERROR 12.1/plot: what"."""
    copy = path.with_name(f"{path.stem}_to_validate{path.suffix}")  # beside it, for links to frames
    shutil.copy(path, copy)
    try:
        _without_links_to_entries(copy)
        with _logged() as log:
            total = validate.validate_file(str(copy))
    finally:
        copy.unlink()
    return _complaints(log, total)


def complaints_of(application, path, entry):
    """What an application definition has against an entry of a file, in the same form."""
    with _logged() as log:
        total = validate.validate_application(str(path), path=f"/{entry}", application=application)
    return _complaints(log, total)


def _complaints(log, total):
    said = [line for line in log.lines if line[0] in (logging.WARNING, logging.ERROR)]
    assert total == (sum(line[0] == logging.WARNING for line in said), sum(line[0] == logging.ERROR for line in said))
    found, where = [], "/"
    for level, line in log.lines:
        if level not in (logging.WARNING, logging.ERROR):
            where = line.partition(": ")[2] or where
        elif not _is_a_fit_name(line):
            found.append(f"{logging.getLevelName(level)} {where}: {line}")
    return found


@contextmanager
def _logged():
    log, others, level = _Lines(), validate.logger.handlers, validate.logger.level
    validate.logger.handlers = [log]
    validate.logger.setLevel(logging.WARNING)
    try:
        yield log
    finally:
        validate.logger.handlers = others
        validate.logger.setLevel(level)


def _without_links_to_entries(path):
    with h5py.File(path, "r+") as file:
        for entry in file.values():
            scans = entry.get("scans", {})
            for name in [name for name in scans if isinstance(scans.get(name, getlink=True), h5py.ExternalLink)]:
                del scans[name]


def _is_a_fit_name(line):
    match = re.fullmatch(r'"(.*)" is an invalid name', line)
    return bool(match and len(match[1]) < 64 and re.fullmatch(_names(), match[1]))


@cache
def _names():
    """The pattern of names, as the schema of the definitions has it."""
    schema = ET.parse(files("nexusformat") / "definitions" / "nxdl.xsd")
    kind = schema.find(".//{*}simpleType[@name='validItemName']")
    return kind.find(".//{*}pattern").get("value")
