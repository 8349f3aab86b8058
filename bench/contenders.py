"""Who takes part in the contest of the channels, and how one run of one of them is made.

Every program keeps the command line and the terms of peers/contest.h.
"""
import pathlib
import shutil
import subprocess
import sys

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
LONGEST = 30  # s: what no run takes that is not stuck
CANNOT = 77  # the contender cannot keep these terms, and says why


class NotMeasured(Exception):
    """Why there is no figure."""


class Figures(dict):
    """What one run printed: names to numbers."""

    @property
    def rate(self):
        return self["messages/s"]

    @property
    def cpu(self):
        """Of both sides, in ns for one message."""
        return self["sender-cpu-ns"] + self["receiver-cpu-ns"]


class Contender:
    """One program. `ours`, a `peer`, the `control` or a `limit`."""

    def __init__(self, name, title, role):
        self.name, self.title, self.role = name, title, role

    def command(self, build):
        if self.name.startswith("python_"):
            return [sys.executable, str(PEERS / f"{self.name}.py")]
        program = build.resolve() / "bench" / "peers" / self.name
        if not program.exists():
            raise NotMeasured("not installed")
        return [str(program)]

    def run(self, build, *words):
        command = [*self.command(build), *map(str, words)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST)
        except subprocess.TimeoutExpired:
            if self.role == "ours":
                sys.exit(f"bench: {' '.join(command)} did not end within {LONGEST} s")
            raise NotMeasured(f"did not end within {LONGEST} s") from None
        if done.returncode == CANNOT:
            raise NotMeasured(done.stderr.strip().splitlines()[-1])
        if done.returncode != 0:
            sys.exit(f"bench: {' '.join(command)} failed ({done.returncode}); a broken run measures nothing\n{done.stderr}")
        return Figures((name, float(number)) for name, number in map(str.split, done.stdout.splitlines()))


CONTENDERS = {contender.name: contender for contender in (
    Contender("queue", "procgraph queue", "ours"),
    Contender("queue_batch", "procgraph queue, `get_batch`", "ours"),
    Contender("queue_frames", "procgraph queue, in frames of 64", "ours"),
    Contender("queue_in_place", "procgraph queue, in place", "ours"),
    Contender("queue_hand_over", "procgraph queue, hand-over alone", "ours"),
    Contender("topic", "procgraph topic", "ours"),
    Contender("iceoryx", "iceoryx", "peer"),
    Contender("iceoryx_in_place", "iceoryx, in place", "peer"),
    Contender("iceoryx2", "iceoryx2", "peer"),
    Contender("iceoryx2_in_place", "iceoryx2, in place", "peer"),
    Contender("boost_message_queue", "Boost message_queue", "peer"),
    Contender("zeromq", "ZeroMQ ipc://", "peer"),
    Contender("nng", "nng ipc", "peer"),
    Contender("pipe", "pipe(2)", "peer"),
    Contender("seqpacket", "AF_UNIX SEQPACKET", "peer"),
    Contender("posix_mq", "POSIX mq", "peer"),
    Contender("python_pipe", "Python Pipe", "peer"),
    Contender("python_queue", "Python Queue", "peer"),
    Contender("vyukov", "control: Vyukov's queue", "control"),
    Contender("memcpy", "limit: memcpy on one core", "limit"),
    Contender("memset", "limit: memset on one core", "limit"),
    Contender("cache_line", "limit: a bare cache line", "limit"),
    Contender("futex", "limit: a bare futex", "limit"),
)}


class Daemon:
    """iceoryx's iox-roudi, for as long as the block lasts; `running` is false where it is not installed or does not start."""

    def __enter__(self):
        program = shutil.which("iox-roudi")
        command = ["stdbuf", "-oL", program]  # else it says that it is ready when it ends
        self.process = program and subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.running = bool(program) and any("ready for clients" in line for line in self.process.stdout)
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.communicate()
