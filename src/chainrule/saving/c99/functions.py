"""The C functions that generated files are made of, as templates.

`real` stands for float or double, `R` behind a literal or a function of math.h for the suffix that goes with it, and
`P_` before a name for the prefix of the file. `(i / repeat) % period` finds the number that belongs to element `i`
when a smaller array is broadcast.
"""

from __future__ import annotations

import re

FUNCTIONS = {
    "dense": """
static void P_dense(const real *x, real *y, const real *kernel, const real *bias, int rows, int inputs, int units)
{
    for (int r = 0; r < rows; r++, x += inputs, y += units) {
        for (int j = 0; j < units; j++)
            y[j] = bias ? bias[j] : 0.0R;
        for (int i = 0; i < inputs; i++)
            for (int j = 0; j < units; j++)
                y[j] += x[i] * kernel[i * units + j];
    }
}
""",
    "embed": """
/* Numbers that name no row of the table are taken as the nearest that do. */
static void P_embed(const real *x, real *y, const real *table, int n, int count, int width)
{
    for (int i = 0; i < n; i++) {
        int row = !(x[i] > 0.0R) ? 0 : x[i] >= (real)(count - 1) ? count - 1 : (int)x[i];
        for (int j = 0; j < width; j++)
            *y++ = table[row * width + j];
    }
}
""",
    "normalize": """
static void P_normalize(const real *x, real *y, const real *mean, const real *factor, const real *offset, int n,
                        int repeat, int period)
{
    for (int i = 0; i < n; i++) {
        int k = (i / repeat) % period;
        y[i] = (x[i] - mean[k]) * factor[k] + offset[k];
    }
}
""",
    "standardize": """
static void P_standardize(const real *x, real *y, const real *mean, const real *deviation, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = (x[i] - mean[i]) / deviation[i];
}
""",
    "rescale": """
static void P_rescale(const real *x, real *y, const real *scale, const real *offset, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = x[i] * scale[i] + offset[i];
}
""",
    "layer_normalize": """
static void P_layer_normalize(const real *x, real *y, const real *gamma, const real *beta, real epsilon, int outer,
                              int n, int inner)
{
    for (int o = 0; o < outer; o++)
        for (int c = 0; c < inner; c++) {
            int first = o * n * inner + c;
            real mean = 0.0R, variance = 0.0R;
            for (int k = 0; k < n; k++)
                mean += x[first + k * inner];
            mean /= (real)n;
            for (int k = 0; k < n; k++) {
                real d = x[first + k * inner] - mean;
                variance += d * d;
            }
            real root = sqrtR(variance / (real)n + epsilon);
            for (int k = 0; k < n; k++) {
                real z = (x[first + k * inner] - mean) / root;
                y[first + k * inner] = z * (gamma ? gamma[k] : 1.0R) + (beta ? beta[k] : 0.0R);
            }
        }
}
""",
    "dot": """
/* Sums of products, divided by the lengths of both sides (the root of at least `least`) where `least` is positive. */
static void P_dot(const real *a, const real *b, real *y, int outer_a, int inner_a, int outer_b, int inner_b, int n,
                  real least)
{
    for (int i = 0; i < outer_a * inner_a; i++)
        for (int j = 0; j < outer_b * inner_b; j++) {
            const real *p = a + i / inner_a * n * inner_a + i % inner_a;
            const real *q = b + j / inner_b * n * inner_b + j % inner_b;
            real sum = 0.0R, of_a = 0.0R, of_b = 0.0R;
            for (int k = 0; k < n; k++) {
                real s = p[k * inner_a], t = q[k * inner_b];
                sum += s * t;
                of_a += s * s;
                of_b += t * t;
            }
            if (least > 0.0R)
                sum = sum / sqrtR(of_a > least ? of_a : least) / sqrtR(of_b > least ? of_b : least);
            *y++ = sum;
        }
}
""",
    "take": """
static void P_take(const real *x, real *y, const int *from, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = x[from[i]];
}
""",
    "mean": """
static void P_mean(const real *x, real *y, int outer, int n, int inner)
{
    for (int o = 0; o < outer; o++)
        for (int c = 0; c < inner; c++) {
            real sum = 0.0R;
            for (int k = 0; k < n; k++)
                sum += x[(o * n + k) * inner + c];
            *y++ = sum / (real)n;
        }
}
""",
    "max": """
static void P_max(const real *x, real *y, int outer, int n, int inner)
{
    for (int o = 0; o < outer; o++)
        for (int c = 0; c < inner; c++) {
            real most = x[o * n * inner + c];
            for (int k = 1; k < n; k++)
                most = x[(o * n + k) * inner + c] > most ? x[(o * n + k) * inner + c] : most;
            *y++ = most;
        }
}
""",
    "by_length": """
/* Divide by the root of sum(x^2) / divisor + epsilon, which is at least `least`; then multiply by the scale, if any. */
static void P_by_length(const real *x, real *y, const real *scale, real divisor, real epsilon, real least, int outer,
                        int n, int inner)
{
    for (int o = 0; o < outer; o++)
        for (int c = 0; c < inner; c++) {
            int first = o * n * inner + c;
            real sum = 0.0R;
            for (int k = 0; k < n; k++)
                sum += x[first + k * inner] * x[first + k * inner];
            sum = sum / divisor + epsilon;
            sum = sqrtR(sum > least ? sum : least);
            for (int k = 0; k < n; k++)
                y[first + k * inner] = x[first + k * inner] / sum * (scale ? scale[k] : 1.0R);
        }
}
""",
    "group_normalize": """
static void P_group_normalize(const real *x, real *y, const real *gamma, const real *beta, real epsilon, int groups,
                              int outer, int n, int inner)
{
    int size = n / groups, count = outer * size * inner;
    for (int g = 0; g < groups; g++) {
        real mean = 0.0R, variance = 0.0R;
        for (int i = 0; i < count; i++)
            mean += x[(i / (size * inner)) * n * inner + g * size * inner + i % (size * inner)];
        mean /= (real)count;
        for (int i = 0; i < count; i++) {
            real d = x[(i / (size * inner)) * n * inner + g * size * inner + i % (size * inner)] - mean;
            variance += d * d;
        }
        real root = sqrtR(variance / (real)count + epsilon);
        for (int i = 0; i < count; i++) {
            int at = (i / (size * inner)) * n * inner + g * size * inner + i % (size * inner);
            int k = (at / inner) % n;
            y[at] = (x[at] - mean) / root * (gamma ? gamma[k] : 1.0R) + (beta ? beta[k] : 0.0R);
        }
    }
}
""",
    "prelu": """
static void P_prelu(const real *x, real *y, const real *alpha, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = x[i] > 0.0R ? x[i] : alpha[i] * x[i];
}
""",
    "place": """
static void P_place(const real *x, real *y, int rows, int width, int stride)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < width; i++)
            y[r * stride + i] = x[r * width + i];
}
""",
    "copy": """
static void P_copy(const real *x, real *y, int n, int repeat, int period)
{
    for (int i = 0; i < n; i++)
        y[i] = x[(i / repeat) % period];
}
""",
    "divide": """
static void P_divide(real *y, real divisor, int n)
{
    for (int i = 0; i < n; i++)
        y[i] /= divisor;
}
""",
    "softmax": """
static void P_softmax(const real *x, real *y, int rows, int n)
{
    for (int r = 0; r < rows; r++, x += n, y += n) {
        real most = x[0], sum = 0.0R;
        for (int i = 1; i < n; i++)
            most = x[i] > most ? x[i] : most;
        for (int i = 0; i < n; i++)
            sum += y[i] = expR(x[i] - most);
        for (int i = 0; i < n; i++)
            y[i] /= sum;
    }
}
""",
    "log_softmax": """
static void P_log_softmax(const real *x, real *y, int rows, int n)
{
    for (int r = 0; r < rows; r++, x += n, y += n) {
        real most = x[0], sum = 0.0R;
        for (int i = 1; i < n; i++)
            most = x[i] > most ? x[i] : most;
        for (int i = 0; i < n; i++)
            sum += expR(x[i] - most);
        sum = logR(sum);
        for (int i = 0; i < n; i++)
            y[i] = x[i] - most - sum;
    }
}
""",
    "glu": """
static void P_glu(const real *x, real *y, int rows, int n)
{
    for (int r = 0; r < rows; r++, x += 2 * n, y += n)
        for (int i = 0; i < n; i++)
            y[i] = x[i] * (1.0R / (1.0R + expR(-x[n + i])));
}
""",
    "sparsemax": """
/* The threshold is the largest of (sum of the k largest - 1) / k; found without sorting. */
static void P_sparsemax(const real *x, real *y, int rows, int n)
{
    for (int r = 0; r < rows; r++, x += n, y += n) {
        real tau = x[0] - 1.0R;
        for (int i = 0; i < n; i++) {
            real sum = 0.0R;
            int count = 0;
            for (int j = 0; j < n; j++)
                if (x[j] >= x[i]) {
                    sum += x[j];
                    count++;
                }
            real candidate = (sum - 1.0R) / (real)count;
            tau = candidate > tau ? candidate : tau;
        }
        for (int i = 0; i < n; i++)
            y[i] = x[i] > tau ? x[i] - tau : 0.0R;
    }
}
""",
}

MERGES = {
    "add": "y[i] + b",
    "average": "y[i] + b",
    "subtract": "y[i] - b",
    "multiply": "y[i] * b",
    "maximum": "y[i] > b ? y[i] : b",
    "minimum": "y[i] < b ? y[i] : b",
}

_MERGE = """
static void P_{name}(const real *x, real *y, int n, int repeat, int period)
{{
    for (int i = 0; i < n; i++) {{
        real b = x[(i / repeat) % period];
        y[i] = {formula};
    }}
}}
"""

ELEMENTS = {
    "sigmoid": "h >= 0.0R ? 1.0R / (1.0R + expR(-h)) : expR(h) / (1.0R + expR(h))",
    "tanh": "tanhR(h)",
    "exponential": "expR(h)",
    "relu6": "h > 0.0R ? (h < 6.0R ? h : 6.0R) : 0.0R",
    "leaky_relu": "h > 0.0R ? h : {negative_slope} * h",
    "elu": "h > 0.0R ? h : {alpha} * expm1R(h)",
    "selu": "{scale} * (h > 0.0R ? h : {alpha} * expm1R(h))",
    "celu": "h > 0.0R ? h : {alpha} * expm1R(h / {alpha})",
    "gelu": "0.5R * h * (1.0R + erfR(h * 0.70710678118654752R))",
    "gelu_tanh": "0.5R * h * (1.0R + tanhR(0.79788456080286536R * (h + 0.044715R * h * h * h)))",
    "silu": "h / (1.0R + expR(-h))",
    "softplus": "(h > 0.0R ? h : 0.0R) + log1pR(expR(-fabsR(h)))",
    "softsign": "h / (1.0R + fabsR(h))",
    "mish": "h * tanhR((h > 0.0R ? h : 0.0R) + log1pR(expR(-fabsR(h))))",
    "squareplus": "h > 0.0R ? 0.5R * (h + sqrtR(h * h + {b})) : 0.5R * {b} / (sqrtR(h * h + {b}) - h)",
    "log_sigmoid": "(h < 0.0R ? h : 0.0R) - log1pR(expR(-fabsR(h)))",
    "tanh_shrink": "h - tanhR(h)",
    "hard_sigmoid": "h <= -3.0R ? 0.0R : h >= 3.0R ? 1.0R : h / 6.0R + 0.5R",
    "hard_silu": "h <= -3.0R ? 0.0R : h >= 3.0R ? h : h * (h / 6.0R + 0.5R)",
    "hard_tanh": "h < -1.0R ? -1.0R : h > 1.0R ? 1.0R : h",
    "hard_shrink": "fabsR(h) > {threshold} ? h : 0.0R",
    "soft_shrink": "h > {threshold} ? h - {threshold} : h < -{threshold} ? h + {threshold} : 0.0R",
    "threshold": "h > {threshold} ? h : {default_value}",
    "sparse_plus": "h <= -1.0R ? 0.0R : h >= 1.0R ? h : 0.25R * (h + 1.0R) * (h + 1.0R)",
    "sparse_sigmoid": "h <= -1.0R ? 0.0R : h >= 1.0R ? 1.0R : 0.5R * (h + 1.0R)",
}
"""Activations of one number h; names in braces are options."""

_ELEMENT = """
static void P_{name}(const real *x, real *y, int n)
{{
    for (int i = 0; i < n; i++) {{
        real h = x[i];
        y[i] = {formula};
    }}
}}
"""


def element_function(name: str, formula: str) -> str:
    """Return a C function that applies a formula in h to each number."""
    return _ELEMENT.format(name=name, formula=formula)


def merge_function(kind: str, name: str) -> str:
    """Return a C function that combines y with the numbers of x."""
    return _MERGE.format(name=name, formula=MERGES[kind])


def finished(template: str, prefix: str, real: str) -> str:
    """Put prefix, type and suffixes into a template.

    >>> finished("P_f(real h) { return 2.0R * expR(h); }", "p", "float")
    'p_f(float h) { return 2.0f * expf(h); }'
    """
    suffix = "f" if real == "float" else ""
    text = re.sub(r"(?<=[\w.])R\b", suffix, template)
    return re.sub(r"\bP_", f"{prefix}_", re.sub(r"\breal\b", real, text))
