"""What is insured is noted before it is begun; what was not begun is not left noted."""

import select

import pytest

from obtura.contracts.safety import SafeAction
from obtura.engine import safety
from obtura.works.guard import Guard
from obtura.works.ledger import Ledger


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


@pytest.fixture
def guard(monkeypatch):
    own = Guard()
    monkeypatch.setattr(safety, "guard", own)
    yield own
    own.end()


@pytest.mark.usefixtures("guard")
def test_ctrl_c_while_the_guard_starts_leaves_nothing_noted(ledger, monkeypatch, tmp_path):
    def interrupted(*_waiting):
        assert [entry.facts["name"] for entry in ledger.pending()] == ["shutter.close"]
        raise KeyboardInterrupt

    action = SafeAction("deeds:write", {"path": str(tmp_path / "deeds")})
    with monkeypatch.context() as patch:
        patch.setattr(select, "select", interrupted)
        with pytest.raises(KeyboardInterrupt):
            safety.insure("shutter.close", lambda: action, ledger, pytest.fail)
    assert ledger.pending() == []
