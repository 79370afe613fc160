"""What comes out of a program whose output is a pipe or a file."""

import subprocess

from children import PATIENCE, command_of, environment


def run(program):
    done = subprocess.run(
        command_of(program), env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def into_head(program):
    """Run `program`, read its first line, then close the pipe; returns its exit code and stderr."""
    process = subprocess.Popen(
        command_of(program),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write("closed\n")
        process.stdin.close()
        stderr = process.stderr.read()
    return process.returncode, stderr


def test_a_pipe_gets_every_line_and_no_escape_sequence():
    done = run("""
        with staged(DT, DIODE) as scan:
            for index in range(1000):
                print("waiting", end="\\r")
                scan.point(index, float(index), 4.0)
    """)
    assert "\x1b" not in done.stdout
    assert done.stdout.count("waiting\n") == 1000  # "\r\n", read as text
    rows = [line for line in done.stdout.splitlines() if line.endswith("             4")]
    assert [int(row.split()[0]) for row in rows] == list(range(1000))
    assert done.stderr == ""


def test_stdout_and_stderr_in_one_file_are_in_order(tmp_path):
    program = """
        with staged(DT, DIODE) as scan:
            for index in range(100):
                print("out", index)
                print("err", index, file=sys.stderr)
                scan.point(index, float(index), 4.0)
    """
    with open(tmp_path / "log", "w") as log:
        subprocess.run(command_of(program), env=environment(), stdout=log, stderr=log, timeout=PATIENCE, check=True)
    lines = (tmp_path / "log").read_text().splitlines()[5:-2]
    expected = [(f"out {n}", f"err {n}", f"{n:12}  {n:12}             4") for n in range(100)]
    assert lines == [line for group in expected for line in group]


def test_a_subprocess_that_is_given_stdout_comes_in_order():
    done = run("""
        import subprocess
        with staged(DT, DIODE) as scan:
            for number in range(20):
                print("before", number)
                subprocess.run(["echo", "within"], stdout=sys.stdout, check=True)
    """)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("before", "within"))]
    assert lines == [line for number in range(20) for line in (f"before {number}", "within")]


def test_bytes_that_are_written_to_the_buffer_come_after_the_text_before_them():
    done = run("""
        with staged(DT, DIODE) as scan:
            print("before")
            sys.stdout.buffer.write(b"bytes\\n")
            print("after")
    """)
    assert "before\nbytes\nafter\n" in done.stdout


def test_when_the_reader_of_the_pipe_goes_the_scan_goes_on_to_its_end_and_nobody_complains():
    code, stderr = into_head("""
        with staged(DT, DIODE) as scan:
            sys.stdin.readline()
            for index in range(2000):
                print("closing the shutter", flush=True)
                scan.point(index, float(index), 4.0)
            print("still on stderr", file=sys.stderr)
        print("and afterwards")
        assert scan.failures == []
    """)
    assert code == 0
    assert stderr == "still on stderr\n"


def test_input_from_a_pipe_works_in_a_hook():
    program = """
        with staged(DT, DIODE) as scan:
            print("got", input("beam? "))
    """
    done = subprocess.run(
        command_of(program),
        env=environment(),
        input="yes\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert "beam? got yes\n" in done.stdout


def test_children_of_a_hook_print_too():
    done = run("""
        import multiprocessing

        with staged(DT, DIODE) as scan:
            print("parent")
            child = multiprocessing.get_context("fork").Process(target=print, args=["child"])
            import warnings
            with warnings.catch_warnings(action="ignore"):
                child.start()
            child.join()
    """)
    assert done.stdout.count("child\n") == 1
    assert done.stdout.count("parent\n") == 1


def test_the_display_loads_nothing_heavy():
    run("assert not {'h5py', 'rich', 'ptpython', 'prompt_toolkit'} & set(sys.modules)")
