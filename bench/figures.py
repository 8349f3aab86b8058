"""Numbers as people read them: amounts, times, sizes, each with its spread."""


def scaled(value, steps):
    """The value in the largest unit that leaves at least 1 of it."""
    factor, unit = next(((factor, unit) for factor, unit in steps if abs(value) >= factor), steps[-1])
    return value / factor, unit


def digits(value):
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def amount(value):
    value, unit = scaled(value, ((1e9, " G"), (1e6, " M"), (1e3, " k"), (1, "")))
    return digits(value) + unit


def duration(nanoseconds):
    value, unit = scaled(nanoseconds, ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")))
    return f"{digits(value)} {unit}"


def size(number):
    """Exact: sizes are powers of two here, or nearly."""
    value, unit = scaled(number, ((1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B")))
    return f"{value:.0f} {unit}"


def spread(series, write):
    """The median, and the least and the greatest in brackets."""
    return f"{write(series.median)} ({write(min(series.values))}–{write(max(series.values))})"


def percentile(series, share):
    ordered = sorted(series.values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
