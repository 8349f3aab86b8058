"""Running contenders interleaved, and what came out: medians, spread, ratios. Knows nothing of procgraph."""
import os
import resource
import statistics
import subprocess
import sys
import time


class Run:
    """One finished process: how long it took by the wall, and the CPU time of it and all that it waited for."""

    def __init__(self, argv, folder, expect=(0,), output=None, quiet=False):
        env = {**os.environ, "LC_ALL": "C"}
        with open(output or os.devnull, "wb") as out:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.monotonic()
            code = subprocess.run(argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=subprocess.DEVNULL if quiet else None).returncode
            self.wall = time.monotonic() - began
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if code not in expect:
            sys.exit(f"bench: {' '.join(argv)} ended with {code}, not {expect[0]}; a broken run measures nothing")


class Series:
    """The same figure of one contender, once per repeat."""

    def __init__(self, values):
        self.values = list(values)

    def map(self, figure):
        return Series(figure(value) for value in self.values)

    @property
    def median(self):
        return statistics.median(self.values)

    def spread(self, unit="s", digits=3):
        return f"{self.median:.{digits}f} {unit} ({min(self.values):.{digits}f}–{max(self.values):.{digits}f})"

    def over(self, other):
        """The ratios repeat by repeat: what disturbed both at once cancels."""
        return Series(a / b for a, b in zip(self.values, other.values))

    def __str__(self):
        return f"{self.median:.3f} ({min(self.values):.3f}–{max(self.values):.3f})"


def interleaved(contenders, repeats):
    """Runs every contender once per repeat, in turning order, after one warm-up each; figures by name."""
    for run in contenders.values():
        run()
    figures = {name: [] for name in contenders}
    for repeat in range(repeats):
        order = list(contenders) if repeat % 2 == 0 else list(reversed(contenders))
        for name in order:
            figures[name].append(contenders[name]())
    return {name: Series(values) for name, values in figures.items()}


def ratio_row(what, ours, theirs, goal):
    ratio = ours.over(theirs)
    met = None if goal is None else ratio.median <= goal
    return (what, ours.spread(digits=4), theirs.spread(digits=4), f"{ratio} ×", f"≤ {goal} ×" if goal else "–", met)
