"""What the contest found, as tables. No figure is made here, only written down."""
from channel_contest import LARGE, MODES, PING_PONGS, SIZES, STREAMS
from contenders import CONTENDERS
from figures import amount, duration, size, spread
from results import table

FAST = 75  # ns that a bare cache line takes one way, at most, on a host in its fast state
COLUMNS = {"spin": "both look all the time", "sleep": "asleep, two cores", "sleep one-core": "asleep, one core"}


def state(lines):
    return "fast" if lines.median <= FAST else "slow"


def cache_lines(contest, size_of):
    return contest.streams[size_of]["cache_line"].map(lambda figures: figures["p50-ns"])


def cells(contest, name, write):
    for each in (*SIZES, LARGE):
        series = contest.streams.get(each, {}).get(name)
        yield write(series) if series else "–"


def throughput(contest):
    rows = [[CONTENDERS[name].title, *cells(contest, name, lambda series: spread(series.map(lambda f: f.rate), amount))]
            for name in STREAMS if measured(contest, name)]
    lines = [cache_lines(contest, each) if each in contest.streams else None for each in (*SIZES, LARGE)]
    rows.append(["host: a bare cache line, one way", *(f"{duration(line.median)}, {state(line)}" if line else "–" for line in lines)])
    return table(["messages/s", *map(size, (*SIZES, LARGE))], rows)


def measured(contest, name):
    return any(name in found for found in contest.streams.values())


def cpu(contest):
    rows = [[CONTENDERS[name].title, *cells(contest, name, lambda series: duration(series.map(lambda f: f.cpu).median))]
            for name in STREAMS if measured(contest, name)]
    return table(["CPU time for one message", *map(size, (*SIZES, LARGE))], rows)


def latency(contest):
    rows = []
    for name in PING_PONGS:
        found = [contest.ping_pongs.get(mode, {}).get(name) for mode in MODES]
        if any(found):
            rows.append([CONTENDERS[name].title, *map(percentiles, found)])
    return table(["one way, p50 and p99", *(COLUMNS[mode] for mode in MODES)], rows)


def percentiles(series):
    if not series:
        return "–"
    p50, p99 = series.map(lambda f: f["p50-ns"]), series.map(lambda f: f["p99-ns"])
    return f"{spread(p50, duration)}; {duration(p99.median)}"


def not_measured(contest):
    lines = [f"{CONTENDERS[name].title}: {reason}" for name, reason in contest.reasons.items()]
    lines.append("dora-rs: tried by hand (1.1.0, its nodes in Python), it drops what a slow reader does not fetch: of 20,000 messages of 64 B "
                 "half never came, with a `queue_size` of 100,000, so it cannot keep the terms")
    return "Not measured, in part or at all: " + "; ".join(lines) + ".\n"
