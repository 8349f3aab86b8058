"""The contest of the channels: every contender on the same terms, interleaved repeat by repeat. Measures; channel_tables.py writes it down."""
import sys

from contenders import CONTENDERS, NotMeasured
from measure import interleaved

SIZES = (8, 64, 1024, 65536, 1 << 20)
LARGE = 100 << 20  # through blocks that are used again
SECONDS = 0.2  # what one run should take
STREAMS = [name for name in CONTENDERS if name not in ("cache_line", "futex")]
LARGE_STREAMS = ["queue", "memcpy"]
PING_PONGS = ["queue", "topic", "iceoryx", "iceoryx2", "boost_message_queue", "zeromq", "nng", "pipe", "seqpacket", "posix_mq", "python_pipe", "python_queue",
              "vyukov", "cache_line", "futex"]
MODES = {"spin": 20_000, "sleep": 2_000, "sleep one-core": 2_000}  # and how many round trips
BARE = 8  # bytes: what the bare cache line and the bare futex carry
TEXT = 64  # bytes: a message of all others, where latency is measured


class Contest:
    def __init__(self, build, repeats, only=(), sizes=()):
        self.build, self.repeats, self.only = build, repeats, only
        self.sizes = sizes or (*SIZES, LARGE)
        self.streams = {}     # size → name → Series of Figures
        self.ping_pongs = {}  # mode → name → Series of Figures
        self.left_out = set()
        self.reasons = {}     # name → why it could not take part, at all or at some size

    def run(self):
        for size in self.sizes:
            self.streams[size] = self.stream(size)
        for mode in MODES:
            self.ping_pongs[mode] = self.ping_pong(mode)
        return self

    def leave_out(self, reason, *names):
        self.reasons.update(dict.fromkeys(names, reason))
        self.left_out.update(names)

    def chosen(self, names):
        return [name for name in names if (not self.only or name in self.only) and name not in self.left_out]

    def stream(self, size):
        say(f"throughput of {size} bytes")
        runs = {"cache_line": self.bound("cache_line", "latency", BARE, MODES["spin"], "spin")}
        for name in self.chosen(LARGE_STREAMS if size == LARGE else STREAMS):
            with Attempt(self, name):
                runs[name] = self.bound(name, "throughput", size, self.count_for(name, size))
        return self.interleaved(runs)

    def ping_pong(self, mode):
        say(f"latency, {mode}")
        runs = {}
        for name in self.chosen(PING_PONGS):
            with Attempt(self, name, quiet=True):
                run = self.bound(name, "latency", BARE if name in ("cache_line", "futex") else TEXT, MODES[mode], *mode.split())
                run()
                runs[name] = run
        return self.interleaved(runs)

    def interleaved(self, runs):
        """Whoever is stuck once is out, and the rest goes on."""
        stuck = set()

        def run_of(name):
            with Attempt(self, name):
                return None if name in stuck else runs[name]()
            stuck.add(name)

        found = interleaved({name: lambda name=name: run_of(name) for name in runs}, self.repeats)
        return {name: series for name, series in found.items() if name not in stuck}

    def bound(self, name, *words):
        return lambda: CONTENDERS[name].run(self.build, *words)

    def count_for(self, name, size):
        """How many messages make one run last SECONDS; found by shorter ones."""
        count = max(20, min(20_000, (16 << 20) // size))
        for _ in range(3):
            rate = self.bound(name, "throughput", size, count)().rate
            if count > rate * SECONDS / 3:
                break
            count = int(min(50 * count, rate * SECONDS))
        return max(20, int(rate * SECONDS))


class Attempt:
    """Notes why a contender does not take part; `quiet`: only if it is about the contender, not about a mode that it does not have."""

    def __init__(self, contest, name, quiet=False):
        self.contest, self.name, self.quiet = contest, name, quiet

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is not NotMeasured:
            return False
        if not self.quiet:
            self.contest.reasons.setdefault(self.name, str(error))
        return True


def say(what):
    print(f"bench: {what}", file=sys.stderr, flush=True)
