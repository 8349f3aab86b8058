"""What the channels are to reach: ratios to what was measured beside them, repeat by repeat, in the same run.

A row is [what, ours, against, ratio or figure, goal, verdict].
"""
from channel_contest import LARGE, SIZES
from channel_costs import KILLS, MANY
from contenders import CONTENDERS
from figures import amount, duration, percentile, size, spread

COPIED = {8: 0.5, 64: 0.5, 1024: 0.8, 65536: 0.8, 1 << 20: 1.0}  # of the control's throughput


def verdict(met):
    return {True: "met", False: "**missed**", None: ""}[met]


def unmeasured(what, goal):
    return [what, "not measured", "–", "–", goal, ""]


def rate_of(each):
    """Messages/s, or bytes/s where they say more."""
    if each < 65536:
        return lambda rate: amount(rate) + "/s"
    return lambda rate: amount(rate * each) + "B/s"


def at_least(what, contest, ours, against, least):
    """Throughput of `ours` over that of `against`: each a pair (size, contender's name)."""
    goal = f"≥ {least} ×" if least else "–"
    series = [contest.streams.get(each, {}).get(name) for each, name in (ours, against)]
    if not all(series):
        return unmeasured(what, goal)
    mine, theirs = (one.map(lambda figures: figures.rate) for one in series)
    ratio = mine.over(theirs)
    return [what, spread(mine, rate_of(ours[0])), f"{CONTENDERS[against[1]].title}: {spread(theirs, rate_of(against[0]))}",
            f"{ratio} ×", goal, verdict(ratio.median >= least if least else None)]


def reaches(what, contest, ours, least):
    """Throughput of `ours`, whatever the host's state; a pair (size, contender's name)."""
    goal = f"≥ {amount(least)}/s"
    each, name = ours
    series = contest.streams.get(each, {}).get(name)
    if not series:
        return unmeasured(what, goal)
    mine = series.map(lambda figures: figures.rate)
    return [what, spread(mine, rate_of(each)), "–", spread(mine, rate_of(each)), goal, verdict(mine.median >= least)]


def at_most(what, contest, mode, figure, against, most):
    goal = f"≤ {most} ×"
    series = [contest.ping_pongs.get(mode, {}).get(name) for name in ("queue", against)]
    if not all(series):
        return unmeasured(what, goal)
    mine, theirs = (one.map(lambda figures: figures[figure]) for one in series)
    ratio = mine.over(theirs)
    return [what, spread(mine, duration), f"{CONTENDERS[against].title}: {spread(theirs, duration)}", f"{ratio} ×", goal,
            verdict(ratio.median <= most)]


def contest_rows(contest):
    rows = [at_least(f"{size(each)}, copied in and out", contest, (each, "queue"), (each, "vyukov"), least) for each, least in COPIED.items()]
    rows += [
        at_least("100 MiB, copied in and out, blocks used again", contest, (LARGE, "queue"), (LARGE, "memcpy"), 0.4),
        at_least("1 MiB, written and read in place", contest, (1 << 20, "queue_in_place"), (1 << 20, "memset"), 0.8),
        at_least("hand-over alone: 1 MiB against 1 KiB", contest, (1 << 20, "queue_hand_over"), (1024, "queue_hand_over"), 0.7),
        at_least("topic with one reader, 64 B, against the queue", contest, (64, "topic"), (64, "queue"), 0.9),
        reaches("64 B in frames of 64, copied in and out", contest, (64, "queue_frames"), 100e6),
        at_most("64 B one way, both looking, p50", contest, "spin", "p50-ns", "cache_line", 2.5),
        at_most("64 B one way, both looking, p99", contest, "spin", "p99-ns", "cache_line", 4),
        at_most("64 B one way, asleep, two cores, p50", contest, "sleep", "p50-ns", "futex", 1.15),
        at_most("64 B one way, asleep, one core, p50", contest, "sleep one-core", "p50-ns", "futex", 1.3),
    ]
    rows += [at_least(f"{size(each)} against ZeroMQ", contest, (each, "queue"), (each, "zeromq"), 3) for each in SIZES]
    rows.append(at_least("64 B against Python's Queue", contest, (64, "queue"), (64, "python_queue"), 100))
    return rows


def first_row(prefault, first, later, most):
    ratio = first.over(later)
    return [f"the first message of 100 MiB, `prefault: {str(prefault).lower()}`, put and read", spread(first, duration), f"a later one: {spread(later, duration)}",
            f"{ratio} ×", f"≤ {most} ×" if most else "–", verdict(ratio.median <= most if most else None)]


def spawn_rows(little, much):
    row = lambda against, ratio, goal, met: ["a start out of a process that holds 1 GiB", spread(much["spawn"], duration), against, f"{ratio} ×", goal, verdict(met)]
    same, fork = much["spawn"].over(little["spawn"]), much["spawn"].over(much["fork"])
    bare = much["spawn"].over(much["vfork"])
    return [row(f"out of one that holds little: {spread(little['spawn'], duration)}", same, "≤ 1.2 ×", same.median <= 1.2),
            row(f"a bare vfork and exec: {spread(much['vfork'], duration)}", bare, "–", None),
            row(f"fork and exec: {spread(much['fork'], duration)}", fork, "–", None)]


def kill_rows(found):
    titles = {"queue": "procgraph queue", "vyukov": "Vyukov's queue", "boost": "Boost message_queue"}
    text = lambda subject: f"{found[subject][1]:,} of {found[subject][0]:,}"
    against = "; ".join(f"{titles[subject]}: {text(subject)}" for subject in found if subject != "queue")
    return [["killed after each instruction of put and get: stuck, short of room, or a message lost", text("queue"), against, text("queue"), "0",
             verdict(found["queue"][1] == 0)]]


def cost_rows(found, kills, notices):
    p50, p99 = percentile(kills, 0.5), percentile(kills, 0.99)
    bytes_of = lambda value: f"{value / 1024:.0f} KiB"
    figure = lambda what, text: [what, text, "–", text, "–", ""]
    return [
        [f"reader killed, its message with a sleeping peer, {KILLS} kills", f"p50 {duration(p50)}, p99 {duration(p99)}",
         f"bare pidfd notice: p50 {duration(percentile(notices, 0.5))}, p99 {duration(percentile(notices, 0.99))}",
         f"p99 {duration(p99)}", "≤ 1 ms", verdict(p99 <= 1e6)],
        figure("attach to a queue (first included: roster, environment)", spread(found["attach one"], duration)),
        figure(f"attach to {MANY:,} queues", spread(found["attach many"], duration)),
        figure("memory of a graph of one queue, attached", spread(found["attached one"], bytes_of)),
        figure("the same after one lap of 64 B messages", spread(found["lapped one"], bytes_of)),
        figure(f"memory of a graph of {MANY:,} queues, attached", spread(found["attached many"], bytes_of)),
    ]
