"""The parts of the script that are the same for every model."""

VECTOR_VALUED = {
    "softmax": """\
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)""",
    "log_softmax": """\
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))""",
    "layer_norm": """\
    z = z - z.mean(axis=1, keepdims=True)
    return z / np.sqrt((z * z).mean(axis=1, keepdims=True) + {epsilon!r})""",
}
HEAD = '''"""{name}: predictions of a model, in float64. Needs Python and NumPy alone. Made by Chainrule {version}.

    predict([{example}])

A row is a dict of the columns below; a missing value is None, NaN, "", or left out. `python {name}.py` tests itself.
"""

import base64
import json
import math
import sys

import numpy as np

'''
READ = '''

def floats(text, shape, dtype):
    """The array of a base64 text, in float64."""
    return np.frombuffer(base64.b64decode(text), dtype).reshape(shape).astype(float)
'''
CALENDAR = '''

def part_of(value, part):
    """A number; or days since 1970, and the sine and cosine of the phase in the year, the week and the day."""
    if part is None:
        return float(value)
    time = np.datetime64(value, "us")
    days = time.astype(np.int64) / 86400e6
    if part == 0:
        return days
    year = time.astype("datetime64[Y]")
    start, end = year.astype("datetime64[us]"), (year + 1).astype("datetime64[us]")
    phase = ((time - start) / (end - start), (days + 3.0) % 7.0 / 7.0, days % 1.0)[(part - 1) // 2]
    return (math.sin, math.cos)[(part - 1) % 2](2.0 * math.pi * phase)
'''
BODY = '''

def is_missing(value):
    """True for None, NaN and an empty text."""
    return value is None or value == "" or value != value


def code_of(value, column, levels, has_other):
    """The number of a level, or of others; 1, 1.0, True and "1.0" are one level."""
    if not isinstance(levels[0], str):
        value = float(value)
    elif not isinstance(value, str):
        raise TypeError(f"{column!r} must be a text; got {value!r}")
    return levels.index(value) if value in levels else len(levels) if has_other else -1


def encode(row):
    """The features x of a row."""
    x = []
    for column, part, fill, center, factor in NUMBERS:
        value = row.get(column)
        z = ((fill if is_missing(value) else {number}) - center) * factor
        if LIMIT is not None:
            y = min(max(z / LIMIT, -1e9), 1e9)
            z = LIMIT * (y / math.sqrt(1.0 + y * y))
        x.append(z)
    x += [float(is_missing(row.get(column))) for column, part in GAPS]
    for column, part, single in VALUES:
        value = row.get(column)
        x.append(float(not is_missing(value) and {number} == single))
    for column, levels, kind, has_other in CATEGORIES:
        value = row.get(column)
        code = -1 if is_missing(value) else code_of(value, column, levels, has_other)
        if kind == "sign":
            x.append(0.0 if code < 0 else 2.0 * code - 1.0)
        else:
            x += [float(k == code) for k in range(len(levels) + has_other)]
    return x


def outputs(rows):
    """The mean outputs of the networks for rows: probabilities (t, k), or numbers (t, m)."""
    X = np.array([encode(row) for row in rows], dtype=float).reshape(len(rows), -1)
    total = 0.0
    for network in NETWORKS:
        a = X
        for W, b, sigma, kappa in network:
            z = a @ W.T + b
            a = sigma(z) if kappa is None else sigma(z, kappa)
{shares}        total = total + a
    return total / len(NETWORKS)
'''
SHARES = """\
        if a.shape[1] == 1:
            a = np.concatenate([1.0 - a, a], axis=1)
        a = a / a.sum(axis=1, keepdims=True)
"""
CLASSES = '''

def predict_proba(rows):
    """The probabilities of the classes (t, k)."""
    p = outputs(rows)
    p = np.maximum(p - SMOOTHING, {learned} * p)
    q = (p / p.max(axis=1, keepdims=True)) ** (1.0 / TEMPERATURE)
    return q / q.sum(axis=1, keepdims=True)


def predict(rows):
    """The class of each row."""
    return [CLASSES[k] for k in outputs(rows).argmax(axis=1)]


def results():
    """The values and labels of the test rows."""
    rows = TESTS["rows"]
    return predict_proba(rows), predict(rows)


'''
LABELS = '''

def predict_proba(rows):
    """The probability of each label (t, q)."""
    p = outputs(rows)
    s, beta = np.array([smoothing for *_, smoothing in LABELS]), 1.0 / np.array([T for *_, T, _ in LABELS])
    one, other = (np.maximum(each - s, {learned} * each) for each in (p, 1.0 - p))
    top = np.maximum(one, other)
    q = (one / top) ** beta
    return q / (q + (other / top) ** beta)


def predict(rows):
    """The labels of each row, by their names."""
    return [{name: (no, yes)[v > 0.5] for (name, no, yes, *_), v in zip(LABELS, p)} for p in outputs(rows).tolist()]


def results():
    """The values and labels of the test rows."""
    rows = TESTS["rows"]
    return predict_proba(rows), [list(row.values()) for row in predict(rows)]


'''
QUANTILES = """\
    Y = np.sort(np.sort(Y) + np.array(SHIFTS))
"""
NUMBERS = '''

def numbers(rows):
    """The numbers (t, m)."""
    Y = np.array(MEAN) + np.array(DEVIATION) * outputs(rows)
{quantiles}    return Y


def predict(rows):
    """The {what}."""
    Y = numbers(rows)
    return {form}


def results():
    """The values of the test rows."""
    return numbers(TESTS["rows"]), None


'''
TAIL = '''

def main():
    """Computes the test rows, and compares."""
    values, labels = results()
    if "--results" in sys.argv:
        print(json.dumps({"values": values.tolist(), "labels": labels}))
        return 0
    holds = bool((np.abs(values - TESTS["values"]) <= TESTS["bounds"]).all())
    print(f"{len(values)} rows: {'within' if holds else 'NOT within'} the bounds")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
'''
