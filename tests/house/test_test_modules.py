"""The tests' own files: pytest imports them by their base names, so two of one name hide each other."""

from collections import defaultdict

from source_tree import TESTS


def test_no_two_files_of_the_tests_share_a_name():
    places = defaultdict(list)
    for module in TESTS:
        places[module.path.name].append(module.name)
    twice = [names for name, names in places.items() if len(names) > 1 and name != "conftest.py"]
    assert not twice, f"Rename one of each: {twice}"
