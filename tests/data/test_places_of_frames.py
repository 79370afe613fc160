"""Where frames go when they have a place of their own, perhaps on another disk."""

import pytest
from scan_stream import saving_in

from obtura.ground.errors import UsageError


def test_frames_may_have_a_place_of_their_own(tmp_path):
    saving = saving_in(tmp_path / "base")
    saving.images_path_relative = False
    saving.images_path_template = f"{tmp_path}/fast/{{session}}/scan{{scan_number}}"
    assert saving.images_file(12, "ascan", "camera") == f"{tmp_path}/fast/demo/scan0012/camera.h5"
    assert saving.images_path == f"{tmp_path}/fast/demo/scan{{scan_number}}/{{img_acq_device}}_"


@pytest.mark.parametrize("template", ["scan{scan_number}", "/fast/../etc"])
def test_a_place_of_its_own_must_be_said_in_full(tmp_path, template):
    saving = saving_in(tmp_path)
    saving.images_path_relative, saving.images_path_template = False, template
    with pytest.raises(UsageError, match="must begin with a slash, and have no '..', since images_path_relative is F"):
        saving.images_file(12, "ascan", "camera")


def test_no_link_leads_frames_out_of_their_own_place(tmp_path):
    (tmp_path / "fast").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "fast" / "scan0012").symlink_to(tmp_path / "outside")
    saving = saving_in(tmp_path)
    saving.images_path_relative, saving.images_path_template = False, f"{tmp_path}/fast/scan{{scan_number}}"
    with pytest.raises(UsageError, match="outside of the place of images_path_template, .*/fast;"):
        saving.images_file(12, "ascan", "camera")
