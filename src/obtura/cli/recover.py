"""`obtura recover`: what a crash or a full disk left is put in order."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from obtura.data import lock
from obtura.data.apart import Apart
from obtura.data.contents import make_index
from obtura.data.layout import index_file, master_of, scan_directory
from obtura.data.recovery import Recovered, recover_all
from obtura.data.spool import default_spool, masters_in
from obtura.ground.errors import SavingError, UsageError

__all__ = ["recover"]


def recover(paths: Iterable[Path]) -> int:
    """Put in order every scan of some files or directories, or what is in the spool; 1 when one can't be.

    Finished scans that no index knows are noted in one, so that the next list of them is quick.
    """
    given = list(paths)
    masters = [master for path in given for master in _masters(path)] if given else _spooled_masters()
    outcomes = [outcome for master in dict.fromkeys(masters) for outcome in _recover(master)]
    for outcome in outcomes:
        print(f"!!! {outcome}" if isinstance(outcome, SavingError) else outcome, file=sys.stdout)
    if not outcomes:
        print("nothing to recover")
    return 1 if any(isinstance(outcome, SavingError) for outcome in outcomes) else 0


def _recover(master: Path) -> Iterator[Recovered | SavingError | str]:
    try:
        locked = lock.take(master, 0)
    except SavingError as error:
        yield error
        return
    try:
        with Apart() as apart:
            yield from recover_all(master, lambda number: False, default_spool(), apart.ask)
            if noted := make_index(master, master, apart.ask) if master.exists() else 0:
                yield f"{index_file(master)}: {noted} {'entry' if noted == 1 else 'entries'} noted, lists are quick now"
    except UsageError as error:
        yield SavingError(str(error))
    finally:
        lock.release(locked, 0)


def _masters(path: Path) -> list[Path]:
    """The masters that a file or directory means: itself, the one of a scan's file, those of all scans below."""
    path = path.absolute()
    if path.is_dir():
        scans = {file.parent: master_of(file) for file in path.rglob("scan*.h5") if master_of(file).exists()}
        beside = [*map(master_of, sorted(path.rglob("scan*.journal"))), *scans.values()]
        away = [master for master in _spooled_masters() if master.is_relative_to(path)]
        return [*beside, *away]
    master = master_of(path)
    if path.name.startswith("scan") and master.exists():
        return [master]
    if not path.exists() and not path.with_suffix("").is_dir():
        raise UsageError(f"there is no file or directory {path}")
    return [path]


def _spooled_masters() -> list[Path]:
    """The masters of scans that went on in the spool, where their directory is there again."""
    return [master for master in masters_in(default_spool()) if scan_directory(master).is_dir()]
