"""bench/RESULTS.md: a section per part of the benchmark, each rewritten by its own command."""
import os
import pathlib
import platform

FILE = pathlib.Path(__file__).resolve().parent / "RESULTS.md"
HEAD = "# Results\n\nWritten by `./dev bench`: a section per part, `./dev bench runner`, `./dev bench programs` and `./dev bench channels`.\nWhy a goal is missed: [docs/decisions.md](../docs/decisions.md), under \"The channels\".\n"


def machine():
    model = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"


def sections(text):
    """Title to body, in order; what stands before the first title is left out."""
    parts = ("\n" + text).split("\n## ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in parts}


def write_section(title, body, order):
    """Puts the section into the file in place of the old one; all sections in the given order."""
    found = sections(FILE.read_text()) if FILE.exists() else {}
    found[title] = body.strip()
    FILE.write_text(HEAD + "".join(f"\n## {name}\n\n{found[name]}\n" for name in order if name in found))


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
