"""Functions in C that hardly differ from model to model.

{1.0} is a constant of the number type, {exp} the function of that type.
"""

from __future__ import annotations

import re

from chainrule.exports.targets.c99.names import Names

FUNCTIONS = ("exp", "log", "pow", "sqrt", "sin", "cos")


def filled(template: str, names: Names, **values: str) -> str:
    """Returns a template with constants and functions of the number type, and with these values."""
    text = re.sub(r"\{(-?\d+\.\d*(?:e-?\d+)?)\}", lambda found: names.number(float(found[1])), template)
    for function in FUNCTIONS:
        text = text.replace(f"{{{function}}}", function + names.suffix)
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    return text


# Compilers keep the eight sums in registers, on a Cortex-M4 too. With p, and not a number, as the variable of the loop,
# gcc 12 -O2 computes four at a time: a third of the time.
DENSE = """\
/* z = {formula} for m units; W holds, for each block of eight units, the columns, of each eight entries. */
static void dense(const weight *W, {bias}const real *a, int n, int m, real *z) {
    const real *const end = a + n;
    const real *p;
    int i;
    for (i = 0; i < m; i += 8) {
        real {starts};
        for (p = a; p != end; p++) {
            {sums}
            W += 8;
        }
        {ends}
    }
}
"""
CLIPPED = """\
/* z / sqrt(1 + (z / L)^2): between -L and L for every z. */
static real clipped(real z) {
    real y = z / {limit};
    y = y > {1e9} ? {1e9} : (y < -{1e9} ? -{1e9} : y);
    return {limit} * (y / {sqrt}({1.0} + y * y));
}
""".replace("{1e9}", "{1000000000.0}")
VECTOR_VALUED = {
    "softmax": """\
static void {name}(real *z, int m) {
    real top = z[0], sum = {0.0};
    int i;
    for (i = 1; i < m; i++) {
        top = z[i] > top ? z[i] : top;
    }
    for (i = 0; i < m; i++) {
        z[i] = {exp}(z[i] - top);
        sum += z[i];
    }
    for (i = 0; i < m; i++) {
        z[i] /= sum;
    }
}
""",
    "log_softmax": """\
static void {name}(real *z, int m) {
    real top = z[0], sum = {0.0};
    int i;
    for (i = 1; i < m; i++) {
        top = z[i] > top ? z[i] : top;
    }
    for (i = 0; i < m; i++) {
        z[i] -= top;
        sum += {exp}(z[i]);
    }
    for (i = 0; i < m; i++) {
        z[i] -= {log}(sum);
    }
}
""",
    "layer_norm": """\
static void {name}(real *z, int m) {
    real mean = {0.0}, variance = {0.0};
    int i;
    for (i = 0; i < m; i++) {
        mean += z[i];
    }
    mean /= (real)m;
    for (i = 0; i < m; i++) {
        z[i] -= mean;
        variance += z[i] * z[i];
    }
    variance = {sqrt}(variance / (real)m + {epsilon});
    for (i = 0; i < m; i++) {
        z[i] /= variance;
    }
}
""",
}
NORMALISED = """\
    {
        real sum = {0.0};
        for (i = 0; i < {outputs}; i++) {
            sum += out[i];
        }
        for (i = 0; i < {outputs}; i++) {
            result[i] += out[i] / sum;
        }
    }"""
TEMPERED = """\
    {
        real top = result[0], sum = {0.0};
        int best = 0;
        for (i = 1; i < {outputs}; i++) {
            if (result[i] > top) {
                top = result[i];
                best = i;
            }
        }
        for (i = 0; i < {outputs}; i++) {
            result[i] = {pow}(result[i] / top, {beta});
            sum += result[i];
        }
        for (i = 0; i < {outputs}; i++) {
            result[i] /= sum;
        }
        return best;
    }"""
BEST = """\
    {
        int best = 0;
        for (i = 1; i < {outputs}; i++) {
            best = result[i] > result[best] ? i : best;
        }
        return best;
    }"""
UNSMOOTHED = """\
/* What remains of a probability when the smoothing s of labels is taken out. */
static real unsmoothed(real p, real s) {
    return p - s > {learned} * p ? p - s : {learned} * p;
}
"""
UNSMOOTHED_CLASSES = """\
    for (i = 0; i < {outputs}; i++) {
        result[i] = unsmoothed(result[i], {smoothing});
    }"""
CALIBRATED = """\
/* The probability of a label without the smoothing s, at the temperature 1 / beta. */
static real calibrated(real p, real s, real beta) {
    const real one = unsmoothed(p, s), other = unsmoothed({1.0} - p, s);
    const real top = one > other ? one : other;
    const real has = {pow}(one / top, beta);
    return has / (has + {pow}(other / top, beta));
}
"""
INCREASING = """\
/* Sorts m numbers. */
static void increasing(real *y, int m) {
    int i, k;
    for (i = 1; i < m; i++) {
        const real one = y[i];
        for (k = i; k > 0 && y[k - 1] > one; k--) {
            y[k] = y[k - 1];
        }
        y[k] = one;
    }
}
"""
CALENDAR = """\
/* The start of a year, in days since 1970 of the proleptic Gregorian calendar. */
static int64_t days_before(int64_t year) {
    const int64_t y = year - 1;
    const int64_t leaps = (y >= 0 ? y / 4 : -((3 - y) / 4)) - (y >= 0 ? y / 100 : -((99 - y) / 100)) +
                          (y >= 0 ? y / 400 : -((399 - y) / 400));
    return 365 * (year - 1970) + leaps - 477;
}

/* Days since 1970; the sine and the cosine of the phase in the year, the week from Monday, and the day. */
static real part_of(int64_t time, int part) {
    const int64_t a_day = INT64_C(86400000000);
    const int64_t rest = time % a_day < 0 ? time % a_day + a_day : time % a_day;
    const int64_t day = (time - rest) / a_day;
    const real in_day = (real)rest / (real)a_day;
    real phase = in_day;
    if (part == 0) {
        return (real)day + in_day;
    }
    if (part <= 2) {
        int64_t year = 1970 + (day >= 0 ? day / 365 : -((364 - day) / 365));
        int64_t length;
        while (days_before(year) > day) {
            year--;
        }
        while (days_before(year + 1) <= day) {
            year++;
        }
        length = days_before(year + 1) - days_before(year);
        phase = ((real)(day - days_before(year)) + in_day) / (real)length;
    } else if (part <= 4) {
        const int64_t week = (day + 3) % 7 < 0 ? (day + 3) % 7 + 7 : (day + 3) % 7;
        phase = ((real)week + in_day) / {7.0};
    }
    phase *= {6.283185307179586};
    return part % 2 == 1 ? {sin}(phase) : {cos}(phase);
}
"""
LEVEL_OF_TEXT = """\
{declaration} {
    static const char *const levels[] = {{levels}};
    int k = 0;
    if (text == NULL || text[0] == '\\0') {
        return -1;
    }
    while (k < {count} && strcmp(text, levels[k]) != 0) {
        k++;
    }
    return k;
}
"""
LEVEL_OF_NUMBER = """\
{declaration} {
    static const real levels[] = {{levels}};
    int k = 0;
    if (value != value) {
        return -1;
    }
    while (k < {count} && (value < levels[k] || value > levels[k])) {
        k++;
    }
    return k;
}
"""
