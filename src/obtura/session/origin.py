"""Where a session comes from: the files and the builder that a session described in YAML has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from obtura.session.keeping import Keeper
from obtura.session.manner import PLAIN, Manner
from obtura.works.ledger import Ledger

__all__ = ["Origin"]


@dataclass(frozen=True)
class Origin:
    """What a session made by hand has nothing of.

    `title`: for people; `config`: the description, whose `get(name)` gives any object; `texts`: name and text of each
    file it was read from; `setups`: the Python files
    that are run at the start; `scripts`: the directory of scripts; `aliases`: names of devices by alias; `keeper`:
    keeps settings; `build`: makes an object that was not there, or raises what is wrong; `ledger`: where is
    noted what has to be closed and returned; `manner`: how it was opened.
    """

    title: str = ""
    config: Any = None
    texts: tuple[tuple[str, str], ...] = ()
    setups: tuple[Path, ...] = ()
    scripts: Path | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    keeper: Keeper = field(default_factory=Keeper)
    build: Callable[[str], Any] | None = None
    ledger: Ledger | None = None
    manner: Manner = PLAIN
