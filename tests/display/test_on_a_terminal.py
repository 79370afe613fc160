"""What a person at a real terminal sees; the program is another process on a pty."""

import re

from children import Terminal

PROMPT = r"beam\? "


def test_a_waiting_line_is_seen_before_it_is_overwritten_and_then_makes_room_for_the_row():
    program = """
        with staged(DT, DIODE) as scan:
            print("read 3 expect 10", end="\\r")
            sys.stdin.readline()
            scan.point(0, 0.0, 4.0)
    """
    with Terminal(program) as terminal:
        terminal.until("read 3 expect 10\r")
        terminal.type("\n")
        shown = terminal.to_the_end()
    assert "read 3 expect 10\r" in shown
    assert "\x1b[K           0             0             4\n" in shown


def test_text_without_newline_is_seen_when_it_is_flushed():
    program = """
        with staged(DT, DIODE) as scan:
            print("opening ... ", end="", flush=True)
            sys.stdin.readline()
            print("open")
    """
    with Terminal(program) as terminal:
        terminal.until(r"opening \.\.\. ")
        terminal.type("\n")
        terminal.to_the_end()


def test_input_in_a_hook_shows_its_prompt_after_what_was_printed_and_rows_before():
    program = """
        with staged(DT, DIODE) as scan:
            scan.point(0, 0.0, 4.0)
            print("no beam")
            answer = input("beam? ")
            print("answer:", answer)
            scan.point(1, 0.1, 5.0)
    """
    with Terminal(program) as terminal:
        before = terminal.until(PROMPT)
        assert before.endswith("           0             0             4\r\nno beam\r\nbeam? ")
        terminal.type("yes\n")
        shown = terminal.to_the_end()
    assert "beam? yes\nanswer: yes\n           1           0.1             5\n" in shown


def test_input_s_prompt_is_never_before_the_text_however_often():
    program = """
        with staged(DT, DIODE) as scan:
            for number in range(50):
                print("question", number)
                input("? ")
    """
    with Terminal(program) as terminal:
        terminal.type("\n" * 50)
        shown = terminal.to_the_end()
    # the echo of what was typed ahead stands elsewhere, so the next question follows its prompt
    assert re.findall(r"question (\d+)\n\? ", shown) == [str(number) for number in range(50)]


def test_the_debugger_works_in_a_hook():
    program = """
        def hook():
            beam = 17
            print("before")
            breakpoint()
            print("after")

        with staged(DT, DIODE) as scan:
            hook()
    """
    with Terminal(program) as terminal:
        shown = terminal.until(r"\(Pdb\) ")
        assert shown.index("before") < shown.index("(Pdb)")
        terminal.type("p beam * 2\n")
        terminal.until(r"34\r\n\(Pdb\) ")
        terminal.type("c\n")
        shown = terminal.to_the_end()
    assert shown.rindex("after") < shown.index("Took")


def test_a_program_that_writes_to_the_descriptor_itself_comes_in_order():
    program = """
        import subprocess
        with staged(DT, DIODE) as scan:
            for number in range(5):
                print("before", number)
                subprocess.run(["echo", "within", str(number)], stdout=sys.stdout, check=True)
                print("after", number)
    """
    with Terminal(program) as terminal:
        shown = terminal.to_the_end()
    lines = [line for line in shown.splitlines() if line.startswith(("before", "within", "after"))]
    assert lines == [f"{word} {number}" for number in range(5) for word in ("before", "within", "after")]


def test_a_row_wider_than_the_terminal_breaks_between_columns():
    program = """
        with staged(DT, ROBY, DIODE, channel("x:monitor")) as scan:
            scan.point(0, 1.0, 2.0, 3.0, 4.0)
    """
    with Terminal(program, columns=50) as terminal:
        shown = terminal.to_the_end()
    assert (
        "           0             1             2\n"
        "                         3             4\n"
    ) in shown  # fmt: skip
    assert all(len(line) <= 50 for line in shown.splitlines() if "Scan" not in line)


def test_hooks_see_a_terminal():
    program = """
        import os
        with staged(DT, DIODE):
            assert sys.stdout.isatty() and sys.stderr.isatty()
            assert sys.stdout.encoding
            assert os.get_terminal_size(sys.stdout.fileno()).columns == 61
    """
    with Terminal(program, columns=61) as terminal:
        terminal.to_the_end()


def test_ctrl_c_ends_an_input_in_a_hook():
    program = """
        from obtura.ground.errors import ScanAbort
        from obtura.works.interrupt import doors

        class Run:
            is_stuck = False

            def on_press(self, why):
                pass

        with doors.watch(Run()), staged(DT, DIODE) as scan:
            try:
                doors.call(input, "beam? ")
            except ScanAbort:
                print("aborted")
    """
    with Terminal(program) as terminal:
        terminal.until(PROMPT)
        terminal.interrupt_until("aborted")
        shown = terminal.to_the_end()
    assert "Took" in shown
