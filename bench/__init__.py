"""How fast obtura is, each time beside a floor that was measured in the same process and run.

    make bench                              everything, some minutes
    make bench CASES="loopscan counters"    some of it
    make bench PEERS=1                      other engines do the same work in turn with obtura
    python -m bench --list                  the names
    python -m bench --write-docs            docs/explanation/speed.md, of what was measured last

A new case is a function in a module of `bench/suite` (a new module is named in `bench/suite/__init__.py`):

    @case("twopoints", "a scan of two points", per="scan")
    def two_points(lab: Lab) -> Trial:
        def work(count: int) -> None:
            for _ in range(count):
                lab.session.loopscan(2, 0, lab.counter, save=False)

        return Trial(work, floor=bare_loop([lab.counter]))

`work(count)` does the thing `count` times, `floor(count)` the least that it could be. The runner warms up, finds the
`count` that takes long enough, and repeats floor and work in turn; the ratio is the median of the repetitions.
What is no ratio of two times (growth, leaks, latencies) is a `@study`, which returns its figures itself.
"""
