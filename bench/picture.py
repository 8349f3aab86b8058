#!/usr/bin/env python3
"""picture.py RESULTS.md > throughput.svg: messages/s over the size of a message, both in powers, procgraph and its peers.

Reads the table that channel_tables.throughput wrote: what is drawn is what stands there.
"""
import math
import re
import sys

WIDTH, HEIGHT = 860, 470
LEFT, RIGHT, TOP, BOTTOM = 64, 230, 56, 48  # margins; the names stand in the right one
GAP = 17  # between two names
UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
SIZES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}
SIZE_NAMES = {8: "8 B", 64: "64 B", 1024: "1 KiB", 65536: "64 KiB", 1 << 20: "1 MiB"}  # those that are drawn
LEAST, LARGEST = min(SIZE_NAMES), max(SIZE_NAMES)
COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#9c755f", "#76b7b2", "#edc948", "#ff9da7", "#8a8f98", "#2a9d8f",
           "#6f4fbf")
OURS = "#e0245e"
LEFT_OUT = ("control", "limit", "host", "messages/s", "---", "procgraph queue, ", "procgraph topic", "iceoryx, in place", "iceoryx2, in place")
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .axis { fill: #59636e; }
  .grid { stroke: #8b949e; stroke-opacity: 0.3; }
  .leader { stroke: #8b949e; stroke-opacity: 0.6; fill: none; }
  .line { fill: none; stroke-width: 2; }
  .ours { stroke-width: 3.5; }
  .bold { font-weight: 700; }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .axis { fill: #9198a1; } }
"""


def lines_of(text):
    """Name to {bytes: messages/s}, from the table of the throughput."""
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in text.splitlines() if line.startswith("|")]
    start = next(i for i, row in enumerate(rows) if row[0] == "messages/s")
    sizes = [size_of(cell) for cell in rows[start][1:]]
    found = {}
    for name, *cells in rows[start + 1:]:
        if len(cells) != len(sizes) or name.startswith("CPU"):
            break
        if not name.startswith(LEFT_OUT):
            found[name] = {each: rate_of(cell) for each, cell in zip(sizes, cells) if each in SIZE_NAMES and cell != "–"}
    return found


def size_of(cell):
    number, unit = cell.split()
    return int(number) * SIZES[unit]


def rate_of(cell):
    number, unit = re.match(r"([\d.]+) ?([kMG]?)", cell).groups()
    return float(number) * UNITS[unit]


class Frame:
    """From bytes and messages/s to places."""

    def __init__(self, lines):
        rates = [rate for line in lines.values() for rate in line.values()]
        self.low, self.high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))

    def x(self, size):
        share = math.log2(size / LEAST) / math.log2(LARGEST / LEAST)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, rate):
        share = (math.log10(rate) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def apart(places, bottom):
    """The wished places of names, from the top, moved as little as needed to stand GAP apart and above the bottom."""
    placed = []
    for place in places:
        placed.append(max(place, placed[-1] + GAP) if placed else place)
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], bottom)
        bottom = placed[i] - GAP
    return placed


def grid(frame):
    for power in range(frame.low, frame.high + 1):
        y = frame.y(10**power)
        name = {0: "", 1: "k", 2: "M", 3: "G"}[power // 3]
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="axis" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10 ** (power % 3)}{" " if name else ""}{name}</text>'
    for size, name in SIZE_NAMES.items():
        yield f'<text class="axis" x="{frame.x(size):.1f}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">{name}</text>'


def curve(frame, line, colour, ours):
    points = [(frame.x(size), frame.y(rate)) for size, rate in sorted(line.items())]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline class="line{" ours" if ours else ""}" stroke="{colour}" points="{path}"/>'
    for x, y in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4 if ours else 2.8}" fill="{colour}"/>'


def labels(frame, lines, colours):
    """Names in the right margin, each tied to the end of its line; a line that ends early only stands at its height."""
    right = WIDTH - RIGHT
    ends = sorted((frame.y(line[max(line)]), max(line), name) for name, line in lines.items())
    for (y, last, name), place in zip(ends, apart([end[0] for end in ends], HEIGHT - BOTTOM)):
        if last == LARGEST:
            yield f'<path class="leader" d="M {right + 6} {y:.1f} L {right + 10} {y:.1f} L {right + 24} {place:.1f}"/>'
        yield f'<circle cx="{right + 30}" cy="{place:.1f}" r="4" fill="{colours[name]}"/>'
        bold = ' class="bold"' if name.startswith("procgraph") else ""
        until = "" if last == LARGEST else f" (to {SIZE_NAMES[last]})"
        yield f'<text{bold} x="{right + 39}" y="{place + 4:.1f}">{name}{until}</text>'


def drawn(text):
    lines = {name: line for name, line in lines_of(text).items() if line}
    peers = [name for name in lines if not name.startswith("procgraph")]
    colours = {name: OURS for name in lines} | dict(zip(peers, COLOURS))
    frame = Frame(lines)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
             "<title>Messages per second by size, procgraph and its peers</title>", f"<style>{STYLE}</style>",
             f'<text class="title" x="{LEFT}" y="26">Messages per second, one process to another</text>',
             f'<text class="axis" x="{LEFT}" y="44">by size; both scales are logarithmic</text>', *grid(frame)]
    for name in [*peers, *(name for name in lines if name not in peers)]:  # ours on top
        parts += curve(frame, lines[name], colours[name], name not in peers)
    return "\n".join([*parts, *labels(frame, lines, colours), "</svg>"]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(drawn(open(sys.argv[1]).read()))
