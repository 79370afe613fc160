"""Every example in the README and the docs runs, and prints what the page says."""

import sys
from pathlib import Path

import pytest
from snippets import run_page

ROOT = Path(__file__).parents[2]
SIMULATOR = "sinstruments-server"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_examples_of_a_page_do_what_it_says(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    if SIMULATOR in text and not Path(sys.executable).with_name(SIMULATOR).exists():
        pytest.skip(f"{SIMULATOR} is missing: make venv installs it (tools/simulators)")
    run_page(page.name, text, tmp_path)


GOOD = {
    "blocks share one namespace": "```python\na = 1\n```\n" + "```python\nprint(a)\n```\n```text output\n1\n```\n",
    "each block has its own output": "```python\nprint(1)\n```\n\n```text output\n1\n```\n"
    + "```python\nprint(2)\n```\n",
    "dots stand for anything": "```python\nprint('took 1.23 s')\n```\n```text output\ntook ... s\n```\n",
    "no time passes": "<!-- its examples run on virtual time -->\n```python\nimport time\nfrom obtura.works.clock "
    + "import clock\nbegan = time.time()\nclock.sleep(1e6)\nprint(time.time() - began < 1e5)\n```\n"
    + "```text output\nTrue\n```\n",
    "what is exempt is not run": "```python no-run: needs a motor\n1 / 0\n```\n",
    "/tmp is a folder of its own": "```python\nimport os, tempfile\n"
    + "print(tempfile.gettempdir() + '/a', os.listdir('/tmp/'))\n```\n```text output\n/tmp/a ['page.py']\n```\n",
    "a page may have nothing to run": "words\n```text\nwords\n```\n",
    "commands of other programs are not run": "```console\n$ git clone nowhere\n```\n",
}
BAD = {
    "prints\n2": "```python\nprint(2)\n```\n```text output\n1\n```\n",
    "line 5": "words\n\n```python\na = 1\na / 0\n```\n",
    "say why": "```python no-run\n```\n",
    "beginning of a line": "- words\n  ```python\n  1 / 0\n  ```\n",
    "follow directly": "```python\nprint(2)\n```\nwords\n```text output\n2\n```\n",
    "no command runs": "```python file=scan.py\n1 / 0\n```\n",
    "failed": "```console\n$ obtura no-such-command\n```\n",
}


@pytest.mark.parametrize("page", GOOD.values(), ids=GOOD)
def test_a_page_that_tells_the_truth_passes(page, tmp_path):
    run_page("page.md", page, tmp_path)


@pytest.mark.parametrize(("complaint", "page"), BAD.items(), ids=BAD)
def test_a_page_that_does_not_fails(complaint, page, tmp_path):
    with pytest.raises(AssertionError, match=complaint):
        run_page("page.md", page, tmp_path)


def test_what_a_command_prints_is_compared(tmp_path):
    with pytest.raises(AssertionError, match="should print\nno such words\nbut prints"):
        run_page("page.md", "```console\n$ obtura --help\nno such words\n```\n", tmp_path)
