"""What outlives a session: written behind, read back, kept in memory when the disk does not want it."""

import math
import os
import sqlite3
import threading
import time

import numpy as np
import pytest

from obtura.ground.errors import UsageError
from obtura.session.config import Config
from obtura.session.settings import Settings, settings_path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "lab.db"


@pytest.fixture
def opened(path):
    """Open the settings; what they say is in `.said`. All are closed at the end."""
    every = []

    def open_settings(where=path):
        said = []
        settings = Settings(where, said.append)
        settings.said = said
        every.append(settings)
        return settings

    yield open_settings
    for settings in every:
        settings.close()


def written(path, name):
    """What the file has, as another process would read it."""
    with sqlite3.connect(path) as connection:
        rows = dict(connection.execute("SELECT key, value FROM settings WHERE name = ?", (name,)))
    connection.close()
    return rows


def wait_until(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it took more than 20 s"
        time.sleep(0.01)


VALUES = {
    "offset": 1.5,
    "limits": [-math.inf, math.inf],
    "steps": 10,
    "on": True,
    "unit": "µm",
    "none": None,
    "states": {"default": ["a", "b"], "x": {"y": [1]}},
}


def test_settings_come_back_in_the_next_session(opened, path):
    settings = opened()
    for key, value in VALUES.items():
        settings.put("roby", key, value)
    settings.close()
    again = opened()
    assert again.get("roby") == VALUES
    assert again.names() == ["roby"]
    assert again.said == []


def test_a_setting_is_had_as_soon_as_it_is_put(opened):
    settings = opened()
    settings.put("roby", "offset", 1.0)
    settings.put("roby", "offset", 2.0)
    settings.put("robz", "offset", 3.0)
    assert settings.get("roby") == {"offset": 2.0}
    assert settings.names() == ["roby", "robz"]
    assert settings.get("nobody") == {}


def test_what_changes_often_is_written_now_and_then(opened, path):
    settings = opened()
    began = time.perf_counter()
    for number in range(20_000):
        settings.put("roby", "position", float(number))
    assert time.perf_counter() - began < 20, "a put costs microseconds, not a write each"
    wait_until(lambda: written(path, "roby").get("position") == "19999.0")


def test_what_must_be_safe_is_in_the_file_when_put_returns(opened, path):
    settings = opened()
    settings.put("roby", "moving", 5.0, now=True)
    assert written(path, "roby") == {"moving": "5.0"}


def test_what_is_forgotten_is_gone_and_can_come_back(opened, path):
    settings = opened()
    settings.put("roby", "offset", 1.0)
    settings.put("robz", "offset", 1.0)
    settings.forget("roby")
    assert (settings.get("roby"), settings.names()) == ({}, ["robz"])
    settings.put("roby", "sign", -1)
    settings.close()
    assert opened().get("roby") == {"sign": -1}


def test_numbers_of_numpy_are_numbers(opened):
    settings = opened()
    settings.put("roby", "offset", np.float64(1.5))
    settings.put("roby", "steps", np.int64(3))
    settings.put("roby", "both", np.array([1.0, math.inf]))
    assert settings.get("roby") == {"offset": 1.5, "steps": 3, "both": [1.0, math.inf]}


def test_what_json_does_not_have_is_refused_at_once(opened):
    settings = opened()
    with pytest.raises(UsageError, match=r"roby.offset can't be kept, it is <object .*JSON has no object"):
        settings.put("roby", "offset", object())
    assert settings.get("roby") == {}


def test_a_list_that_changes_later_is_kept_as_it_was(opened):
    settings, limits = opened(), [1, 2]
    settings.put("roby", "limits", limits)
    limits.append(3)
    assert settings.get("roby") == {"limits": [1, 2]}


def test_two_sessions_change_one_file_and_nothing_is_lost(opened):
    one, two = opened(), opened()
    one.put("roby", "offset", 1.0)
    two.put("roby", "sign", -1)
    two.put("robz", "offset", 2.0)
    one.flush(), two.flush()
    assert one.get("roby") == two.get("roby") == {"offset": 1.0, "sign": -1}
    assert one.names() == ["roby", "robz"]


def test_threads_may_put_at_once(opened):
    settings = opened()

    def put(name):
        for number in range(500):
            settings.put(name, f"k{number % 10}", number, now=number % 50 == 0)

    threads = [threading.Thread(target=put, args=(f"m{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(settings.get(f"m{n}")["k9"] == 499 for n in range(4))


def test_a_damaged_file_is_moved_aside_and_told(opened, path):
    path.parent.mkdir()
    path.write_bytes(b"this is no database, whatever it is" * 100)
    settings = opened()
    (said,) = settings.said
    assert "lab.db is damaged (file is not a database) and was moved to lab.db.damaged-1: settings begin anew" in said
    settings.put("roby", "offset", 1.0)
    settings.close()
    assert opened().get("roby") == {"offset": 1.0}
    assert (path.parent / "lab.db.damaged-1").read_bytes().startswith(b"this is no database")


def test_a_page_in_the_middle_that_is_damaged_is_noticed_at_the_start(opened, path):
    settings = opened()
    for number in range(2000):
        settings.put("roby", f"key{number}", number)
    settings.close()
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    path.write_bytes(data)
    settings = opened()
    assert "is damaged" in settings.said[0]
    assert settings.get("roby") == {}


def test_a_file_that_is_taken_away_is_written_anew_with_what_this_session_put(opened, path):
    settings = opened()
    settings.put("roby", "offset", 1.0, now=True)
    for each in path.parent.iterdir():
        each.unlink()
    settings.put("roby", "sign", -1, now=True)
    assert written(path, "roby") == {"offset": "1.0", "sign": "-1"}


def test_a_value_that_can_not_be_read_is_left_out(opened, path):
    settings = opened()
    settings.put("roby", "offset", 1.0, now=True)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO settings VALUES ('roby', 'sign', '{not json')")
    connection.close()
    assert settings.get("roby") == {"offset": 1.0}


def test_a_file_of_a_newer_obtura_is_left_alone(opened, path):
    opened().close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    settings = opened()
    assert "it was written by a newer obtura (version 99 of the file)" in settings.said[0]
    assert not settings.flush() or settings.get("roby") == {}


def test_of_a_file_with_nothing_in_it_that_can_not_be_written_the_reason_is_told(opened, path):
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "it was written by a newer obtura" in opened().said[0]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_and_not_waited_for(opened, path, make):
    path.parent.mkdir()
    make(path)
    settings = opened()
    assert settings.said == [
        f"settings can't be kept in {path}: this is no file; until they can, they last for this session only"
    ]


def test_where_nothing_can_be_written_settings_last_for_the_session(opened, tmp_path):
    (tmp_path / "file").write_text("no directory")
    settings = opened(tmp_path / "file" / "lab.db")
    assert len(settings.said) == 1
    assert "settings can't be kept in" in settings.said[0]
    assert "last for this session only" in settings.said[0]
    settings.put("roby", "offset", 1.0, now=True)
    settings.put("robz", "offset", 1.0)
    settings.forget("robz")
    assert (settings.get("roby"), settings.names(), settings.flush()) == ({"offset": 1.0}, ["roby"], False)
    settings.close()
    assert "what was set in this session is lost (roby.offset): " in settings.said[-1]


def test_when_it_can_be_written_again_all_is_written_and_told(opened, tmp_path):
    (tmp_path / "file").write_text("no directory")
    settings = opened(tmp_path / "file" / "lab.db")
    settings.put("roby", "offset", 1.0)
    os.remove(tmp_path / "file")
    assert settings.flush()
    assert settings.said[-1] == f"settings are kept again in {tmp_path / 'file' / 'lab.db'}"
    assert written(tmp_path / "file" / "lab.db", "roby") == {"offset": "1.0"}


def test_closing_twice_is_harmless_and_what_comes_later_is_logged(opened, caplog):
    settings = opened()
    settings.close()
    settings.close()
    settings.put("roby", "offset", 1.0)
    assert "roby.offset comes too late to be kept" in caplog.text


def test_each_beamline_has_a_file_of_its_own_where_the_account_keeps_its_state(beamline, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    first = settings_path(beamline.load(""))
    beamline.write("name: ID 0/0", "obtura.yml")
    second = settings_path(beamline.load())
    assert first.parent == second.parent == tmp_path / "xdg" / "obtura"
    assert first.name.startswith("lab-") and second.name.startswith("ID_0_0-")
    (tmp_path / "lab").rename(tmp_path / "other")
    assert settings_path(Config.load(tmp_path / "other")) != second


def test_the_beamline_may_say_where_settings_are(beamline):
    beamline.write("settings: ../shared/lab.db", "obtura.yml")
    assert settings_path(beamline.load()).resolve() == (beamline.directory / "../shared/lab.db").resolve()
