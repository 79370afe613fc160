"""Run the examples of a Markdown page, and compare what they print with what the page says they print.

```python               all these of a page are one script, run in a process and an empty folder of its own
```python file=NAME     is saved as NAME in that folder, for a command of the page to use; so is ```yaml file=NAME
```python no-run: why   is not run
```console              `$ obtura ...` commands, run after the script; what follows one is what it must print
```console fails        the same for commands that must end with an error
```console no-run: why  is not run
```text output          what the Python block just before it must print; elsewhere ```text is any text

On a page that says in a comment "its examples run on virtual time" the script takes no time.

In what must be printed `...` stands for any text, as in doctest. What a page calls /tmp is the page's own folder: it
finds no other's files there, and leaves none.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

FENCE = re.compile(r"^```(?P<info>[^`\n]*)\n(?P<text>.*?)^``` *$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (?P<command>.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)
NOT_RUN = re.compile(r"(python|console) no-run: \S.*")
SAVED = re.compile(r"(python|yaml) file=(?P<name>[\w.-]+)")
NEVER_CHECKED = re.compile(r"^[ \t]+```(python|console)|^```(py|python3|pycon|sh|shell|bash)\b", re.MULTILINE)
END_OF_BLOCK = "\x1e"
ON_VIRTUAL_TIME = "its examples run on virtual time"
BEGIN_VIRTUAL_TIME = "import obtura.works.clock; (_time := obtura.works.clock.virtual_time()).__enter__()"
PATIENCE = 240.0  # seconds a page's script or command may take, however busy the machine


class Block(NamedTuple):
    """A fenced block: the words after its fence, its text, its line, what it must print (None: anything)."""

    info: str
    text: str
    line: int
    output: str | None


def blocks_of(page: str) -> list[Block]:
    """The fenced blocks of a page, in order; an output block becomes part of the one before it."""
    if wrong := NEVER_CHECKED.search(page):
        raise AssertionError(f"write ```python or ```console at the beginning of a line, not {wrong[0]!r}")
    fences = list(FENCE.finditer(page))
    output = {
        code.start(): text["text"]
        for code, text in pairwise(fences)
        if code["info"] == "python" and text["info"] == "text output" and not page[code.end() : text.start()].strip()
    }
    if len(output) < sum(fence["info"] == "text output" for fence in fences):
        raise AssertionError("```text output must follow directly on a ```python block")
    return [
        Block(each["info"], each["text"], page.count("\n", 0, each.start()) + 1, output.get(each.start()))
        for each in fences
    ]


def compare(where: str, expected: str | None, printed: str) -> None:
    """Raise unless both texts agree but for `...`, blanks at the end of lines and blank lines at the ends."""
    if expected is None:
        return
    want, got = (re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).strip("\n") for text in (expected, printed))
    if not doctest.OutputChecker().check_output(f"{want}\n", f"{got}\n", doctest.ELLIPSIS):
        raise AssertionError(f"{where} should print\n{want}\nbut prints\n{got}")


def run(where: str, command: list[str], folder: Path, fails: bool = False) -> str:
    """Run in the folder, with no home but it and nothing to read; give back what was printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    environment |= {"HOME": str(folder), "TMPDIR": str(folder), "NO_COLOR": "1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if bool(done.returncode) is not fails:
        raise AssertionError(f"{where} {'did not fail' if fails else 'failed'}:\n{done.stdout}{done.stderr}")
    return done.stdout


def run_script(name: str, blocks: list[Block], folder: Path, first_line: str = "") -> None:
    """Run a page's Python blocks as one script; in a traceback, lines have the page's numbers.

    `first_line`: of the script, where the page has its title.
    """
    lines = [first_line]
    for block in blocks:
        lines += [""] * (block.line - len(lines)) + block.text.splitlines()
        lines.append(f"print({END_OF_BLOCK!r}, end='', flush=True)")  # in place of the closing fence
    script = folder / Path(name).with_suffix(".py").name
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    outputs = run(name, [sys.executable, str(script)], folder).split(END_OF_BLOCK)
    for block, printed in zip(blocks, outputs, strict=False):
        compare(f"{name}:{block.line}", block.output, printed)


def run_commands(name: str, block: Block, folder: Path) -> None:
    """Run the `obtura` commands of a block; others, as `git` and `make`, are there to be read."""
    for each in COMMAND.finditer(block.text):
        program, *arguments = shlex.split(each["command"], comments=True)
        if program == "obtura":
            where = f"{name}:{block.line} {each['command']}"
            executable = str(Path(sys.executable).parent / program)
            printed = run(where, [executable, *arguments], folder, block.info == "console fails")
            compare(where, each["output"] or None, printed)


def run_page(name: str, page: str, folder: Path) -> None:
    """Run the examples of a page; raise AssertionError at the first that is not as the page says."""
    script, consoles, files = [], [], []
    for block in blocks_of(page.replace("/tmp/", f"{folder}/")):
        if saved := SAVED.fullmatch(block.info):
            (folder / saved["name"]).write_text(block.text, encoding="utf-8")
            files.append(saved["name"])
        elif block.info == "python":
            script.append(block)
        elif block.info in ("console", "console fails"):
            consoles.append(block)
        elif block.info.startswith(("python", "console")) and not NOT_RUN.fullmatch(block.info):
            raise AssertionError(f"{name}:{block.line}: say why, as in ```python no-run: needs a motor")
    for file in files:
        if not any(file in block.text for block in consoles):
            raise AssertionError(f"{name}: no command runs {file}")
    if script:
        run_script(name, script, folder, BEGIN_VIRTUAL_TIME if ON_VIRTUAL_TIME in page else "")
    for block in consoles:
        run_commands(name, block, folder)
