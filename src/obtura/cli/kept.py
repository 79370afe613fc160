"""`obtura settings`: what is kept from session to session."""

import json
import sys
from collections.abc import Sequence

from obtura.cli.check import described_at
from obtura.ground.errors import UsageError
from obtura.session.config.problems import meant
from obtura.session.settings import Settings, settings_path

__all__ = ["kept"]


def kept(directory: str | None, names: Sequence[str], forget: bool) -> int:
    """Print the settings of some objects or of all, or forget them."""
    config = described_at(directory)
    path = settings_path(config)
    if not path.exists():
        print(f"nothing is kept yet ({path})")
        return 0
    settings = Settings(path, say=lambda words: print(f"!!! {words}", file=sys.stderr))
    try:
        known = settings.names()
        for name in names:
            if name not in known:
                raise UsageError(
                    f"nothing is kept for {name!r}{meant(name, known)} (kept: {', '.join(known) or 'none'})"
                )
        if forget:
            if not names:
                raise UsageError("name what is to be forgotten: obtura settings NAME ... --forget")
            for name in names:
                settings.forget(name)
            return 0 if settings.flush() else 1
        _list(settings, names or known)
        print(f"({path})")
    finally:
        settings.close()
    return 0


def _list(settings: Settings, names: Sequence[str]) -> None:
    rows = [(name, key, json.dumps(value)) for name in names for key, value in settings.get(name).items()]
    width = max((len(f"{name}.{key}") for name, key, _ in rows), default=0)
    for name, key, value in rows:
        print(f"{name + '.' + key:{width}}  {value}")
