"""Golden numbers from PyTorch for ops at random shapes (op-laws.json): values, and gradients of a weighed sum.

Run: python3 test/golden/make_op_laws.py      (needs torch and numpy; versions are written into the file)
"""

import math

import torch
import torch.nn.functional as F

from op_laws import add, axis_of, broadcasts, dims, extent, reduction, rng, shape, write


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
write("make_op_laws.py", "op-laws.json")
