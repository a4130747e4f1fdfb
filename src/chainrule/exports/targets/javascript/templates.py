"""The parts of the JavaScript module that are the same for every model."""

HEAD = """\
// {name}: predictions of a model, in float64. An ES module without dependencies. Made by Chainrule {version}.
//
//     import {{ predict }} from "./{name}.mjs";
//     predict({example})
//
// A row is an object with the columns below; a missing value is null, undefined, NaN or "". A time is a Date, or
// microseconds since 1970 (UTC) as a number or a BigInt. test() computes the test rows.

"""

VECTOR_VALUED = {
    "softmax": """\
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const total = e.reduce((sum, v) => sum + v, 0);
  return e.map((v) => v / total);""",
    "log_softmax": """\
  const top = Math.max(...z);
  const log = Math.log(z.reduce((sum, v) => sum + Math.exp(v - top), 0));
  return z.map((v) => v - top - log);""",
    "layer_norm": """\
  const mean = z.reduce((sum, v) => sum + v, 0) / z.length;
  const variance = z.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / z.length;
  return z.map((v) => (v - mean) / Math.sqrt(variance + {epsilon}));""",
}

READ = """
/** The numbers of a base64 text, each of `size` bytes. */
function floats(text, size) {
  const view = new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const length = view.byteLength / size;
  const at = size === 4 ? (k) => view.getFloat32(4 * k, true) : (k) => view.getFloat64(8 * k, true);
  return Float64Array.from({ length }, (_, k) => at(k));
}

/** W (m, n), given by its rows, without its zeros: the other entries, their columns, and the end of each row. */
function rowsOf(W, m) {
  const n = W.length / m;
  const [entries, columns, ends] = [[], [], []];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      if (W[i * n + j] !== 0) columns.push(j), entries.push(W[i * n + j]);
    }
    ends.push(entries.length);
  }
  return { entries: Float64Array.from(entries), columns: Uint32Array.from(columns), ends };
}
"""

CALENDAR = """
/** A number; or days since 1970, and the sine and cosine of the phase in the year, the week and the day. */
function partOf(value, part, column) {
  if (part === null) return numberOf(value, column);
  const us = numberOf(value instanceof Date ? 1000 * value.getTime() : value, column);
  const days = us / 86400e6;
  if (part === 0) return days;
  const year = new Date(Math.floor(us / 1000)).getUTCFullYear();
  const [start, end] = [year, year + 1].map((y) => 1000 * new Date(0).setUTCFullYear(y, 0, 1));
  const week = (((days + 3) % 7) + 7) % 7;
  const phase = [(us - start) / (end - start), week / 7, days - Math.floor(days)][(part - 1) >> 1];
  return part % 2 ? Math.sin(2 * Math.PI * phase) : Math.cos(2 * Math.PI * phase);
}
"""

BODY = """
/** The value of a column; what every object inherits is none. */
function valueOf(row, column) {
  const value = row[column];
  return value === Object.prototype[column] ? undefined : value;
}

function isMissing(value) {
  return value === null || value === undefined || value === "" || Number.isNaN(value);
}

function numberOf(value, column) {
  const isNumber = ["number", "bigint", "boolean"].includes(typeof value) && !Number.isNaN(value);
  if (!isNumber) throw new TypeError(`${JSON.stringify(column)} must be a number; got ${String(value)}.`);
  return Number(value);
}

/** The number of a level, the same for 1, 1n and true; −1 for another one. */
function codeOf(value, column, levels) {
  if (typeof levels[0] !== "string") return levels.indexOf(numberOf(value, column));
  if (typeof value !== "string") throw new TypeError(`${JSON.stringify(column)} must be a text; got ${String(value)}.`);
  return levels.indexOf(value);
}

/** The features x of a row. */
function encode(row) {
  const x = [];
  for (const [column, part, fill, center, factor] of NUMBERS) {
    const value = valueOf(row, column);
    let z = ((isMissing(value) ? fill : {number}) - center) * factor;
    if (LIMIT !== null) {
      const y = Math.min(Math.max(z / LIMIT, -1e9), 1e9);
      z = LIMIT * (y / Math.sqrt(1 + y * y));
    }
    x.push(z);
  }
  for (const column of GAPS) x.push(isMissing(valueOf(row, column)) ? 1 : 0);
  for (const [column, part, single] of VALUES) {
    const value = valueOf(row, column);
    x.push(!isMissing(value) && {number} === single ? 1 : 0);
  }
  for (const [column, levels, kind, hasOther] of CATEGORIES) {
    const value = valueOf(row, column);
    let code = isMissing(value) ? -1 : codeOf(value, column, levels);
    if (code < 0 && hasOther && !isMissing(value)) code = levels.length;
    if (kind === "sign") x.push(code < 0 ? 0 : 2 * code - 1);
    else for (let k = 0; k < levels.length + hasOther; k++) x.push(k === code ? 1 : 0);
  }
  return x;
}

/** The mean outputs of the networks for a row: probabilities, or numbers. */
function outputs(row) {
  const x = encode(row);
  const total = [];
  for (const network of NETWORKS) {
    let a = x;
    for (const { W, b, sigma, kappa } of network) {
      const { entries, columns, ends } = W;
      const z = new Float64Array(b.length);
      for (let i = 0, k = 0; i < z.length; i++) {
        let sum = b[i];
        for (; k < ends[i]; k++) sum += entries[k] * a[columns[k]];
        z[i] = sum;
      }
      a = sigma(z, kappa);
    }
{shares}    a.forEach((v, k) => (total[k] = (total[k] ?? 0) + v));
  }
  return total.map((v) => v / NETWORKS.length);
}
"""

SHARES = """\
    if (a.length === 1) a = [1 - a[0], a[0]];
    const sum = a.reduce((s, v) => s + v, 0);
    a = a.map((v) => v / sum);
"""

CLASSES = """
/** The probability of each of CLASSES. */
export function predictProba(row) {
  const p = outputs(row).map((v) => Math.max(v - SMOOTHING, {learned} * v));
  const top = Math.max(...p);
  const q = p.map((v) => (v / top) ** (1 / TEMPERATURE));
  const sum = q.reduce((s, v) => s + v, 0);
  return q.map((v) => v / sum);
}

/** The most probable class. */
export function predict(row) {
  const p = outputs(row);
  return CLASSES[p.indexOf(Math.max(...p))];
}
"""

LABELS = """
/** The probability of each of LABELS. */
export function predictProba(row) {
  return outputs(row).map((p, k) => {
    const two = [p, 1 - p].map((v) => Math.max(v - SMOOTHINGS[k], {learned} * v));
    const [has, lacks] = two.map((v) => (v / Math.max(...two)) ** (1 / TEMPERATURES[k]));
    return has / (has + lacks);
  });
}

/** The value of each of LABELS, by their names. */
export function predict(row) {
  const p = outputs(row);
  return Object.fromEntries(LABELS.map((name, k) => [name, VALUES_OF_LABELS[k][p[k] > 0.5 ? 1 : 0]]));
}
"""

NUMBERS = """
function numbers(row) {
  const y = outputs(row).map((v, k) => MEAN[k] + DEVIATION[k] * v);
{quantiles}  return y;
}

/** The predicted {what}. */
export function predict(row) {
  const y = numbers(row);
  return {result};
}
"""

QUANTILES = """\
  const increasing = (a, b) => a - b;
  y.sort(increasing).forEach((v, k) => (y[k] = v + SHIFTS[k]));
  y.sort(increasing);
"""

TEST = """
/** The test rows, with the values that the model computes and the bounds on their errors, as JSON. */
export const TESTS = {tests};

/** Computes the test rows, and returns their number. Throws an Error if one deviates. */
export function test() {
  const { rows, values, bounds } = JSON.parse(TESTS);
  rows.forEach((row, t) => {
    const found = {values};
    found.forEach((v, k) => {
      const deviation = Math.abs(v - values[t][k]);
      if (!(deviation <= bounds[t][k])) throw new Error(`test row ${t} deviates by ${deviation} from the model`);
    });
  });
  return rows.length;
}
"""
