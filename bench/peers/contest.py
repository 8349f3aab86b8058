"""What contest.h is for the C++ contenders: the same command line, terms, checks and figures, for those of Python's multiprocessing.

A link is a pair of functions made of a context: send(bytes) and receive() -> bytes.
"""
import multiprocessing
import os
import resource
import struct
import sys
import time

CANNOT = 77


def cannot(why):
    print(why, file=sys.stderr)
    sys.exit(CANNOT)


def texts(size):
    """number -> a message of `size` bytes that bears it at both ends."""
    middle = bytes(max(0, size - 16))

    def text(number):
        stamp = struct.pack("<Q", number)
        return stamp if size == 8 else stamp + middle + stamp

    return text


def check(text, size, number):
    stamp = struct.pack("<Q", number)
    if len(text) != size or text[:8] != stamp or text[-8:] != stamp:
        sys.exit("a message lost, torn or out of order")


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def send_all(link, size, before, count, stage, results):
    text = texts(size)
    for number in range(before):
        link.send(text(number))
    stage.wait()
    cpu = cpu_seconds()
    for number in range(before, before + count):
        link.send(text(number))
    stage.wait()
    results.put(cpu_seconds() - cpu)


def throughput(context, make, size, count):
    link, stage, results = make(context), context.Barrier(2), context.SimpleQueue()
    before = 16 if size > 65536 else 130
    sender = context.Process(target=send_all, args=(link, size, before, count, stage, results), daemon=True)
    sender.start()
    for number in range(before):
        check(link.receive(), size, number)
    stage.wait()
    cpu, began = cpu_seconds(), time.perf_counter()
    for number in range(before, before + count):
        check(link.receive(), size, number)
    seconds = time.perf_counter() - began
    stage.wait()
    cpu = cpu_seconds() - cpu
    print(f"messages/s {count / seconds:.0f}\nsender-cpu-ns {results.get() / count * 1e9:.1f}\nreceiver-cpu-ns {cpu / count * 1e9:.1f}")


def echo(there, back, size, count):
    text = texts(size)
    for number in range(count):
        check(there.receive(), size, number)
        back.send(text(number))


def latency(context, make, size, count):
    there, back, text, before = make(context), make(context), texts(size), 100
    other = context.Process(target=echo, args=(there, back, size, before + count), daemon=True)
    other.start()
    trips, began = [], time.perf_counter_ns()
    for number in range(before + count):
        there.send(text(number))
        check(back.receive(), size, number)
        now = time.perf_counter_ns()
        if number >= before:
            trips.append(now - began)
        began = now
    other.join()
    trips.sort()
    print(f"p50-ns {trips[count // 2] / 2:.1f}\np99-ns {trips[count * 99 // 100] / 2:.1f}")


def contest(make):
    what, size, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    context = multiprocessing.get_context("fork")
    if what == "throughput":
        return throughput(context, make, size, count)
    if sys.argv[4] == "spin":
        cannot("it only sleeps")
    if "one-core" in sys.argv:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    latency(context, make, size, count)
