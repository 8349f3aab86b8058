"""The parts about the runner and about plain programs: each case prints its rows as they come."""
import pathlib
import tempfile

from cases import CASES, Bench
from results import machine

TITLE = "The runner"
HEADER = """Written by `./dev bench {part}`. Medians of {repeats} interleaved repeats, the least and the greatest in brackets; a ratio is taken repeat by
repeat, so that what disturbs both sides at once cancels. What each row runs is in `bench/{file}`.

Machine: {machine}.

| what | procgraph | against | ratio | goal | |
| --- | --- | --- | --- | --- | --- |
"""


def line_of(row):
    what, ours, theirs, ratio, goal, good = row
    verdict = {True: "met", False: "**missed**", None: ""}[good]
    return f"| {what} | {ours} | {theirs} | {ratio} | {goal} | {verdict} |"


def measure(chosen, cases, known=CASES, part="runner", file="cases.py"):
    """(the section's text, are all goals met)"""
    header = HEADER.format(repeats=chosen.repeats, machine=machine(), part=part, file=file)
    print(header, end="", flush=True)
    lines, good = [], True
    for name in cases:
        with tempfile.TemporaryDirectory(prefix="procgraph-bench-") as scratch:
            for row in known[name](Bench(chosen.build, pathlib.Path(scratch), chosen.repeats, chosen.scale)):
                lines.append(line_of(row))
                good = good and row[-1] is not False
                print(lines[-1], flush=True)
    return header + "\n".join(lines), good
