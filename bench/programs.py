"""Plain programs on channels beside what people use for it now: GNU parallel, xargs -P, tee(1) with named pipes."""
import glob
import shutil
import subprocess
import time

from cases import descendants, name_of, read
from measure import interleaved, ratio_row
from per_message import same

TITLE = "Plain programs"


def beside(bench, ours, theirs, what, check):
    """A row for each of theirs that is installed: (name, script)."""
    for name, script in theirs:
        if shutil.which(name) is None:
            yield (f"{what}, beside {name}", "–", "not installed", "–", "≤ 0.9 ×", None)
            continue
        found = interleaved({"procgraph": lambda: bench.graph(ours).wall, name: lambda: bench.shell(script).wall}, bench.repeats)
        same(bench, check)
        yield ratio_row(f"{what}, beside {name}, wall", found["procgraph"], found[name], 0.9)


def blocks(bench):
    """gzip -c and grep, a run for each 1 MiB, in order; xargs gets the text in pieces of that size, which it has to cut first."""
    size = int(500e6 * bench.scale)
    bench.text(size)
    for command, check in (("gzip -c", "gzip -dc ours | cmp - text && gzip -dc theirs | cmp - text"), ("grep vector", "cmp ours theirs")):
        for runs in (1, 2):
            graph = bench.write(f"{command.split()[0]}{runs}.yaml", f"""
processes:
  cut:  {{ command: blocks 1048576, stdin: {{ file: text }}, writes: blocks }}
  work: {{ command: {command}, per: message, replicas: {runs}, ordered: true, ok_codes: [0, 1], stdin: blocks, stdout: {{ file: ours }} }}
queues: [blocks]
""")
            pieces = f"rm -f piece.*; split -a 4 -C 1048576 text piece. && ls piece.* | xargs -P {runs} -n 1 sh -c '{command} <$0 >$0.out'; cat piece.*.out >theirs"
            yield from beside(bench, graph, (("parallel", f"parallel --pipe --block 1M -k -j{runs} {command} <text >theirs"), ("xargs", pieces)),
                              f"{command} for each 1 MiB of {size / 1e6:.0f} MB, in order, {runs} at a time", check)


def records(bench):
    """jq, copies that live on and share what comes."""
    if shutil.which("jq") is None:
        return
    size = int(500e6 * bench.scale)
    line = '{"n":%d,"name":"somebody","tags":["a","b"],"note":"' + "x" * 60 + '"}\n'
    with open(bench.scratch / "text", "w") as text:
        for i in range(size // len(line % 10**7)):
            text.write(line % (10**7 + i))
    for copies in (1, 2):
        graph = bench.write(f"jq{copies}.yaml", f"""
processes:
  cut:  {{ command: blocks 65536, stdin: {{ file: text }}, writes: blocks }}
  work: {{ command: jq -c .n, replicas: {copies}, stdin: {{ channel: blocks, framing: {{ chunks: 1MiB }} }}, stdout: {{ channel: found, framing: lines }} }}
  keep: {{ command: cat, stdin: {{ channel: found, framing: lines }}, stdout: {{ file: ours }} }}
queues: [blocks, found]
""")
        pieces = f"rm -f piece.*; split -a 4 -C 1048576 text piece. && ls piece.* | xargs -P {copies} -n 1 sh -c 'jq -c .n <$0 >$0.out'; cat piece.*.out >theirs"
        yield from beside(bench, graph, (("parallel", f"parallel --pipe --block 1M -j{copies} jq -c .n <text >theirs"), ("xargs", pieces)),
                          f"jq -c .n over {size / 1e6:.0f} MB of lines, {copies} at a time", "sort ours >a; sort theirs | cmp a -")


def fan_out(bench):
    """One stream for three readers: by fan, which copies nothing, and by a topic, beside tee(1) with named pipes."""
    size = int(4e9 * bench.scale)
    counts = "".join(f"  count{i}: {{ command: wc -c, stdin: to{i}, stdout: inherit }}\n" for i in range(3))
    zeros = f"processes:\n  zeros: {{ command: head -c {size} /dev/zero, stdout: all }}\n"
    fan = bench.write("fan.yaml", zeros + "  fan: { command: fan, stdin: all, writes: [to0, to1, to2] }\n" + counts + "pipes: [all, to0, to1, to2]\n")
    topic = bench.write("topic.yaml", zeros + counts.replace("to0", "all").replace("to1", "all").replace("to2", "all") +
                        "topics: { all: { framing: { chunks: 64KiB } } }\n")
    script = f"rm -f a b; mkfifo a b; wc -c <a & wc -c <b & head -c {size} /dev/zero | tee a b | wc -c; wait"
    output = bench.scratch / "out"

    def wall(run):
        if output.read_text().split() != [str(size)] * 3:
            raise SystemExit(f"bench: fan_out: {size} bytes came to {output.read_text().split()}")
        return run.wall

    found = interleaved({"fan": lambda: wall(bench.graph(fan, output)), "topic": lambda: wall(bench.graph(topic, output)),
                         "sh": lambda: wall(bench.shell(script, output))}, bench.repeats)
    for name, how in (("fan", "by fan"), ("topic", "by a topic, in chunks of 64 KiB")):
        yield ratio_row(f"{size / 1e9:.1f} GB for three readers, {how}, beside tee with named pipes, wall", found[name], found["sh"], None)


# --- what the doctor costs ----------------------------------------------------------------------------------------------------------------

SPLIT_AND_JOIN = """
deadlock: {{ after: {after} }}
processes:
  source: {{ shell: "while sleep 0.02; do echo x; done", stdout: all }}
  split: {{ command: tee /dev/fd/11 /dev/fd/12 /dev/fd/13 /dev/fd/14, stdin: all, stdout: none, writes: {{ {ends} }} }}
{branches}  join: {{ command: paste /dev/fd/21 /dev/fd/22 /dev/fd/23 /dev/fd/24, reads: {{ {joined} }}, stdout: both }}
  last: {{ command: cat, stdin: both, stdout: none }}
pipes: [all, both, {pipes}]
"""


def split_and_join(after):
    pairs = range(1, 5)
    return SPLIT_AND_JOIN.format(
        after=after, ends=", ".join(f"a{i}: {{ channel: a{i}, fd: {10 + i} }}" for i in pairs),
        joined=", ".join(f"b{i}: {{ channel: b{i}, fd: {20 + i} }}" for i in pairs),
        branches="".join(f"  cat{i}: {{ command: cat, stdin: a{i}, stdout: b{i} }}\n" for i in pairs),
        pipes=", ".join(f"a{i}, b{i}" for i in pairs))


def nanoseconds(pids):
    return sum(int(read(task).split()[0]) for pid in pids for task in glob.glob(f"/proc/{pid}/task/*/schedstat"))


def share_of_a_core(bench, after, seconds):
    """What guard and runner take of one, in percent."""
    graph = bench.write(f"watched{after}.yaml", split_and_join(after))
    guard = subprocess.Popen([bench.procgraph, "run", graph], cwd=bench.scratch, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    while guard.poll() is None and sum(name_of(pid) in ("cat", "paste", "tee") for pid in descendants(guard.pid)) < 7:
        time.sleep(0.02)
    ours = [pid for pid in [guard.pid, *descendants(guard.pid)] if name_of(pid) == "procgraph"]
    before = nanoseconds(ours)
    time.sleep(seconds)
    spent = nanoseconds(ours) - before
    if guard.poll() is not None or not before:
        raise SystemExit("bench: doctor: the graph ended by itself")
    guard.terminate()
    guard.wait()
    return spent / seconds / 1e7


def doctor(bench):
    """A split that joins again, and runs: looked at every second, and every hour."""
    seconds = max(2, 20 * min(1, bench.scale))
    found = interleaved({after: lambda after=after: share_of_a_core(bench, after, seconds) for after in ("1s", "1h")}, bench.repeats)
    more = type(found["1s"])(a - b for a, b in zip(found["1s"].values, found["1h"].values))
    return [(f"looking for deadlocks each second in a running graph of 8 processes, over {seconds:.0f} s", found["1s"].spread("%", 3),
             found["1h"].spread("%", 3) + " not looking", more.spread("% of a core", 3), "≤ 0.5 %", more.median <= 0.5)]


CASES = {case.__name__: case for case in (blocks, records, fan_out, doctor)}
