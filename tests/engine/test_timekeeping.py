"""Each moment on a thread is charged to the innermost call; who waits for another thread charges what that one did."""

import threading

import pytest

from obtura.engine.timing import timing_rows
from obtura.works.clock import clock, virtual_time
from obtura.works.errands import Errand, Timekeeper
from obtura.works.timekeeping import KEPT, NOWHERE, Sort


@pytest.fixture(autouse=True)
def virtual():
    with virtual_time():
        yield


def sort_of(what, owner):
    if isinstance(owner, Sort):
        return owner
    return Sort("device", *what.split(".")) if "." in what else Sort(what)


@pytest.fixture
def keeper():
    return Timekeeper(sort_of, "engine", "open")


def spent(strand):
    """The seconds of each account by its name, those of the strand itself as its kind."""
    found = {}
    for account in strand.accounts:
        for each in (account, *account.parts):
            name = ".".join(filter(None, each.sort[1:3])) or each.sort.kind
            found[name, each.sort.kind] = found.get((name, each.sort.kind), 0.0) + each.seconds
    for account in strand.charged:
        found[f"{account.sort.owner}.{account.sort.what}", "charged"] = account.seconds
    return {name: seconds for name, seconds in found.items() if seconds}


def test_what_passes_within_an_inner_call_is_not_the_outer_ones(keeper):
    clock.sleep(1)
    with keeper.over("roby.start"):
        clock.sleep(2)
        with keeper.over("diode.reading"):
            clock.sleep(4)
        clock.sleep(8)
    clock.sleep(16)
    keeper.end()
    under_way = [(account.sort.kind, seconds) for account, seconds in keeper.main.under_way]
    assert under_way == [("engine", 17)]
    assert spent(keeper.main) == {("roby.start", "device"): 10, ("diode.reading", "device"): 4}


def test_how_long_a_call_has_lasted_is_known_by_its_name(keeper):
    with keeper.over("roby.start"):
        clock.sleep(2)
        with keeper.over("diode.reading"):
            clock.sleep(4)
            assert (keeper.main.lasted("roby.start"), keeper.main.lasted("diode.reading")) == (6, 4)
            with keeper.over("roby.start"):
                clock.sleep(1)
                assert keeper.main.lasted("roby.start") == 1
        assert (keeper.main.lasted("roby.start"), keeper.main.lasted("diode.reading")) == (7, None)
    assert (keeper.main.lasted("roby.start"), keeper.main.lasted("never.called")) == (None, None)


def test_a_call_that_is_left_by_an_error_is_charged_too(keeper):
    with pytest.raises(ArithmeticError), keeper.over("diode.prepare"):
        clock.sleep(3)
        raise ArithmeticError
    assert spent(keeper.main) == {("diode.prepare", "device"): 3}
    assert [account.sort.kind for account, _ in keeper.main.under_way] == ["engine"]


def test_a_call_within_one_of_the_same_name_is_one_of_its_own(keeper):
    with keeper.over("a.b"):
        clock.sleep(1)
        with keeper.over("a.b"):
            clock.sleep(2)
    (account,) = [each for each in keeper.main.accounts if each.sort.owner == "a"]
    assert (account.count, account.seconds, account.longest) == (2, 3, 2)


def test_the_longest_call_is_known_with_its_point(keeper):
    class Place:
        point, branch = 0, None

    keeper.main.place = Place
    for point, seconds in enumerate((1, 5, 2)):
        Place.point = point
        with keeper.over("a.b"):
            clock.sleep(seconds)
    account = keeper.main.accounts[-1]
    assert (account.longest, account.at, account.count) == (5, 1, 3)


def test_a_call_is_divided_into_what_it_was_for(keeper):
    most = {"counting": 2.0, "waiting": 1.0}
    sort = Sort("device", "timer", "trigger", ("counting", "waiting"), lambda: list(most.values()))
    for seconds in (5, 2):
        with keeper.over("timer.trigger", sort):
            clock.sleep(seconds)
    assert spent(keeper.main) == {
        ("timer.trigger", "waiting"): 2,
        ("timer.trigger", "counting"): 3,
        ("timer.trigger", "device"): 2,
    }


def test_a_call_that_was_for_nothing_in_particular_is_not_divided(keeper):
    sort = Sort("device", "timer", "trigger", ("counting", "waiting"), lambda: (0.0, 0.0))
    with keeper.over("timer.trigger", sort):
        clock.sleep(5)
    account = keeper.main.accounts[-1]
    assert (account.seconds, account.count, account.longest) == (5, 1, 5)
    assert [part.count for part in account.parts] == [0, 0]


def test_the_next_phase_begins_new_accounts(keeper):
    clock.sleep(1)
    keeper.turn("points")
    clock.sleep(2)
    with keeper.over("a.b"):
        clock.sleep(4)
    keeper.turn("leave")
    with keeper.over("a.b"):
        clock.sleep(8)
    assert [(one.phase, one.sort.kind, one.seconds) for one in keeper.main.accounts] == [
        ("open", "engine", 1),
        ("points", "engine", 2),
        ("points", "device", 4),
        ("leave", "engine", 0),
        ("leave", "device", 8),
    ]


def on_a_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def errand(keeper, what, function):
    return Errand(keeper, what, None, function, lambda: None, NOWHERE)


def test_a_wait_is_charged_as_the_one_that_came_last_has_spent_it(keeper):
    def body():
        clock.sleep(1)
        with keeper.over("diode.reading"):
            clock.sleep(2)

    quick, slow = errand(keeper, "quick.trigger", lambda: None), errand(keeper, "slow.trigger", body)
    keeper.main.wait_for("hand-over", [slow, quick])
    clock.sleep(0.5)
    on_a_thread(quick)
    on_a_thread(slow)
    clock.sleep(0.25)
    keeper.main.waited()
    assert spent(keeper.main) == {
        ("hand-over", "hand-over"): 0.75,
        ("slow.trigger", "charged"): 1,
        ("diode.reading", "charged"): 2,
    }


def test_a_wait_that_began_late_is_charged_with_the_share_that_was_waited_for(keeper):
    slow = errand(keeper, "slow.trigger", lambda: clock.sleep(4))
    on_a_thread(slow)
    keeper.main.wait_for("hand-over", [slow])
    clock.sleep(1)
    keeper.main.waited()
    assert spent(keeper.main) == {("slow.trigger", "charged"): 1}


def test_a_wait_that_is_given_up_is_charged_to_what_is_under_way(keeper):
    begun, end = threading.Event(), threading.Event()

    def body():
        begun.set()
        end.wait(60)

    slow = errand(keeper, "slow.trigger", body)
    thread = threading.Thread(target=slow)
    keeper.main.wait_for("hand-over", [slow])
    thread.start()
    begun.wait(60)
    clock.sleep(3)
    (_, (wait, own)), [(theirs, seconds)] = keeper.main.running()
    assert (wait.sort.kind, own, theirs.sort.owner, seconds) == ("hand-over", 0, "slow", 3)
    assert keeper.main.charged == []  # who looks at it changes nothing
    keeper.main.waited()
    end.set()
    thread.join()
    assert spent(keeper.main) == {("slow.trigger", "charged"): 3}


def test_who_looks_while_a_call_is_being_noted_looks_again(keeper):
    here, looks, looked, rows = threading.get_ident(), [], threading.Event(), []
    looking = threading.Thread(target=lambda: rows.extend(timing_rows(keeper)))

    def in_between():
        """The clock of the strand: asked when the call is half noted."""
        if threading.get_ident() != here:
            looks.append(1)
            if len(looks) == 2:
                looked.set()
        elif looking.ident is None:
            looking.start()
            looked.wait(60)
        return clock.time()

    with keeper.over("diode.reading"):
        clock.sleep(4)
    keeper.main._clock = in_between
    with keeper.over("roby.start"):
        clock.sleep(1)
    looking.join()
    assert sum(row.seconds for row in rows) in (4, 5)
    assert min(row.seconds for row in rows) >= 0


def test_an_errand_is_not_made_when_the_check_raises(keeper):
    def refuse():
        raise ArithmeticError

    made = []
    with pytest.raises(ArithmeticError):
        Errand(keeper, "a.b", None, lambda: made.append(1), refuse, NOWHERE)()
    assert made == []


def test_a_thread_that_goes_on_for_another_has_the_rest_of_the_time(keeper):
    lost = keeper.main
    with keeper.over("a.start"):
        clock.sleep(2)
        on_a_thread(lambda: keeper.rescue(lost))
        clock.sleep(3)
    rescue = keeper.wholes[0][1]
    keeper.end()
    assert spent(lost) == {("a.start", "device"): 2}
    assert [seconds for _, seconds in rescue.under_way] == [3]


def test_of_many_calls_the_first_and_the_last_are_kept(keeper):
    for _ in range(2 * KEPT + 100):
        with keeper.over("a.b"):
            clock.sleep(1)
    first, last = keeper.main.first, keeper.main.last
    assert (len(first), len(last)) == (KEPT, KEPT)
    assert first[0][:2] == (0, 1)
    assert last[-1][:2] == (2 * KEPT + 99, 2 * KEPT + 100)
