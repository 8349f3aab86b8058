"""The part about the channels: the contest, what queues cost, and a picture of it all."""
import pathlib
import tempfile

import channel_goals
import channel_tables as tables
from channel_contest import SECONDS, SIZES, Contest
from channel_costs import RESIDENT, Costs
from contenders import CONTENDERS, Daemon
from figures import duration, spread
from measure import Series
from results import machine, table

TITLE = "The channels"
HEADER = """Written by `./dev bench channels`. One writer and one reader in two processes; every message is counted, and checked at both ends. Medians of
{repeats} interleaved repeats of about {seconds} s, the least and the greatest in brackets; a ratio is taken repeat by repeat. All copy a message in and
out, but for those that say *in place*: the writer fills all of it where it lies, the reader gets a pointer. Each side has a core of its own, but for
ZeroMQ, nng and Python, whose threads go where the scheduler puts them. Room for {depth}, where it
can be chosen. The programs are in `bench/peers/`.

Machine: {machine}. Host: {state} (a bare cache line took {lines} one way; at most {fast} ns is fast).

"""


def choose(parser):
    group = parser.add_argument_group("channels")
    group.add_argument("--only", nargs="+", default=[], choices=sorted(CONTENDERS), metavar="CONTENDER",
                       help="one of: " + ", ".join(sorted(CONTENDERS)))
    group.add_argument("--sizes", nargs="+", type=int, default=[], metavar="BYTES", help="instead of " + ", ".join(map(str, SIZES)) + " and 100 MiB")


def measure(chosen):
    """(the section's text, are all goals met)"""
    with Daemon() as daemon:
        contest = Contest(chosen.build, chosen.repeats, chosen.only, chosen.sizes)
        if not daemon.running:
            contest.leave_out("not installed, or its daemon did not start", "iceoryx", "iceoryx_in_place")
        contest.run()
    rows = channel_goals.contest_rows(contest)
    if not chosen.only and not chosen.sizes:
        with tempfile.TemporaryDirectory(prefix="procgraph-bench-") as scratch:
            costs = Costs(chosen.build, pathlib.Path(scratch), chosen.repeats)
            rows += channel_goals.cost_rows(costs.footprint(), *costs.redelivery())
            rows += [channel_goals.first_row(True, *costs.first_message(True), 1.2), channel_goals.first_row(False, *costs.first_message(False), None)]
            rows += channel_goals.spawn_rows(costs.spawning(0), costs.spawning(RESIDENT))
            rows += channel_goals.kill_rows(costs.kills_survived())
    text = written(contest, rows, chosen.repeats)
    print(text)
    return text, all("missed" not in row[-1] for row in rows)


def written(contest, rows, repeats):
    lines = Series(value for each in contest.sizes for value in tables.cache_lines(contest, each).values)
    header = HEADER.format(repeats=repeats, seconds=SECONDS, machine=machine(), state=tables.state(lines), lines=spread(lines, duration),
                           fast=tables.FAST, depth="1,024 messages (64 of 64 KiB, 16 of 1 MiB, 2 of 100 MiB)")
    rows = [row for row in rows if row[1] != "not measured" or not (contest.only or len(contest.sizes) < len(SIZES))]
    return header + "\n".join((table(["what", "procgraph", "against", "ratio", "goal", ""], rows), tables.throughput(contest), tables.cpu(contest),
                               tables.latency(contest), tables.not_measured(contest)))
