"""Golden numbers from PyTorch for ops at random shapes (op-laws.json): values, and gradients of a weighed sum.

Inputs are not stored: both sides draw them from the case's seed. The generator is x ← (1664525·x + 1013904223) mod 2³²,
and a number is made of the upper 16 bits u of x, exactly in float32:
    real      u/2¹⁴ − 2, in [−2, 2)       positive  u/2¹⁵ + ½, in [½, 2½)
    coarse    ⌊u/2¹⁴⌋ − 2, with ties      ids n     u mod n
One stream serves a case: its inputs in order, then the weights (real) of the sum. PyTorch computes in float64.

Run: python3 test/golden/make_op_laws.py      (needs torch and numpy; versions are written into the file)
"""

import json
import math
import pathlib
import platform

import numpy
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
provenance = {
    "script": "test/golden/make_op_laws.py",
    "torch": torch.__version__,
    "numpy": numpy.__version__,
    "python": platform.python_version(),
}
rng = numpy.random.RandomState(3)
cases = []


class Stream:
    def __init__(self, seed):
        self.x = seed

    def draw(self, kind, shape):
        values = []
        for _ in range(math.prod(shape)):
            self.x = (1664525 * self.x + 1013904223) % 2**32
            u = self.x >> 16
            if kind == "real":
                values.append(u / 2**14 - 2)
            elif kind == "positive":
                values.append(u / 2**15 + 0.5)
            elif kind == "coarse":
                values.append(u // 2**14 - 2)
            else:
                values.append(u % int(kind.split()[1]))
        dtype = torch.int64 if kind.startswith("ids") else torch.float64
        return torch.tensor(values, dtype=dtype).reshape(shape)


def numbers(tensor):
    return [float(f"{x:.8g}") for x in tensor.detach().flatten().tolist()]


def add(op, f, inputs, **attributes):
    """One case: `inputs` as (kind, shape) pairs; `attributes` go to f by name and into the file."""
    seed = 1000 + len(cases)
    stream = Stream(seed)
    xs = [stream.draw(kind, shape) for kind, shape in inputs]
    floats = [x.requires_grad_() for x in xs if x.dtype == torch.float64]
    y = f(*xs, **attributes)
    gradients = []
    if y.requires_grad:
        weights = stream.draw("real", y.shape)
        found = torch.autograd.grad((y * weights).sum(), floats, allow_unused=True)
        gradients = [numbers(torch.zeros_like(x) if g is None else g) for x, g in zip(floats, found)]
    cases.append(
        {
            "op": op,
            "seed": seed,
            "inputs": [{"kind": kind, "shape": list(shape)} for kind, shape in inputs],
            "attributes": attributes,
            "shape": list(y.shape),
            "value": numbers(y),
            "gradients": gradients,
        }
    )


def extent():
    return int(rng.choice([1, 2, 3, 4, 5]))


def shape(least=0, most=3, low=1):
    return [max(low, extent()) for _ in range(rng.randint(least, most + 1))]


def narrowed(full):
    """A shape that broadcasts to this one: some extents 1, some leading axes left out."""
    ones = [1 if rng.rand() < 0.4 else n for n in full]
    return ones[rng.randint(0, len(full) + 1) :] if rng.rand() < 0.5 else ones


def broadcasts(count):
    full = shape(1)
    shapes = [narrowed(full) for _ in range(count - 1)] + [full]
    rng.shuffle(shapes)
    return shapes


def axis_of(full):
    return int(rng.randint(-len(full), len(full)))


def reduction(full):
    """Options of a reduction: all axes, one (often negative), or several."""
    which = rng.choice(["all", "one", "several"])
    options = {"keepDims": bool(rng.rand() < 0.5)}
    if which == "one":
        options["axis"] = axis_of(full)
    if which == "several":
        options["axis"] = sorted(int(a) for a in rng.choice(len(full), rng.randint(1, len(full) + 1), replace=False))
    return options


def dims(x, axis):
    return list(range(x.ndim)) if axis is None else axis


def elementwise():
    unary = {
        "abs": torch.abs, "exp": torch.exp, "neg": torch.neg, "square": torch.square, "tanh": torch.tanh,
        "sigmoid": torch.sigmoid, "relu": torch.relu, "silu": F.silu, "sign": torch.sign,
        "gelu": lambda x: F.gelu(x, approximate="tanh"),
    }
    for op, f in unary.items():
        for _ in range(3):
            add(op, f, [("real", shape())])
    for op in ["abs", "relu", "sign"]:
        add(op, unary[op], [("coarse", [3, 4])])
    for op, f in {"log": torch.log, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt}.items():
        for _ in range(3):
            add(op, f, [("positive", shape())])
    binary = {
        "add": (torch.add, "real", "real"), "sub": (torch.sub, "real", "real"), "mul": (torch.mul, "real", "real"),
        "div": (torch.div, "real", "positive"), "pow": (torch.pow, "positive", "real"),
        "maximum": (torch.maximum, "real", "real"), "minimum": (torch.minimum, "real", "real"),
    }
    for op, (f, left, right) in binary.items():
        for _ in range(5):
            a, b = broadcasts(2)
            add(op, f, [(left, a), (right, b)])
    for op in ["maximum", "minimum"]:  # ties: half of the cotangent to each
        add(op, binary[op][0], [("coarse", [3, 4]), ("coarse", [4])])
    comparisons = {"equal": torch.eq, "less": torch.lt, "lessEqual": torch.le, "greater": torch.gt, "greaterEqual": torch.ge}
    for op, f in comparisons.items():
        a, b = broadcasts(2)
        add(op, f, [("coarse", a), ("coarse", b)])
    for _ in range(5):
        condition, a, b = broadcasts(3)
        add("where", lambda c, x, y: torch.where(c == 1, x, y), [("ids 2", condition), ("real", a), ("real", b)])
    for low, high in [(-0.7, 0.4), (0.25, 1.3), (-1.9, -1.1)]:
        add("clip", lambda x, low, high: torch.clamp(x, low, high), [("real", shape(1))], low=low, high=high)
    add("cast", lambda x: x.to(torch.int32), [("real", [3, 5])])


def products():
    def matmul(a, b, transposeA, transposeB):
        return (a.mT if transposeA else a) @ (b.mT if transposeB else b)

    for i in range(12):
        p, q = broadcasts(2) if i >= 4 else ([], [])
        m, k, n = extent(), extent(), extent()
        ta, tb = bool(i & 1), bool(i & 2)
        a = [*p[-2:], *([k, m] if ta else [m, k])]
        b = [*q[-2:], *([n, k] if tb else [k, n])]
        add("matmul", matmul, [("real", a), ("real", b)], transposeA=ta, transposeB=tb)

    def attention(q, k, v, causal):
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        if causal:
            hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(scores.shape[-1] - scores.shape[-2] + 1)
            scores = scores.masked_fill(hidden, -math.inf)
        return torch.softmax(scores, -1) @ v

    for i in range(6):
        batch, t, d, e = shape(0, 2), extent(), extent(), extent()
        s = t + rng.randint(0, 3)
        inputs = [("real", [*batch, t, d]), ("real", [*batch, s, d]), ("real", [*batch, s, e])]
        add("attention", attention, inputs, causal=i % 2 == 0)


def reductions():
    functions = {
        "sum": lambda x, keepDims, axis=None: x.sum(dims(x, axis), keepDims),
        "mean": lambda x, keepDims, axis=None: x.mean(dims(x, axis), keepDims),
        "max": lambda x, keepDims, axis=None: x.amax(dims(x, axis), keepDims),
        "min": lambda x, keepDims, axis=None: x.amin(dims(x, axis), keepDims),
    }
    for op, f in functions.items():
        for _ in range(6):
            full = shape(1)
            add(op, f, [("real", full)], **reduction(full))
    for op in ["max", "min"]:  # ties: even shares
        for options in [{"keepDims": False}, {"keepDims": True, "axis": -1}, {"keepDims": False, "axis": 0}]:
            add(op, functions[op], [("coarse", [3, 6])], **options)

    def variance(x, keepDims, correction, axis=None):
        return torch.var(x, dims(x, axis), correction=correction, keepdim=keepDims)

    for i in range(8):
        full = shape(1, low=2)
        add("variance", variance, [("real", full)], **reduction(full), correction=i % 2)
    for _ in range(3):
        full = shape(1)
        add("argmax", lambda x, axis: x.argmax(axis), [("real", full)], axis=axis_of(full))


def rows():
    for op, f in {"softmax": torch.softmax, "logSoftmax": torch.log_softmax}.items():
        for _ in range(6):
            full = shape(1)
            add(op, lambda x, axis: f(x, axis), [("real", full)], axis=axis_of(full))

    def layer_norm(x, weight=None, bias=None, epsilon=1e-5):
        return F.layer_norm(x, x.shape[-1:], weight, bias, epsilon)

    for i in range(6):
        full = [*shape(0, 2), 2 + extent()]
        parameters = [("real", full[-1:])] * (i % 3)
        add("layerNorm", layer_norm, [("real", full), *parameters], epsilon=0.1 if i == 0 else 1e-5)
    for _ in range(5):
        leading, classes = shape(0, 2), extent()
        add(
            "crossEntropy",
            lambda x, targets: F.cross_entropy(x.reshape(-1, x.shape[-1]), targets.reshape(-1)),
            [("real", [*leading, classes]), (f"ids {classes}", leading)],
        )
    for _ in range(3):
        full = shape()
        add("mseLoss", F.mse_loss, [("real", full), ("real", full)])


def movement():
    for _ in range(5):
        count, rest, of = extent(), shape(0, 2), shape(0, 2)
        add("gather", lambda table, ids: table[ids], [("real", [count, *rest]), (f"ids {count}", of)])
    for _ in range(4):
        full = shape(1)
        axes = [int(a) for a in rng.permutation(len(full))]
        add("transpose", lambda x, axes: x.permute(axes), [("real", full)], axes=axes)
        add("reshape", lambda x, shape: x.reshape(shape), [("real", full)], shape=[full[axis] for axis in axes])
        start = [int(rng.randint(0, n)) for n in full]
        end = [int(rng.randint(a + 1, n + 1)) for a, n in zip(start, full)]
        end = [stop - n if stop < n and rng.rand() < 0.5 else stop for stop, n in zip(end, full)]
        cut = lambda x, start, end: x[tuple(slice(a, b) for a, b in zip(start, end))]
        add("slice", cut, [("real", full)], start=start, end=end)
        axis = axis_of(full)
        parts = [[extent() if i == axis % len(full) else n for i, n in enumerate(full)] for _ in range(3)]
        add("concat", lambda *xs, axis: torch.cat(xs, axis), [("real", part) for part in parts], axis=axis)
        add("stack", lambda *xs, axis: torch.stack(xs, axis), [("real", full)] * 2, axis=int(rng.randint(0, len(full) + 1)))
        add("unsqueeze", lambda x, axis: x.unsqueeze(axis), [("real", full)], axis=axis)
        add("squeeze", lambda x: x.squeeze(), [("real", full)])
        small = [1 if rng.rand() < 0.4 else n for n in full][rng.randint(0, len(full)) :]
        add("broadcastTo", lambda x, shape: x.expand(shape), [("real", small)], shape=full)
    for k in [-2, 0, 1]:
        add("tril", lambda x, k: x.tril(k), [("real", [*shape(0, 1), extent(), extent()])], k=k)
    for axis in [0, -1]:
        sizes = [2, 1, 3]
        full = [6, 2] if axis == 0 else [2, 6]
        reverse = lambda x, sizes, axis: torch.cat(torch.split(x, sizes, axis)[::-1], axis)
        add("split", reverse, [("real", full)], sizes=sizes, axis=axis)
    for _ in range(4):
        leading, columns = shape(0, 2), extent()
        take = lambda x, ids: torch.take_along_dim(x, ids.unsqueeze(-1), -1).squeeze(-1)
        add("takeAlong", take, [("real", [*leading, columns]), (f"ids {columns}", leading)])


elementwise()
products()
reductions()
rows()
movement()
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
text = f'{{"provenance":{json.dumps(provenance)},"cases":[\n{lines}\n]}}\n'
(here / "op-laws.json").write_text(text)
print(f"{len(cases)} cases of {len({case['op'] for case in cases})} ops, {len(text)} characters")
