"""Where data go, and the numbers of scans."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scan_stream import began, record, saving_in

from obtura.data.saver import HDF5Saver
from obtura.data.saving import ScanSaving
from obtura.ground.errors import SavingError, UsageError
from obtura.works.clock import virtual_time


def test_the_master_is_below_the_base_path_in_a_directory_of_the_session(tmp_path):
    saving = ScanSaving("demo", base_path=tmp_path)
    assert saving.filename == f"{tmp_path}/demo/data.h5"
    assert saving.root_path == f"{tmp_path}/demo"


def test_without_a_session_the_master_is_in_the_base_path_itself(tmp_path):
    assert ScanSaving(base_path=tmp_path).filename == f"{tmp_path}/data.h5"


def test_a_relative_base_path_is_taken_from_where_the_process_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ScanSaving().filename == f"{tmp_path}/scans/data.h5"


def test_the_home_directory_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ScanSaving(base_path="~/mine").filename == f"{tmp_path}/mine/data.h5"


def test_added_fields_go_into_the_template(tmp_path):
    saving = saving_in(tmp_path)
    saving.add("sample", "quartz")
    saving.template = "{session}/{sample}/{user_name}"
    saving.data_filename = "{sample}_1"
    assert saving.filename == f"{tmp_path}/demo/quartz/seb/quartz_1.h5"
    saving.sample = "ice"
    assert saving.root_path == f"{tmp_path}/demo/ice/seb"


def test_the_date_is_that_of_the_clock(tmp_path):
    saving = saving_in(tmp_path)
    saving.template = "{date}"
    with virtual_time(epoch=1_552_475_171.0):
        assert saving.root_path == f"{tmp_path}/20190313"


def test_a_suffix_in_the_file_name_is_not_doubled(tmp_path):
    saving = saving_in(tmp_path)
    saving.data_filename = "data.h5"
    assert saving.filename == f"{tmp_path}/demo/data.h5"


def test_a_clone_is_not_touched_by_later_changes(tmp_path):
    saving = saving_in(tmp_path)
    saving.add("sample", "quartz")
    clone = saving.clone()
    saving.sample, saving.template = "ice", "{sample}"
    assert (clone.sample, clone.template) == ("quartz", "{session}")


def test_get_gives_fields_and_results(tmp_path):
    saving = saving_in(tmp_path)
    saving.add("sample", "quartz")
    assert saving.get() == {
        "base_path": str(tmp_path),
        "template": "{session}",
        "data_filename": "data",
        "images_path_relative": True,
        "images_path_template": "scan{scan_number}",
        "images_prefix": "{img_acq_device}_",
        "save_images": True,
        "compression": "none",
        "date_format": "%Y%m%d",
        "scan_number_format": "%04d",
        "session": "demo",
        "user_name": "seb",
        "sample": "quartz",
        "date": saving.date,
        "root_path": f"{tmp_path}/demo",
        "data_path": f"{tmp_path}/demo/data",
        "data_fullpath": f"{tmp_path}/demo/data.h5",
        "filename": f"{tmp_path}/demo/data.h5",
        "images_path": f"{tmp_path}/demo/data/scan{{scan_number}}/{{img_acq_device}}_",
    }


def test_it_shows_its_state_in_a_line_each(tmp_path):
    saving = saving_in(tmp_path)
    assert repr(saving).splitlines() == [
        f"base_path            = {tmp_path}",
        "template             = {session}",
        "data_filename        = data",
        "images_path_relative = True",
        "images_path_template = scan{scan_number}",
        "images_prefix        = {img_acq_device}_",
        "save_images          = True",
        "compression          = none",
        "date_format          = %Y%m%d",
        "scan_number_format   = %04d",
        "session              = demo",
        "user_name            = seb",
        f"filename             = {tmp_path}/demo/data.h5",
        f"images_path          = {tmp_path}/demo/data/scan{{scan_number}}/{{img_acq_device}}_",
    ]
    assert saving.__info__() == repr(saving)


def test_it_shows_what_is_wrong_with_the_template(tmp_path):
    saving = saving_in(tmp_path)
    saving.template = "{sesion}"
    assert "!ERR" in repr(saving) and "did you mean 'session'?" in repr(saving)


# -- wrong input ------------------------------------------------------------------------------------------


def test_an_unknown_field_names_the_close_one(tmp_path):
    saving = saving_in(tmp_path)
    saving.template = "{sesion}"
    with pytest.raises(UsageError, match=r"no field 'sesion'.*did you mean 'session'"):
        _ = saving.filename


@pytest.mark.parametrize("template", ["{session.__class__}", "{session!r}", "{0}", "{}", "{session:>9}", "{{session}}"])
def test_a_template_reaches_nothing_but_fields(tmp_path, template):
    saving = saving_in(tmp_path)
    saving.template = template
    with pytest.raises(UsageError):
        _ = saving.filename


@pytest.mark.parametrize(
    "template",
    ["..", "../{session}", "{session}/../..", "a/../b", "/tmp", "/{session}", "..\\x", "a\nb", "a/./../.."],
)
def test_a_template_that_leaves_its_base_is_refused(tmp_path, template):
    saving = saving_in(tmp_path)
    saving.template = template
    with pytest.raises(UsageError, match="must stay inside base_path"):
        _ = saving.filename


@pytest.mark.parametrize("name", ["", ".h5", "a/b", "/data", "../data", ".."])
def test_the_file_name_must_be_one(tmp_path, name):
    saving = saving_in(tmp_path)
    saving.data_filename = name
    with pytest.raises(UsageError):
        _ = saving.filename


@pytest.mark.parametrize("link", ["demo", "demo/data", "demo/data.h5"])
def test_a_symbolic_link_does_not_lead_out_of_the_base(tmp_path, link):
    base, outside = tmp_path / "base", tmp_path / "outside"
    (base / link).parent.mkdir(parents=True)
    outside.mkdir()
    (base / link).symlink_to(outside)
    with pytest.raises(UsageError, match="outside of base_path"):
        _ = saving_in(base).filename


def test_a_base_path_may_be_a_symbolic_link_itself(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "scans").symlink_to(tmp_path / "disk")
    assert saving_in(tmp_path / "scans").filename == f"{tmp_path}/scans/demo/data.h5"


@given(value=st.text(max_size=120), template=st.sampled_from(["{sample}", "{session}/{sample}", "x{sample}/{sample}"]))
def test_no_value_leads_out_of_the_base(value, template):
    base = os.path.abspath("/tmp/no-such-base")
    saving = ScanSaving("demo", "seb", base)
    saving.add("sample")
    saving.template = template
    try:
        saving.sample = value
        filename = saving.filename
    except UsageError:  # too long for a path, or NUL
        assert "\0" in value or len(value.encode(errors="replace")) > 90
        return
    assert filename == os.path.normpath(filename)
    assert filename.startswith(base + "/")
    assert all(not part.startswith(".") for part in Path(filename).parts)
    assert filename.isprintable() or not value.isprintable()
    assert len(Path(filename).relative_to(base).parts) <= 3


def test_a_value_that_is_too_long_is_refused_not_cut(tmp_path):
    saving = saving_in(tmp_path, session="x" * 101)
    with pytest.raises(UsageError, match="session is too long"):
        _ = saving.filename


@pytest.mark.parametrize("value", [3, None, b"x", ["x"]])
def test_a_field_is_text(tmp_path, value):
    saving = saving_in(tmp_path)
    with pytest.raises(UsageError, match="template must be text"):
        saving.template = value


def test_a_misspelt_setting_is_no_new_attribute(tmp_path):
    saving = saving_in(tmp_path)
    with pytest.raises(UsageError, match="did you mean 'template'"):
        saving.templat = "x"
    with pytest.raises(AttributeError, match="did you mean 'template'"):
        _ = saving.templat


@pytest.mark.parametrize("name", ["filename", "root_path", "date", "get"])
def test_results_cannot_be_set(tmp_path, name):
    with pytest.raises(UsageError, match=f"{name} can't be set"):
        setattr(saving_in(tmp_path), name, "x")


@pytest.mark.parametrize("name", ["base_path", "session", "filename", "date", "get", "a b", "", "_x", 3])
def test_a_field_is_added_under_a_free_name_only(tmp_path, name):
    with pytest.raises(UsageError):
        saving_in(tmp_path).add(name, "x")


# -- images -----------------------------------------------------------------------------------------------


def test_frames_are_beside_the_scans_own_file(tmp_path):
    saving = saving_in(tmp_path)
    assert saving.images_file(12, "ascan", "camera") == f"{tmp_path}/demo/data/scan0012/camera.h5"
    saving.images_prefix = ""
    assert saving.images_file(12, "ascan", "camera") == f"{tmp_path}/demo/data/scan0012/frames.h5"


@given(device=st.text(min_size=1, max_size=20), name=st.text(max_size=20))
def test_no_name_of_a_camera_leads_out_of_the_base(device, name):
    saving = ScanSaving("demo", "seb", "/tmp/no-such-base")
    saving.images_path_template = "x{scan_name}/x{scan_number}"
    saving.images_prefix = "x{img_acq_device}_"
    path = saving.images_file(3, name, device)
    assert path.startswith("/tmp/no-such-base/demo/data/") and path == os.path.normpath(path)
    assert len(Path(path).relative_to("/tmp/no-such-base/demo/data").parts) in (2, 3)


def test_a_symbolic_link_does_not_lead_frames_out_of_the_base(tmp_path):
    base, outside = tmp_path / "base", tmp_path / "outside"
    (base / "demo" / "data").mkdir(parents=True)
    outside.mkdir()
    (base / "demo" / "data" / "scan0012").symlink_to(outside)
    with pytest.raises(UsageError, match="outside of base_path"):
        saving_in(base).images_file(12, "ascan", "camera")


@pytest.mark.parametrize("value", [0, "yes", None])
def test_whether_to_save_images_is_true_or_false(tmp_path, value):
    with pytest.raises(UsageError, match="save_images must be True or False"):
        saving_in(tmp_path).save_images = value


@pytest.mark.parametrize("value", ["%s%s", "scan", "%", "%04.1q", ""])
def test_a_format_of_numbers_must_tell_them_apart(tmp_path, value):
    with pytest.raises(UsageError, match="scan_number_format must tell numbers apart"):
        saving_in(tmp_path).scan_number_format = value


# -- formats, other names -----------------------------------------------------------------------------------


def test_the_date_has_the_format_that_was_set(tmp_path):
    saving = saving_in(tmp_path)
    saving.template, saving.date_format = "{date}", "%Y/%m"
    with virtual_time(epoch=1_552_475_171.0):
        assert saving.date == "2019/03" and saving.root_path == f"{tmp_path}/2019_03"


def test_results_have_the_names_that_people_know(tmp_path):
    saving = saving_in(tmp_path)
    assert saving.data_fullpath == saving.filename
    assert saving.data_path == f"{tmp_path}/demo/data"
    assert saving.get_path() == saving.root_path
    saving.create_root_path()
    assert os.path.isdir(saving.root_path)


# -- what outlives a session --------------------------------------------------------------------------------


def test_what_a_user_has_set_is_told_and_taken_over(tmp_path):
    saving, told = saving_in(tmp_path), {}
    saving.on_setting(told.__setitem__)
    saving.template, saving.save_images = "{session}/{sample}", False
    saving.add("sample", "quartz")
    saving.sample = "ice"
    assert told == {"template": "{session}/{sample}", "save_images": False, "added": {"sample": "ice"}}
    assert {**saving.settings(), **told} == saving.settings()
    later = ScanSaving("other", "seb", tmp_path)
    later.restore({**told, "unknown": 1})
    assert later.filename == f"{tmp_path}/other/ice/data.h5" and later.save_images is False
    later.restore({"added": {"sample": "snow"}})
    assert later.sample == "snow"


@pytest.mark.parametrize("wrong", [{"template": 3}, {"added": {"a b": "x"}}, {"added": {"x": 1}}, {"added": [1]}])
def test_settings_that_cannot_be_are_refused_and_nothing_is_taken_over(tmp_path, wrong):
    saving = saving_in(tmp_path)
    before = saving.settings()
    with pytest.raises(UsageError):
        saving.restore({"base_path": "elsewhere", **wrong})
    assert saving.settings() == before


def test_a_clone_tells_nobody(tmp_path):
    saving, told = saving_in(tmp_path), []
    saving.on_setting(lambda *setting: told.append(setting))
    clone = saving.clone()
    clone.template = "x"
    clone.add("sample")
    assert told == [] and "sample" not in saving.get()


# -- numbers ----------------------------------------------------------------------------------------------


def test_numbers_start_with_1_and_count_on(tmp_path):
    saving = saving_in(tmp_path)
    assert [saving.next_number() for _ in range(3)] == [1, 2, 3]


def test_numbers_that_were_given_out_for_nothing_can_be_forgotten(tmp_path):
    saving = saving_in(tmp_path)
    record(HDF5Saver(saving), began(number=4))
    assert [saving.next_scan_number(), saving.next_number()] == [5, 6]
    saving.reset_scan_number()
    assert saving.next_number() == 5


def test_a_number_is_higher_than_any_in_the_master(tmp_path):
    saving = saving_in(tmp_path)
    record(HDF5Saver(saving), began(number=41))
    (Path(saving.root_path) / "data" / "scan0041.h5").unlink()
    assert saving.next_number() == 42


def test_a_number_is_higher_than_any_scan_file_even_one_that_a_crash_left(tmp_path):
    saving = saving_in(tmp_path)
    directory = Path(saving.root_path) / "data"
    directory.mkdir(parents=True)
    for name in ("scan0007.h5", "scan12345.h5", "scan99999.txt", "xscan99999.h5"):
        (directory / name).touch()
    assert saving.next_number() == 12346


def test_threads_get_numbers_of_their_own(tmp_path):
    saving = saving_in(tmp_path)
    numbers = []
    threads = [threading.Thread(target=lambda: numbers.append(saving.clone().next_number())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 21))


def test_another_file_of_the_directory_counts_on(tmp_path):
    saving = saving_in(tmp_path)
    saving.next_number()
    saving.data_filename = "other"
    assert saving.next_number() == 2
    saving.template = "elsewhere"
    assert saving.next_number() == 1


@pytest.mark.parametrize("content", [b"", b"no HDF5", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_a_damaged_master_gives_no_number_and_is_left_alone(tmp_path, content):
    saving = saving_in(tmp_path)
    master = Path(saving.filename)
    master.parent.mkdir()
    master.write_bytes(content)
    with pytest.raises(SavingError, match="can't be read as HDF5"):
        saving.next_number()
    assert master.read_bytes() == content
