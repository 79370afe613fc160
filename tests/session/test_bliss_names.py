"""`bliss.*` imports: ours where no bliss is installed, the real one where it is."""

import importlib
import subprocess
import sys

import pytest

from obtura.bliss.table import ABSENT_MODULES, NAMES


def python(code, **options):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, **options)


@pytest.mark.parametrize("module", NAMES)
def test_every_name_is_there_or_says_what_to_use_instead(module):
    import obtura.bliss  # noqa: F401 - the import switches it on

    found = importlib.import_module(module)
    for name, entry in NAMES[module].items():
        if entry.place is None:
            with pytest.raises(ImportError, match="is not in obtura; instead: .+"):
                getattr(found, name)
        elif not entry.place.startswith("session:"):
            home, attribute = entry.place.split(":")
            assert getattr(found, name) is getattr(importlib.import_module(home), attribute)
        else:
            assert getattr(found, name) is not None


@pytest.mark.parametrize("module", ABSENT_MODULES)
def test_a_module_that_is_absent_says_what_to_use_instead(module):
    import obtura.bliss  # noqa: F401 - the import switches it on

    with pytest.raises(ModuleNotFoundError, match=f"{module}.* is not in obtura: .+"):
        importlib.import_module(f"{module}.anything")


def test_an_absent_name_tells_whoever_imports_it():
    code = "import obtura.bliss\nfrom bliss.scanning.toolbox import DefaultAcquisitionChain\n"
    assert python(code).returncode == 0
    code = "import obtura.bliss\nfrom bliss.common.axis import Trajectory\n"
    assert "the step and continuous masters" in python(code).stderr


def test_setup_globals_are_the_names_of_the_session():
    code = (
        "from obtura.bliss.alias import switch_on\n"
        "from obtura.demo import session\n"
        "switch_on()\n"
        "from bliss.setup_globals import roby, loopscan\n"
        "from bliss import current_session\n"
        "assert roby is session.roby and current_session is session\n"
    )
    ended = python(code)
    assert ended.returncode == 0, ended.stderr


def test_without_the_switch_there_is_no_bliss():
    assert "No module named 'bliss'" in python("import obtura, bliss").stderr


def test_the_page_s_imports_work_in_plain_python():
    code = (
        "import obtura.bliss\n"
        "from bliss.scanning.scan import ScanPreset\n"
        "from bliss.scanning.chain import ChainPreset, ChainIterationPreset\n"
        "import obtura\n"
        "assert ScanPreset is obtura.ScanPreset and ChainPreset is obtura.ChainPreset\n"
        "assert ChainIterationPreset is obtura.ChainIterationPreset\n"
    )
    assert python(code).returncode == 0


def test_a_real_bliss_wins_and_a_note_says_so(tmp_path):
    (tmp_path / "bliss").mkdir()
    (tmp_path / "bliss" / "__init__.py").write_text("REAL = True\n")
    ended = python("import obtura.bliss, bliss; print(bliss.REAL)", cwd=tmp_path)
    assert ended.stdout == "True\n"
    assert "the real one" in ended.stderr


def test_an_unknown_name_is_an_ordinary_import_error():
    code = "import obtura.bliss\nfrom bliss.scanning.scan import Nonsense\n"
    assert "cannot import name 'Nonsense'" in python(code).stderr


def test_in_a_session_the_scan_class_is_the_session_s():
    code = (
        "from obtura.bliss.alias import switch_on\n"
        "from obtura.demo import session\n"
        "switch_on()\n"
        "from bliss.scanning.scan import Scan\n"
        "from bliss.common.scans import loopscan\n"
        "assert Scan is session.bench.Scan\n"
        "assert loopscan == session.bench.loopscan\n"
    )
    ended = python(code)
    assert ended.returncode == 0, ended.stderr


def test_a_module_that_nobody_knows_says_where_to_look():
    import obtura.bliss  # noqa: F401 - the import switches it on

    with pytest.raises(ModuleNotFoundError, match=r"bliss.common.nonsense is not in obtura: what is there: docs/refer"):
        importlib.import_module("bliss.common.nonsense")
    with pytest.raises(ImportError, match="'loopscn' from 'bliss.common.scans': did you mean 'loopscan'"):
        getattr(importlib.import_module("bliss.common.scans"), "loopscn")  # noqa: B009 - as an import does


def test_a_module_that_is_absent_is_told_however_it_is_imported():
    for line in ("from bliss.common import plot", "import bliss.common.plot", "from bliss.common.plot import flint"):
        assert "`plot()` draws the last scan; plotselect" in python(f"import obtura.bliss\n{line}").stderr
    assert python("import obtura.bliss\nfrom bliss.controllers import motor, counter").returncode == 0


def test_a_part_of_gevent_that_is_not_stood_in_for_is_told():
    code = "import obtura.bliss, gevent\nfrom gevent import monkey\nmonkey.patch_all()\nimport gevent.pool"
    assert "gevent.pool is not in obtura: install gevent; obtura's stand-in has sleep" in python(code).stderr


def test_a_display_that_is_not_there_is_told_in_the_globals_of_a_session():
    ended = python("import obtura.bliss\nfrom bliss.setup_globals import SCAN_DISPLAY")
    assert "plotselect` says which counters are shown" in ended.stderr
