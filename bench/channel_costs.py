"""What a queue costs in memory and time, and how soon a dead reader's message is with another one: through real graphs."""
import subprocess

from cases import descendants, name_of, read
from channel_contest import say
from measure import Series

RING = 8192  # places of the ring of a queue of default options: one lap touches all of it
MANY = 1000
KILLS = 100

ONE = """
processes:
  node: {{ command: [{footprint}, "{messages}"], reads: {{ in: q }}, writes: {{ out: q }}, stdin: inherit, stdout: inherit }}
queues: [q]
"""
REDELIVERY = """
processes:
  source: {{ command: [{redelivery}], writes: work }}
  reader: {{ command: [{redelivery}, killed], reads: work, replicas: 2, on_failure: ignore, stdout: inherit }}
queues: [work]
"""
FIRST = """
processes:
  writer: {{ command: [{first_message}, write, "{bytes}", "{count}"], writes: messages, reads: done, stdout: inherit }}
  reader: {{ command: [{first_message}, read], reads: messages, writes: done, stdout: inherit }}
queues:
  messages: {{ capacity: 2, memory: "{room}", max_message: "{bytes}", prefault: {prefault} }}
  done: {{}}
"""
LARGE = 100 << 20
RESIDENT = 1 << 30
STARTS = 50
SUBJECTS = ("queue", "vyukov", "boost")


def many(footprint, queues):
    names = ", ".join(f"q{i}" for i in range(queues))
    return f"""
processes:
  node: {{ command: [{footprint}], reads: [{names}], stdin: inherit, stdout: inherit }}
  other: {{ command: [{footprint}], writes: [{names}], stdout: none }}
queues: [{names}]
"""


class Costs:
    def __init__(self, build, scratch, repeats):
        self.build, self.scratch, self.repeats = build.resolve(), scratch, repeats
        self.words = open(scratch / "stderr", "w+")

    def start(self, graph):
        (self.scratch / "graph.yaml").write_text(graph)
        command = [str(self.build / "runner" / "procgraph"), "run", "graph.yaml"]
        return subprocess.Popen(command, cwd=self.scratch, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.words, text=True)

    def program(self, name):
        return str(self.build / "bench" / name)

    # --- memory and attaching -----------------------------------------------------------------------------------------------------------

    def footprint(self):
        """Series by name: ns to attach, bytes that the queue's memory holds."""
        say("memory and attach time")
        found = {"attach one": [], "attached one": [], "lapped one": [], "attach many": [], "attached many": []}
        for _ in range(self.repeats):
            attach, attached, lapped = self.footprints(ONE.format(footprint=self.program("footprint"), messages=RING), laps=True)
            found["attach one"].append(attach)
            found["attached one"].append(attached)
            found["lapped one"].append(lapped)
            attach, attached, _ = self.footprints(many(self.program("footprint"), MANY), laps=False)
            found["attach many"].append(attach)
            found["attached many"].append(attached)
        return {name: Series(values) for name, values in found.items()}

    def footprints(self, graph, laps):
        run = self.start(graph)
        attach, attached, lapped = int(self.line(run)), held(run.pid), None
        self.go_on(run)
        if laps:
            self.line(run)
            lapped = held(run.pid)
            self.go_on(run)
        run.communicate()
        self.ended_well(run)
        return attach, attached, lapped

    def line(self, run):
        line = run.stdout.readline()
        if not line:
            run.wait()
            self.ended_well(run, too_early=True)
        return line

    def ended_well(self, run, too_early=False):
        if run.returncode == 0 and not too_early:
            return
        self.words.seek(0)
        raise SystemExit(f"bench: a graph ended with {run.returncode}{', too early' if too_early else ''}\n{self.words.read()}")

    def go_on(self, run):
        run.stdin.write("\n")
        run.stdin.flush()

    # --- redelivery ---------------------------------------------------------------------------------------------------------------------

    def redelivery(self):
        """(ns from a reader's death to its message with the other one, ns to the bare notice of a death), a Series of KILLS each."""
        say(f"{KILLS} readers killed")
        ours, notice = [], []
        for _ in range(KILLS):
            run = self.start(REDELIVERY.format(redelivery=self.program("redelivery")))
            output, _ = run.communicate()
            self.ended_well(run)
            ours.append(int(output))
            notice.append(int(subprocess.run([self.program("death_notice")], capture_output=True, text=True, check=True).stdout))
        return Series(ours), Series(notice)

    # --- first messages -----------------------------------------------------------------------------------------------------------------

    def first_message(self, prefault):
        """(ns that the first message of 100 MiB takes, put and read out together, ns of a later one), a Series of each."""
        say(f"the first message of 100 MiB, prefault: {str(prefault).lower()}")
        first, later = [], []
        for _ in range(self.repeats):
            run = self.start(FIRST.format(first_message=self.program("first_message"), bytes=LARGE, room=2 * LARGE, count=8, prefault=str(prefault).lower()))
            output, _ = run.communicate()
            self.ended_well(run)
            sides = [list(map(int, line.split()[1:])) for line in output.splitlines()]
            costs = [put + get for put, get in zip(*sides)]
            first.append(costs[0])
            later.append(Series(costs[2:]).median)
        return Series(first), Series(later)

    # --- starting out of a large process ------------------------------------------------------------------------------------------------

    def spawning(self, resident):
        """Series by way (spawn, vfork, fork): ns to start a process out of one that has `resident` bytes."""
        say(f"starts out of a process of {resident >> 20} MiB")
        found = {"spawn": [], "vfork": [], "fork": []}
        for _ in range(self.repeats):
            for name, value in fields(self.output("spawn_cost", resident, STARTS)).items():
                found[name].append(value)
        return {name: Series(values) for name, values in found.items()}

    # --- kills --------------------------------------------------------------------------------------------------------------------------

    def kills_survived(self):
        """By subject: (instructions after which it was killed, how many of them left something broken), put and get together."""
        found = {}
        for subject in SUBJECTS:
            say(f"killed at each instruction: {subject}")
            rows = [fields(line.split(maxsplit=1)[1]) for line in self.output("crash_safety", subject).splitlines()]
            found[subject] = sum(row["points"] for row in rows), sum(row["bad"] for row in rows)
        return found

    def output(self, name, *arguments):
        return subprocess.run([self.program(name), *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def fields(line):
    return {name: int(value) for name, value in (part.split("=") for part in line.split())}


def held(guard):
    """Bytes of the graph's unnamed memory that the node has touched: all that anybody has, as it does all that is done."""
    node = next(pid for pid in descendants(guard) if name_of(pid) == "footprint")
    total, counts = 0, False
    for line in read(f"/proc/{node}/smaps").splitlines():
        if not line.split(maxsplit=1)[0].endswith(":"):
            counts = "/memfd:" in line
        elif counts and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total
