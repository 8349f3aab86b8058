"""Starting, restarting and stopping: procgraph beside a bare loop and beside other supervisors.

Every process says by itself when it runs (bench/here.cc), so what counts is when it was there, not what its supervisor says of it.
"""
import fcntl
import os
import pathlib
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import time

from measure import interleaved

RECORD = struct.Struct("=qq")  # when, and who
F_SETPIPE_SZ = 1031


class Crew:
    """`count` processes under a supervisor, all of them there; how long that took."""

    def __init__(self, bench, argv, count):
        self.fifo, self.argv = bench.fifo, argv
        began = time.monotonic_ns()
        self.supervisor = subprocess.Popen(argv, cwd=bench.scratch, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
        here = [self.next() for _ in range(count)]
        self.pids = {pid for _, pid in here}
        self.start = (max(when for when, _ in here) - began) / 1e9

    def next(self):
        while True:
            try:
                return RECORD.unpack(os.read(self.fifo, RECORD.size))
            except BlockingIOError:
                if self.supervisor.poll() is not None:
                    sys.exit(f"bench: {' '.join(self.argv)} ended with {self.supervisor.returncode}; a broken run measures nothing")
                time.sleep(0.0005)

    def restarts(self, times):
        """Seconds from a kill to the next process's first instruction; the median of so many."""
        taken = []
        for _ in range(times):
            victim = self.pids.pop()
            began = time.monotonic_ns()
            os.kill(victim, signal.SIGKILL)
            when, pid = self.next()
            self.pids.add(pid)
            taken.append((when - began) / 1e9)
        return statistics.median(taken)

    def stop(self):
        """Seconds from TERM to the supervisor's end, by when all of its processes must have gone."""
        began = time.monotonic()
        self.supervisor.terminate()
        self.supervisor.wait()
        taken = time.monotonic() - began
        alive = [pid for pid in self.pids if pathlib.Path(f"/proc/{pid}").exists() and state_of(pid) != "Z"]
        if alive:
            sys.exit(f"bench: {' '.join(self.argv)} has left {len(alive)} of {len(self.pids)} processes")
        return taken


def state_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


class Stage:
    """Where the processes report: a fifo in the scratch folder."""

    def __init__(self, bench):
        self.scratch, self.procgraph = bench.scratch, bench.procgraph
        self.here, self.hold_loop = (str(pathlib.Path(bench.spawn_loop).with_name(name)) for name in ("here", "hold_loop"))
        self.peers = pathlib.Path(bench.spawn_loop).parent.parent / "go"
        os.mkfifo(self.scratch / "fifo")
        self.fifo = os.open(self.scratch / "fifo", os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self.fifo, F_SETPIPE_SZ, 1 << 20)

    def loop(self, count):
        return [self.hold_loop, str(count), self.here, "fifo"]

    def graph(self, count, more=""):
        name = f"crew{count}.yaml"
        (self.scratch / name).write_text(
            f"processes:\n  p:\n    command: {self.here} fifo\n    replicas: {count}\n"
            f"    restart: {{ policy: always, backoff: 1ms, max: none }}\n{more}")
        return [self.procgraph, "run", name]

    def process_compose(self, count):
        (self.scratch / "process-compose.yaml").write_text(
            f"version: '0.5'\nprocesses:\n  p:\n    command: exec {self.here} fifo\n    replicas: {count}\n"
            "    availability: { restart: always, backoff_seconds: 1 }\n")
        return [str(self.peers / "process-compose"), "up", "-t=false", "--no-server", "-L", os.devnull, "-f", "process-compose.yaml"]

    def supervisord(self, count):
        (self.scratch / "supervisord.conf").write_text(
            f"[supervisord]\nnodaemon=true\nlogfile={os.devnull}\nlogfile_maxbytes=0\npidfile={self.scratch}/supervisord.pid\n"
            f"[program:p]\ncommand={self.here} fifo\nnumprocs={count}\nprocess_name=%(program_name)s_%(process_num)d\n"
            "autorestart=true\nstartsecs=0\n")
        return ["supervisord", "-c", "supervisord.conf"]


KILLS = 11
PARTS = ("start", "restart, from a kill to the next life", "stop")
GOALS = {(10000, "start"): 30, (10000, "stop"): 5}  # seconds


def measured(stage, argv, count, kills=KILLS):
    crew = Crew(stage, argv, count)
    return crew.start, crew.restarts(kills), crew.stop()


def supervision(bench):
    stage, rows = Stage(bench), []
    for count in (10, 100, 1000, 10000):
        quiet = "    stdout: none\n    stderr: none\n"
        found = interleaved({"ours": lambda: measured(stage, stage.graph(count, quiet), count),
                             "loop": lambda: measured(stage, stage.loop(count), count)}, bench.repeats if count < 10000 else 3)
        for part, what in enumerate(PARTS):
            ours, loop = (found[name].map(lambda run, part=part: run[part]) for name in ("ours", "loop"))
            goal = GOALS.get((count, what))
            rows.append((f"{count:,} processes: {what}", seconds(ours), seconds(loop), f"{ours.over(loop)} ×",
                         f"< {goal} s" if goal else "–", ours.median < goal if goal else None))
    return rows


def seconds(series):
    return series.map(lambda value: value * 1e3).spread("ms", 1)


def supervisors(bench):
    count, stage = 100, Stage(bench)
    contenders = {"procgraph": lambda: measured(stage, stage.graph(count), count)}
    if (stage.peers / "process-compose").exists():
        contenders["process-compose"] = lambda: measured(stage, stage.process_compose(count), count, 3)
    if shutil.which("supervisord"):
        contenders["supervisord"] = lambda: measured(stage, stage.supervisord(count), count, 3)
    found = interleaved(contenders, bench.repeats)
    rows = []
    for name in list(contenders)[1:]:
        for part, what in enumerate(PARTS):
            ours, theirs = (found[who].map(lambda run, part=part: run[part]) for who in ("procgraph", name))
            rows.append((f"{count} processes, logged: {what}", seconds(ours), f"{name}: {seconds(theirs)}", f"{ours.over(theirs)} ×",
                         "–", None))
    return rows
