"""A run of a program for each message, or block of a text, beside GNU parallel and xargs."""
import subprocess

from measure import interleaved, ratio_row


def same(bench, script):
    if subprocess.run(["sh", "-c", script], cwd=bench.scratch).returncode != 0:
        raise SystemExit(f"bench: ours is not theirs: {script}")


def by_blocks(bench, name, command, runs, ordered):
    """A text, a run of the command for each block of it, beside GNU parallel."""
    graph = bench.write(f"{name}{runs}.yaml", f"""
processes:
  cut:  {{ command: blocks 1048576, stdin: {{ file: text }}, writes: blocks }}
  work: {{ command: {command}, per: message, replicas: {runs}, ordered: {str(ordered).lower()}, ok_codes: [0, 1], stdin: blocks, stdout: {{ file: ours }} }}
queues: [blocks]
""")
    parallel = f"parallel --pipe --block 1M {'-k' if ordered else ''} -j{runs} {command} <text >theirs"
    return interleaved({"procgraph": lambda: bench.graph(graph).wall, "parallel": lambda: bench.shell(parallel).wall}, bench.repeats)


def per_message(bench):
    rows = []
    size = int(64e6 * bench.scale)
    bench.text(size)
    for runs in (1, 2):
        found = by_blocks(bench, "gzip", "gzip -c", runs, True)
        same(bench, "gzip -dc ours | cmp - text && gzip -dc theirs | cmp - text")
        rows.append(ratio_row(f"gzip -c for each 1 MiB of {size / 1e6:.0f} MB, in order, {runs} at a time, beside parallel -k, wall",
                              found["procgraph"], found["parallel"], 0.9))
        found = by_blocks(bench, "grep", "grep vector", runs, True)
        same(bench, "cmp ours theirs")
        rows.append(ratio_row(f"grep for each 1 MiB, in order, {runs} at a time, beside parallel -k, wall",
                              found["procgraph"], found["parallel"], 0.9))
    count = int(4000 * bench.scale)
    for runs in (1, 2):
        graph = bench.write(f"echo{runs}.yaml", f"""
processes:
  numbers: {{ command: numbers {count}, writes: q }}
  echo:    {{ command: [/bin/echo, "{{}}"], per: message, replicas: {runs}, stdin: q, stdout: {{ file: ours }} }}
queues: [q]
""")
        xargs = f"seq {count} | xargs -n 1 -P {runs} /bin/echo >theirs"
        found = interleaved({"procgraph": lambda: bench.graph(graph).wall, "xargs": lambda: bench.shell(xargs).wall}, bench.repeats)
        same(bench, "sort ours >a; sort theirs | cmp a -")
        rows.append(ratio_row(f"{count} × /bin/echo, a message each, {runs} at a time, beside xargs -n 1 -P {runs}, wall",
                              found["procgraph"], found["xargs"], 0.9))
    return rows
