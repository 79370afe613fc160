"""Which files are read, and how."""

import os

import pytest

from obtura.ground.errors import UsageError
from obtura.session.config import Config, config_directory

WORLD = "- {name: world, class: World}"


def test_yaml_is_found_in_directories_below_but_not_in_hidden_ones(beamline):
    beamline.write("- {name: a, class: World}", "a.yaml")
    beamline.write("- {name: b, class: World}", "b/c/d.yml")
    beamline.write("what: ever: this: is", ".git/x.yml")
    beamline.write("what: ever: this: is", ".x.yml")
    beamline.write("what: ever: this: is", "notes.txt")
    assert beamline.load("").names == ["a", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_may_have_signs_of_any_language(beamline, encoding):
    (beamline.directory / "a.yml").write_bytes("- {name: µ, class: SimulatedAxis, unit: µm}".encode(encoding))
    assert beamline.load().get("µ").unit == "µm"


def test_text_of_another_encoding_is_told_with_its_place(beamline):
    (beamline.directory / "a.yml").write_bytes(b"- name: x\n  class: SimulatedAxis\n  unit: \xb5m\n")
    assert beamline.problem() == "a.yml:3:9: this is not UTF-8 (b'\\xb5'): save the file as UTF-8"


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n", "null\n", "[]\n"])
def test_an_empty_file_describes_nothing(beamline, text):
    assert beamline.load(text).names == []


def test_a_file_may_hold_several_documents_and_windows_lines(beamline):
    (beamline.directory / "a.yml").write_bytes(
        b"---\r\nname: a\r\nclass: World\r\n---\r\n- name: b\r\n  class: World\r\n"
    )
    assert beamline.load().names == ["a", "b"]


def test_a_link_within_the_directory_is_followed_once_and_one_out_of_it_refused(beamline, tmp_path):
    beamline.write(WORLD, "real/world.yml")
    os.symlink("real", beamline.directory / "again")
    assert beamline.load().names == ["world"]
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.yml").write_text(WORLD)
    os.symlink(tmp_path / "outside", beamline.directory / "out")
    os.symlink(tmp_path / "outside" / "x.yml", beamline.directory / "x.yml")
    out, x = beamline.problems()
    assert out.startswith("out:1:1: a link to ") and "outside of" in out
    assert x.startswith("x.yml:1:1: a link to ") and "copy it" in x


def test_a_link_to_itself_is_told(beamline):
    os.symlink("loop.yml", beamline.directory / "loop.yml")
    os.symlink("loop", beamline.directory / "loop")
    assert beamline.problem(WORLD) == "loop.yml:1:1: can't be read: Too many levels of symbolic links"


def test_what_is_no_file_and_what_is_too_large_is_refused(beamline):
    os.mkfifo(beamline.directory / "fifo.yml")
    os.symlink("nowhere", beamline.directory / "dangling.yml")
    (beamline.directory / "huge.yml").write_bytes(b"#" * 2_000_000)
    dangling, fifo, huge = beamline.problems()
    assert dangling == "dangling.yml:1:1: can't be read: No such file or directory"
    assert fifo == "fifo.yml:1:1: is no file"
    assert huge == "huge.yml:1:1: is larger than 1 MB"


def test_there_may_be_many_files_but_not_a_whole_disk(beamline):
    for number in range(1010):
        (beamline.directory / f"{number}.yml").touch()
    assert beamline.problem().endswith("there are more than 1000 YAML files")


def test_a_directory_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="nowhere: there is no such directory"):
        Config.load(tmp_path / "nowhere")


def test_the_nearest_mark_above_says_where_the_beamline_is(beamline, monkeypatch):
    monkeypatch.delenv("OBTURA_CONFIG", raising=False)
    beamline.write("name: lab", "obtura.yml")
    (beamline.directory / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(beamline.directory / "deep" / "down")
    assert config_directory() == beamline.directory
    monkeypatch.chdir("/")
    assert config_directory() is None
    monkeypatch.setenv("OBTURA_CONFIG", str(beamline.directory))
    assert config_directory() == beamline.directory
    assert config_directory("/tmp").as_posix() == "/tmp"
    monkeypatch.setenv("OBTURA_CONFIG", "/nowhere")
    with pytest.raises(UsageError, match="/nowhere: there is no such directory .*OBTURA_CONFIG"):
        config_directory()
