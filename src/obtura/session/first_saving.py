"""What SCAN_SAVING begins with: what the YAML says, and whether that can be."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from obtura.data.saving import ScanSaving
from obtura.ground.errors import UsageError
from obtura.session.config import Config, Place, Problem, SessionSpec
from obtura.session.config.nodes import Table

__all__ = ["first_saving", "wrong_saving"]

_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def first_saving(spec: SessionSpec) -> ScanSaving:
    """Where data go at first: what the YAML says, else `scans` in the user's home directory.

    Raises:
        UsageError: a key that can't be, or not with this value.
    """
    given = dict(spec.saving)
    saving = ScanSaving(spec.name, given.pop("user_name", ""), given.pop("base_path", Path.home() / "scans"))
    for key, value in given.items():
        _set(saving, key, value)
    return saving


def _set(saving: ScanSaving, key: str, value: str) -> None:
    if not hasattr(saving, key):
        saving.add(key)
    is_switch = isinstance(getattr(saving, key), bool)
    setattr(saving, key, _SWITCH.get(value.lower(), value) if is_switch else value)


def wrong_saving(config: Config) -> Iterator[Problem]:
    """What the YAML says of saving and can't be, in any session; none is opened.

    A field of a template may be one that a setup file adds: it is known when the file has the word.
    """
    for name in config.sessions:
        spec = config.session(name)
        if not spec.saving:
            continue
        good = dict(spec.saving)
        for key, value in spec.saving.items():
            try:
                first_saving(spec._replace(saving={key: value}))
            except UsageError as error:
                del good[key]
                yield Problem(_place(config, name, key), f"{name}: saving: {error}")
        saving = first_saving(spec._replace(saving=good))
        _add_those_of_setup(saving, _setup_texts(config, spec))
        yield from _wrong_templates(config, name, saving)


def _wrong_templates(config: Config, name: str, saving: ScanSaving) -> Iterator[Problem]:
    results: tuple[Callable[[], str], ...] = (
        lambda: saving.filename,
        lambda: saving.images_file(1, "scan", "camera"),
    )
    for result in results:
        try:
            result()
        except UsageError as error:
            key = str(error).partition(" ")[0]
            yield Problem(_place(config, name, key), f"{name}: saving: {error}")
            return  # frames go beside the file: the second would only say the same


def _add_those_of_setup(saving: ScanSaving, texts: list[str]) -> None:
    templates = saving.template, saving.data_filename, saving.images_path_template, saving.images_prefix
    for field in re.findall(r"\{([^\W\d]\w*)\}", " ".join(templates)):
        if not hasattr(saving, field) and any(re.search(rf"\b{field}\b", text) for text in texts):
            try:
                saving.add(field)
            except UsageError:  # one that is known in a scan only
                continue


def _setup_texts(config: Config, spec: SessionSpec) -> list[str]:
    own = [spec.setup.read_text(encoding="utf-8", errors="replace")] if spec.setup is not None else []
    return [*own, *(text for each in spec.include for text in _setup_texts(config, config.session(each)))]


def _place(config: Config, name: str, key: str) -> Place:
    described = config.describe(name)
    table = described.table.get("saving")
    node = table.get(key) if isinstance(table, Table) else None
    return described.places["saving"] if node is None else node.place
