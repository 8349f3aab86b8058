"""What is measured: each case makes its inputs in a scratch folder, runs its contenders interleaved and returns its rows.

A row is (what, ours, theirs, ratio or figure, goal, good).
"""
import filecmp
import glob
import os
import subprocess
import time

from measure import Run, Series, interleaved, ratio_row
from per_message import per_message
from supervision import supervision, supervisors


class Bench:
    """Where the programs and the scratch folder are, and how often to repeat."""

    def __init__(self, build, scratch, repeats, scale):
        self.procgraph = str(build.resolve() / "runner" / "procgraph")
        self.spawn_loop = str(build.resolve() / "bench" / "spawn_loop")
        self.scratch, self.repeats, self.scale = scratch, repeats, scale

    def write(self, name, text):
        (self.scratch / name).write_text(text)
        return name

    def text(self, size):
        """The file `text`: the C++ library's headers, over and over."""
        sources = b"".join(open(name, "rb").read() for name in sorted(glob.glob("/usr/include/c++/*/bits/*.h")))
        with open(self.scratch / "text", "wb") as text:
            for _ in range(size // len(sources) + 1):
                text.write(sources)
            text.truncate(size)

    def graph(self, file, output=None):
        return Run([self.procgraph, "run", file], self.scratch, output=output)

    def shell(self, script, output=None):
        return Run(["sh", "-c", script], self.scratch, output=output)


# --- data -------------------------------------------------------------------------------------------------------------------------------

def wordcount(bench):
    size = int(200e6 * bench.scale)
    bench.text(size)
    bench.write("wordcount.yaml", r"""
processes:
  text:  cat text
  words: tr -cs 'A-Za-z_' '\n'
  sort:  sort
  count: uniq -c
  rank:  sort -rn
  top:   { command: "head -20", stdout: inherit }
pipelines: [[text, words, sort, count, rank, top]]
""")
    script = r"cat text | tr -cs 'A-Za-z_' '\n' | sort | uniq -c | sort -rn | head -20"
    ours, theirs = bench.scratch / "ours", bench.scratch / "theirs"
    found = interleaved({"procgraph": lambda: bench.graph("wordcount.yaml", ours).wall,
                         "sh": lambda: bench.shell(script, theirs).wall}, bench.repeats)
    if not filecmp.cmp(ours, theirs, shallow=False):
        raise SystemExit("bench: wordcount: the graph's output is not the shell's")
    return [ratio_row(f"wordcount of {size / 1e6:.0f} MB, wall", found["procgraph"], found["sh"], 1.02)]


def byte_pipe(bench):
    size = int(5e9 * bench.scale)
    graph = "processes:\n  zeros: head -c %d /dev/zero\n  count: { command: wc -c, stdout: inherit }\n%s"
    bench.write("bytes.yaml", graph % (size, "pipelines: [[zeros, count]]\n"))
    bench.write("wide.yaml", graph % (size, "pipes: { wide: { capacity: 1MiB } }\npipelines: [[zeros, wide, count]]\n"))
    found = interleaved({"64 KiB": lambda: bench.graph("bytes.yaml").wall,
                         "1 MiB": lambda: bench.graph("wide.yaml").wall,
                         "sh": lambda: bench.shell(f"head -c {size} /dev/zero | wc -c").wall}, bench.repeats)
    best = min((found[name] for name in ("64 KiB", "1 MiB")), key=lambda series: series.median)
    rows = [ratio_row(f"{size / 1e9:.1f} GB from head -c to wc -c, pipe of {name}, wall", found[name], found["sh"], 1.02)
            for name in ("64 KiB", "1 MiB")]
    ratio = found["sh"].over(best)
    return rows + [("the same: throughput of the better against the shell's", f"{size / best.median / 1e9:.2f} GB/s",
                    f"{size / found['sh'].median / 1e9:.2f} GB/s", f"{ratio} ×", "≥ 1.0 ×", ratio.median >= 1.0)]


# Programs that do little, so that what lies between them is measured: what is sent, how, and how much of it in what unit.
RELAYS = (
    ("short lines", "seq %d", "wc -l", "lines", 5_000_000, "lines"),
    ("lines of 79 bytes", "yes %s | head -n %%d" % ("x" * 79), "wc -l", "lines", 4_000_000, "lines"),
    ("chunks of 64 KiB", "head -c %d /dev/zero", "wc -c", "{ chunks: 64KiB }", 2_000_000_000, "bytes"),
)


def relays(bench):
    output = bench.scratch / "out"
    for title, left, right, framing, full, unit in RELAYS:
        count = int(full * bench.scale)
        left %= count
        bench.write("relays.yaml", f"""
processes:
  left:  {{ shell: "{left}" }}
  right: {{ command: {right}, stdout: inherit }}
queues: {{ q: {{ framing: {framing} }} }}
pipelines: [[left, q, right]]
""")

        def rate(run):
            if output.read_text().strip() != str(count):
                raise SystemExit(f"bench: relays: {count} {unit} came to {output.read_text().strip()}")
            return count / run.wall / 1e6

        found = interleaved({"procgraph": lambda: rate(bench.graph("relays.yaml", output)),
                             "sh": lambda: rate(bench.shell(f"{left} | {right}", output))}, bench.repeats)
        yield (f"plain programs with a queue between them, {title}", found["procgraph"].spread(f"M {unit}/s", 2),
               found["sh"].spread(f"M {unit}/s", 2) + " through a pipe", f"{found['procgraph'].over(found['sh'])} × its rate", "–", None)


# --- starting ---------------------------------------------------------------------------------------------------------------------------

def pair(bench):
    bench.write("pair.yaml", "processes: { a: /bin/true, b: /bin/true }\npipelines: [[a, b]]\n")
    found = interleaved({"procgraph": lambda: bench.graph("pair.yaml").wall,
                         "sh": lambda: bench.shell("/bin/true | /bin/true").wall}, max(21, bench.repeats))
    more = Series((a - b) * 1e3 for a, b in zip(found["procgraph"].values, found["sh"].values))
    return [("start to exit of two processes", found["procgraph"].spread(digits=4), found["sh"].spread(digits=4),
             more.spread("ms more", 2), "≤ 5 ms more", more.median <= 5)]


def copies_of_true(bench, copies):
    """The graph with and without logs, and the bare loop, `copies` of /bin/true each."""
    head = f"processes: {{ t: {{ command: /bin/true, replicas: {copies}"
    logged = bench.write("logged.yaml", head + " } }\n")
    bare = bench.write("bare.yaml", head + ", stdout: none, stderr: none } }\n")
    runs = {"bare": lambda: bench.graph(bare), "logged": lambda: bench.graph(logged),
            "loop": lambda: Run([bench.spawn_loop, str(copies), "/bin/true"], bench.scratch)}
    return interleaved(runs, bench.repeats if copies == 1000 else max(11, bench.repeats))


def spawn(bench):
    rows, ours, floor = [], {}, {}
    for copies in (1, 10, 100, 1000):
        found = copies_of_true(bench, copies)
        loop = found["loop"].map(lambda run: run.wall)
        ours[copies], floor[copies] = found["bare"].map(lambda run: run.wall), loop
        for name, what in (("bare", "streams: none"), ("logged", "both streams logged")):
            goal = 1.5 if copies == 1000 and name == "bare" else None
            rows.append(ratio_row(f"{copies} × /bin/true, {what}, wall", found[name].map(lambda run: run.wall), loop, goal))
    cpu = {name: series.map(lambda run: run.cpu) for name, series in found.items()}
    rows.append(ratio_row("1000 × /bin/true, streams: none, CPU of all", cpu["bare"], cpu["loop"], None))
    growth, base = ours[1000].over(ours[100]), floor[1000].over(floor[100])
    rows.append(("1000 against 100: linear", f"{growth} ×", f"{base} ×", f"{growth.median / base.median:.3f} × the loop's growth",
                 "≤ 1.2 ×", growth.median <= 1.2 * base.median))
    return rows


# --- the runner itself ------------------------------------------------------------------------------------------------------------------

def chain(processes):
    """A chain of `processes`: two byte pipes between neighbours, and two more from the first to the last."""
    last = processes - 1
    lines = ["processes:"]
    for i in range(processes):
        reads = [] if i == 0 else [f"a{i - 1}", f"b{i - 1}"] + ([f"a{last}", f"b{last}"] if i == last else [])
        writes = [] if i == last else [f"a{i}", f"b{i}"] + ([f"a{last}", f"b{last}"] if i == 0 else [])
        lines.append(f"  p{i}: {{ command: ./worker, reads: [{', '.join(reads)}], writes: [{', '.join(writes)}] }}")
    return "\n".join(lines) + "\npipes: [" + ", ".join(f"{side}{i}" for i in range(processes) for side in "ab") + "]\n"


def check(bench):
    bench.write("worker", "#!/bin/sh\n")
    (bench.scratch / "worker").chmod(0o755)
    sizes = (2500, 5000, 10000)
    files = {size: bench.write(f"chain{size}.yaml", chain(size)) for size in sizes}

    def once(size):  # 69: the file is right, this machine's limit of descriptors is too low to run it
        return Run([bench.procgraph, "check", files[size]], bench.scratch, expect=(0, 69), quiet=True).cpu

    found = interleaved({size: lambda size=size: once(size) for size in sizes}, bench.repeats)
    largest = found[10000]
    growth = largest.over(found[5000])
    return [("check of 10,000 processes and 20,000 pipes, CPU", largest.spread(), "–", largest.spread(), "< 1 s", largest.median < 1),
            ("10,000 against 5,000: linear", largest.spread(), found[5000].spread(), f"{growth} ×", "≤ 2.3 ×", growth.median <= 2.3)]


class Running:
    """A graph of sleepers, running: the pids of guard and runner, once all its processes are there."""

    def __init__(self, bench, processes):
        name = bench.write(f"idle{processes}.yaml", f"processes: {{ s: {{ command: sleep infinity, replicas: {processes} }} }}\n")
        self.guard = subprocess.Popen([bench.procgraph, "run", name], cwd=bench.scratch, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.ours = []
        while self.guard.poll() is None:
            self.ours = [pid for pid in [self.guard.pid, *descendants(self.guard.pid)] if name_of(pid) == "procgraph"]
            if len(descendants(self.guard.pid)) - len(self.ours) + 1 >= processes:
                return
            time.sleep(0.02)
        raise SystemExit(f"bench: the graph of {processes} sleepers ended by itself")

    def stop(self):
        self.guard.terminate()
        self.guard.wait()


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def name_of(pid):
    return read(f"/proc/{pid}/comm").strip()


def descendants(pid):
    children = [int(child) for task in glob.glob(f"/proc/{pid}/task/*") for child in read(f"{task}/children").split()]
    return children + [below for child in children for below in descendants(child)]


def status_sum(pids, *keys):
    lines = [line for pid in pids for task in glob.glob(f"/proc/{pid}/task/*/status") for line in read(task).splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith(keys))


def resident(pids):
    """Proportional kilobytes: pages that guard and runner share count once."""
    return sum(int(line.split()[1]) for pid in pids for line in read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Pss:"))


def memory(bench):
    kilobytes = {}
    for processes in (10, 1000):
        running = Running(bench, processes)
        kilobytes[processes] = resident(running.ours)
        running.stop()
    each = (kilobytes[1000] - kilobytes[10]) / 990
    return [("memory of guard and runner, 10 processes", f"{kilobytes[10] / 1024:.1f} MiB", "–", f"{kilobytes[10] / 1024:.1f} MiB",
             "≤ 12 MiB", kilobytes[10] <= 12 * 1024),
            ("memory for each further process, up to 1,000", f"{kilobytes[1000] / 1024:.1f} MiB at 1,000", "–", f"{each:.1f} KiB",
             "≤ 20 KiB", each <= 20)]


def idle(bench):
    running = Running(bench, 10)
    time.sleep(1)
    before = status_sum(running.ours, "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
    ticks = sum(cpu_ticks(pid) for pid in running.ours)
    time.sleep(10)
    woken = status_sum(running.ours, "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches") - before
    ticks = sum(cpu_ticks(pid) for pid in running.ours) - ticks
    running.stop()
    return [("idle graph of 10 processes over 10 s: context switches of guard and runner", str(woken), "–",
             f"{woken} ({ticks * 1000 // os.sysconf('SC_CLK_TCK')} ms of CPU)", "0", woken == 0)]


def cpu_ticks(pid):
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


CASES = {case.__name__: case
         for case in (pair, spawn, supervision, supervisors, check, memory, idle, byte_pipe, wordcount, relays,
                      per_message)}
