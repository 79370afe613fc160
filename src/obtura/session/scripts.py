"""Python files of a session: its setup, the beamline's scripts, the user's scripts."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from obtura.contracts.settings import OnSetting, Setting
from obtura.data.template import close_match
from obtura.ground.errors import UsageError, annotate
from obtura.session.messages import places

__all__ = ["COMMANDS", "Scripts"]

COMMANDS = ("load_script", "user_script_homedir", "user_script_list", "user_script_load", "user_script_run")


class Scripts:
    """Runs Python files with the names of a session in them. `names`: the session's, which grow.

    `setups`: the files that are run when the session opens; `directory`: where `load_script` looks, and at first
    the user's scripts too.
    """

    def __init__(self, names: dict[str, Any], setups: Sequence[Path] = (), directory: Path | None = None) -> None:
        self._names = names
        self._setups = tuple(setups)
        self._directory = directory
        self._homedir: Path | None = None
        self._listener: OnSetting | None = None

    def setup(self) -> None:
        """Run the setup files, again if they were run before; what they define joins the names of the session.

        Raises:
            UsageError: it can't be read, or is no Python; or whatever it raises.
        """
        for path in self._setups:
            _execute(path, self._names)

    def load_script(self, name: str) -> None:
        """Run a script of the session's scripts directory: `load_script("align")`; what it defines is yours then.

        Raises:
            UsageError: there is no such script, or it is no Python; or whatever it raises.
        """
        if self._directory is None:
            raise UsageError("this session has no scripts directory; its YAML names one: `scripts: ./scripts`")
        _execute(_found(self._directory, name), self._names)

    def user_script_homedir(self, directory: str | Path | None = None) -> str:
        """Say where the user's scripts are; with a directory, look there from now on, also tomorrow.

        Raises:
            UsageError: there is no such directory, or none was ever given.
        """
        if directory is not None:
            chosen = Path(directory).expanduser().absolute()
            if not chosen.is_dir():
                raise UsageError(f"user_script_homedir: {chosen} is no directory")
            self._homedir = chosen
            if self._listener is not None:
                self._listener("homedir", str(chosen))
        return str(self._home())

    def user_script_list(self) -> None:
        """Print the user's scripts."""
        home = self._home()
        print(f"Scripts in {home}:")
        for path in _scripts(home):
            print(f"  {path.relative_to(home).with_suffix('').as_posix()}")

    def user_script_load(self, name: str, export_global: bool | str = "user") -> Any:
        """Run a user's script; what it defines is then in `user`: `user_script_load("fit")`, `user.fit(3)`.

        `export_global`: another name for `user`; True: the names join those of the session themselves; False:
        they are only given back.

        Raises:
            UsageError: there is no such script, or it is no Python; or whatever it raises.
        """
        path = _found(self._home(), name)
        if export_global is True:
            _execute(path, self._names)
            return None
        before = dict(self._names)
        names = dict(before)
        _execute(path, names)
        own = {key: value for key, value in names.items() if key[0] != "_" and before.get(key, self) is not value}
        space = SimpleNamespace(**own)
        if export_global is False:
            return space
        former = self._names.get(export_global)
        kept = vars(former) if isinstance(former, SimpleNamespace) else {}
        self._names[export_global] = SimpleNamespace(**{**kept, **own})
        return None

    def user_script_run(self, name: str) -> None:
        """Run a user's script; what it defines is forgotten.

        Raises:
            UsageError: there is no such script, or it is no Python; or whatever it raises.
        """
        _execute(_found(self._home(), name), dict(self._names))

    def _home(self) -> Path:
        home = self._homedir or self._directory
        if home is None:
            raise UsageError('nobody said where your scripts are: user_script_homedir("~/scripts")')
        return home

    # -- settings -----------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Setting]:
        """Where the user's scripts are, when it was said."""
        return {"homedir": str(self._homedir) if self._homedir is not None else None}

    def restore(self, settings: Any) -> None:
        """Take over what an earlier session kept; a directory that is gone is not looked into."""
        homedir = settings.get("homedir")
        self._homedir = Path(homedir) if isinstance(homedir, str) and Path(homedir).is_dir() else None

    def on_setting(self, listener: OnSetting | None) -> None:
        """Tell `listener` of every change from now on; None: nobody."""
        self._listener = listener


def _scripts(home: Path) -> list[Path]:
    hidden = (".", "_")
    return sorted(
        path for path in home.rglob("*.py") if not any(part.startswith(hidden) for part in path.relative_to(home).parts)
    )


def _found(home: Path, name: str) -> Path:
    if not isinstance(name, str) or not name:
        raise UsageError(f"a script has a name in quotes, not {name!r}")
    path = home / (name if name.endswith(".py") else f"{name}.py")
    if not path.is_file():
        known = [one.relative_to(home).with_suffix("").as_posix() for one in _scripts(home)]
        raise UsageError(f"there is no script {path}; {close_match(name.removesuffix('.py'), known)}")
    return path


def _execute(path: Path, names: dict[str, Any]) -> None:
    """Run a file with `names` as its globals; an error has the lines of the file that led to it as notes."""
    try:
        code = compile(path.read_bytes(), str(path), "exec")
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror or error}") from error
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{path}, line {getattr(error, 'lineno', None) or 1}: {_syntax(error)}") from error
    here = str(path.parent.resolve())
    if here not in sys.path:  # its neighbours can be imported, also later
        sys.path.append(here)
    before = names.get("__file__")
    names["__file__"] = str(path)
    try:
        exec(code, names)
    except BaseException as error:
        for place in places(error, path):
            annotate(error, place)
        raise
    finally:
        names.pop("__file__", None) if before is None else names.update(__file__=before)


def _syntax(error: SyntaxError | ValueError) -> str:
    text = getattr(error, "text", None)
    return f"{getattr(error, 'msg', None) or error}" + (f"\n    {text.strip()}" if text else "")
