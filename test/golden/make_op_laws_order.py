"""Golden numbers from PyTorch for ops that move, order and reduce (op-laws-order.json), like make_op_laws.py.

Run: python3 test/golden/make_op_laws_order.py      (needs torch and numpy; versions are written into the file)
"""

import math

import torch

from op_laws import add, axis_of, dims, reduction, rng, shape, write


def movement():
    add("at", lambda x: x[-1, 1], [("real", [3, 2, 4])])
    for k in [-2, 0, 1]:
        add("diag", lambda x, k: torch.diag(x, k), [("real", [3])], k=k)
        add("diag", lambda x, k: torch.diag(x, k), [("real", [3, 4])], k=k)
        add("triu", lambda x, k: torch.triu(x, k), [("real", [2, 3, 4])], k=k)
    for axes in [[0], [-1], [0, 2]]:
        add("flip", lambda x, axes: torch.flip(x, axes), [("real", [2, 3, 4])], axes=axes)
    for shift, axis in [(1, 0), (-4, -1), (5, 1)]:
        add("roll", lambda x, shift, axis: torch.roll(x, shift, axis), [("real", [2, 3])], shift=shift, axis=axis)
    for full, repeats in [([3], [2, 2]), ([2, 3], [2]), ([2, 3], [2, 1])]:
        add("tile", lambda x, repeats: torch.tile(x, repeats), [("real", full)], repeats=repeats)
    for axis in [0, -1]:
        add("repeat", lambda x, n, axis: x.repeat_interleave(n, axis), [("real", [2, 3])], n=2, axis=axis)
    add("outer", torch.outer, [("real", [3]), ("real", [4])])
    add("oneHot", lambda ids, classes: torch.nn.functional.one_hot(ids, classes), [("ids 4", [2, 3])], classes=4)
    add("scatter", lambda x, ids, v, mode: x.index_add(0, ids, v), [("real", [4, 2]), ("ids 4", [6]), ("real", [6, 2])], mode="add")
    add("scatter", lambda x, ids, v, mode: x.index_copy(0, ids, v), [("real", [4, 2]), ("ids 4", [1]), ("real", [1, 2])], mode="set")
    for axis in [0, 1, -1]:
        places = [2, 3, 4]
        n, places[axis] = places[axis], 5
        take = lambda x, ids, axis: torch.gather(x, axis, ids)
        add("takeAlong", take, [("real", [2, 3, 4]), (f"ids {n}", places)], axis=axis)


def order():
    for descending in [False, True]:
        for kind, axis in [("real", 0), ("real", -1), ("coarse", 1)]:  # ties: the order that they had
            values = lambda x, axis, descending: torch.sort(x, dim=axis, descending=descending, stable=True)[0]
            indices = lambda x, axis, descending: torch.sort(x, dim=axis, descending=descending, stable=True)[1]
            add("sort", values, [(kind, [3, 5])], axis=axis, descending=descending)
            add("argsort", indices, [(kind, [3, 5])], axis=axis, descending=descending)


def reductions():
    def over(f, x, axis, keepDims):
        """A reduction of PyTorch that knows one axis, over several: moved to the end, as one."""
        axes = [a % x.ndim for a in ([axis] if isinstance(axis, int) else dims(x, axis))]
        kept = [a for a in range(x.ndim) if a not in axes]
        y = f(x.permute(kept + axes).reshape([x.shape[a] for a in kept] + [math.prod(x.shape[a] for a in axes)]), -1)
        return y.reshape([1 if a in axes else x.shape[a] for a in range(x.ndim)]) if keepDims else y

    for op, f in {"any": torch.any, "all": torch.all, "prod": torch.prod}.items():
        for _ in range(3):
            full = shape(1)
            run = lambda x, axis=None, keepDims=False: over(f, x, axis, keepDims).to(x.dtype if op == "prod" else torch.int32)
            add(op, run, [("coarse", full)], **reduction(full))
    for p in [1, 2, math.inf]:
        for _ in range(2):
            full = shape(1)
            run = lambda x, p, axis=None, keepDims=False: over(
                lambda y, dim: torch.linalg.vector_norm(y, float(p), dim), x, axis, keepDims)
            add("norm", run, [("coarse", full)], p="Infinity" if p == math.inf else p, **reduction(full))
    for correction in [0, 1]:
        full = [*shape(0, 2), 3]
        run = lambda x, axis, correction: torch.std(x, axis, unbiased=correction == 1)
        add("std", run, [("real", full)], axis=-1, correction=correction)
    for _ in range(3):
        full = shape(1)
        run = lambda x, axis, keepDims: torch.argmin(x, axis, keepdim=keepDims)
        add("argmin", run, [("real", full)], axis=axis_of(full), keepDims=bool(rng.rand() < 0.5))
    add("linspace", lambda x, start, end, count: torch.linspace(start, end, count, dtype=torch.float64),
        [("ids 2", [1])], start=-0.3, end=2.1, count=7)


movement()
order()
reductions()
write("make_op_laws_order.py", "op-laws-order.json")
