"""Settings against what happens to processes: kill -9 at any moment, two sessions, a full disk, a read-only place."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from obtura.session.settings import Settings

CHILD = """
import os, sys
import urllib.parse  # pathlib asks for it late
from pathlib import Path
from obtura.session.settings import Settings
path, *rest = sys.argv[1:]
if os.environ.get("AS_USER"):  # only now: not everybody may read this Python
    os.setuid(int(os.environ["AS_USER"]))
said = []
settings = Settings(Path(path), said.append)
"""


def child(code, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + code, *map(str, arguments)], stdout=subprocess.PIPE, text=True, **options
    )


def read(path):
    said = []
    settings = Settings(path, said.append)
    found = {name: settings.get(name) for name in settings.names()}
    settings.close()
    assert said == []
    return found


WRITES_FOR_EVER = """
number = 0
while True:
    number += 1
    settings.put("roby", "moving", number, now=True)
    print(number, flush=True)  # from here on it has to be there
    settings.put("roby", "a", number)
    settings.put("roby", "b", number)
"""


@pytest.mark.parametrize("seed", range(4))
def test_what_was_safe_survives_kill_9_at_any_moment(tmp_path, seed):
    chance = random.Random(seed)
    path = tmp_path / "lab.db"
    for _ in range(3):
        process = child(WRITES_FOR_EVER, path)
        told = [int(process.stdout.readline()) for _ in range(chance.randrange(1, 400))]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().split("\n")[:-1]]
        process.wait()
        process.stdout.close()
        kept = read(path)["roby"]
        assert told[-1] <= kept["moving"] <= told[-1] + 1


WRITES_OWN_AND_SHARED = """
name, number = rest[0], int(rest[1])
for value in range(number):
    settings.put(name, f"k{value % 7}", value, now=value % 20 == 0)
    settings.put("shared", name, value)
    settings.put("shared", "last", name)
settings.close()
print(said)
"""


def test_sessions_that_write_at_once_lose_nothing_and_complain_of_nothing(tmp_path):
    path = tmp_path / "lab.db"
    processes = [child(WRITES_OWN_AND_SHARED, path, name, 2000) for name in ("one", "two", "three")]
    for process in processes:
        assert process.communicate(timeout=240)[0].strip() == "[]"
        assert process.returncode == 0
    kept = read(path)
    for name in ("one", "two", "three"):
        assert kept[name] == {f"k{n}": max(range(n, 2000, 7)) for n in range(7)}
        assert kept["shared"][name] == 1999
    assert kept["shared"]["last"] in ("one", "two", "three")


def test_sessions_that_find_one_damaged_file_move_it_aside_once(tmp_path):
    path = tmp_path / "lab.db"
    path.write_bytes(b"no database" * 1000)
    code = "settings.put(rest[0], 'offset', 1.0, now=True)\nsettings.close()\nprint(said)"
    processes = [child(code, path, f"m{number}") for number in range(4)]
    told = [process.communicate(timeout=240)[0] for process in processes]
    assert sum("is damaged" in each for each in told) == 1
    assert [each.name for each in tmp_path.glob("*damaged*")] == ["lab.db.damaged-1"]
    assert sorted(read(path)) == ["m0", "m1", "m2", "m3"]


FILLS_UP = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
settings.put("roby", "before", 1, now=True)
settings.put("roby", "large", "x" * 200_000, now=True)
settings.put("roby", "after", 2, now=True)
print(len(said), "can't be kept" in said[0], settings.flush(), sorted(settings.get("roby")))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(settings.flush(), "are kept again" in said[1])
"""


def test_on_a_full_disk_the_session_goes_on_and_writes_when_there_is_room(tmp_path):
    path = tmp_path / "lab.db"
    printed = child(FILLS_UP, path).communicate(timeout=240)[0]
    assert printed.splitlines() == ["1 True False ['after', 'before', 'large']", "True True"]
    assert sorted(read(path)["roby"]) == ["after", "before", "large"]


READS_ONLY = """
print(settings.get("roby"), len(said), "readonly" in said[0] or "read-only" in said[0] or "unable to open" in said[0])
settings.put("roby", "sign", -1, now=True)
print(settings.get("roby"))
"""


@pytest.fixture
def public_directory():
    """A directory that any account can look into."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    yield directory
    directory.chmod(0o755)
    shutil.rmtree(directory)


def test_what_may_only_be_read_is_read_and_the_session_goes_on(public_directory):
    path = public_directory / "lab.db"
    settings = Settings(path)
    settings.put("roby", "offset", 1.0)
    settings.close()
    path.chmod(0o444)
    public_directory.chmod(0o555)
    as_nobody = {"AS_USER": "65534"} if os.getuid() == 0 else {}
    printed = child(READS_ONLY, path, env=os.environ | as_nobody).communicate(timeout=240)[0]
    assert printed.splitlines() == ["{'offset': 1.0} 1 True", "{'offset': 1.0, 'sign': -1}"]
    public_directory.chmod(0o755)
    path.chmod(0o644)
    assert read(path) == {"roby": {"offset": 1.0}}


def test_what_waits_is_written_when_the_process_ends_without_closing(tmp_path):
    path = tmp_path / "lab.db"
    process = child("settings.put('roby', 'offset', 1.5)", path)
    process.communicate(timeout=240)
    assert process.returncode == 0
    assert read(path) == {"roby": {"offset": 1.5}}


def test_a_session_that_holds_the_file_for_long_keeps_no_other_waiting_for_ever(tmp_path):
    path = tmp_path / "lab.db"
    Settings(path).close()
    holds = "import sqlite3\nc = sqlite3.connect(path, isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\n"
    holder = child(holds + "print('holds', flush=True)\nsys.stdin.read()", path, stdin=subprocess.PIPE)
    assert holder.stdout.readline() == "holds\n"
    said = []
    settings = Settings(path, said.append)
    settings.put("roby", "offset", 1.0, now=True)
    assert settings.get("roby") == {"offset": 1.0}
    assert "database is locked" in said[0]
    holder.communicate("go on")
    assert settings.flush()
    settings.close()
    assert json.loads(json.dumps(read(path))) == {"roby": {"offset": 1.0}}
