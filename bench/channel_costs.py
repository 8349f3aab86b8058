"""What a queue costs in memory and time, and how soon a dead reader's message is with another one: through real graphs."""
import os
import subprocess

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


def many(footprint, queues):
    names = ", ".join(f"q{i}" for i in range(queues))
    return f"""
processes:
  node: {{ command: [{footprint}], reads: [{names}], stdin: inherit, stdout: inherit }}
  other: {{ command: sleep infinity, writes: [{names}], service: true }}
queues: [{names}]
"""


class Costs:
    def __init__(self, build, scratch, repeats):
        self.build, self.scratch, self.repeats = build.resolve(), scratch, repeats

    def start(self, graph):
        (self.scratch / "graph.yaml").write_text(graph)
        command = [str(self.build / "runner" / "procgraph"), "run", "graph.yaml"]
        return subprocess.Popen(command, cwd=self.scratch, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

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
        if run.returncode != 0:
            raise SystemExit(f"bench: a graph of footprint ended with {run.returncode}")
        return attach, attached, lapped

    def line(self, run):
        line = run.stdout.readline()
        if not line:
            raise SystemExit(f"bench: a graph of footprint ended early, with {run.wait()}")
        return line

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
            if run.returncode != 0:
                raise SystemExit(f"bench: a graph of redelivery ended with {run.returncode}")
            ours.append(int(output))
            notice.append(int(subprocess.run([self.program("death_notice")], capture_output=True, text=True, check=True).stdout))
        return Series(ours), Series(notice)


def held(guard):
    """Bytes of the pages that the graph's unnamed memory really holds, as the runner's descriptors show."""
    sizes = {}
    for pid in [guard, *map(int, open(f"/proc/{guard}/task/{guard}/children").read().split())]:
        folder = f"/proc/{pid}/fd"
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            try:
                if os.readlink(path).startswith("/memfd:"):
                    status = os.stat(path)
                    sizes[status.st_ino] = status.st_blocks * 512
            except FileNotFoundError:
                continue  # the folder's own descriptor
    return sum(sizes.values())
