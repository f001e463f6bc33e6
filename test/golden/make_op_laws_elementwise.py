"""Golden numbers from PyTorch for the rare functions of elements: at random shapes (op-laws-elementwise.json), and at
the edges of float32 and of the functions themselves (elementwise-edges.json).

Run: python3 test/golden/make_op_laws_elementwise.py      (needs torch and numpy; versions are written into the files)
"""

import json
import math
import platform

import numpy
import torch
import torch.nn.functional as F

from op_laws import add, broadcasts, here, shape, write

SCRIPT = "make_op_laws_elementwise.py"

unary = {
    "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "floor": torch.floor, "ceil": torch.ceil,
    "round": torch.round, "expm1": torch.expm1, "softplus": F.softplus, "mish": F.mish,
}
positive = {"log1p": torch.log1p, "reciprocal": torch.reciprocal}
logic = {"logicalAnd": torch.logical_and, "logicalOr": torch.logical_or, "notEqual": torch.ne}


def leaky_relu(x, slope=0.01):
    return F.leaky_relu(x, slope)


def elu(x, alpha=1):
    return F.elu(x, alpha)


for op, f in unary.items():
    for _ in range(2):
        add(op, f, [("real", shape())])
for op, f in positive.items():
    for _ in range(2):
        add(op, f, [("positive", shape())])
for attributes in [{}, {"slope": 0.3}]:
    add("leakyRelu", leaky_relu, [("real", shape(1))], **attributes)
for attributes in [{}, {"alpha": 0.6}]:
    add("elu", elu, [("real", shape(1))], **attributes)
for op, f in {"atan2": torch.atan2, "mod": torch.remainder}.items():
    for left, right in [("real", "positive"), ("real", "real"), ("positive", "real")]:
        a, b = broadcasts(2)
        add(op, f, [(left, a), (right, b)])
for op, f in logic.items():
    for kinds in [("coarse", "coarse"), ("ids 2", "ids 2")]:
        a, b = broadcasts(2)
        add(op, f, [(kinds[0], a), (kinds[1], b)])
for op, f in {"add": torch.add, "sub": torch.sub, "mul": torch.mul}.items():
    a, b = broadcasts(2)
    add(op, f, [("ids 1000", a), ("ids 77", b)])
write(SCRIPT, "op-laws-elementwise.json")

inf, nan = math.inf, math.nan
edges = [0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.49999997, 1e-7, -1e-7, 1.0, -1.0, 20.5, -20.5, 90.0, -90.0,
         8388607.5, 3e38, -3e38, inf, -inf, nan]
pairs = [(a, b) for a in [0.0, -0.0, 1.0, -1.0, 5.5, -5.5, 3e38, inf, -inf, nan]
         for b in [0.0, -0.0, 2.0, -2.0, 1e-3, inf, -inf, nan]]
of_one = {**unary, **positive, "leakyRelu": F.leaky_relu, "elu": F.elu, "isNaN": torch.isnan, "isFinite": torch.isfinite,
          "logicalNot": torch.logical_not}
of_two = {"atan2": torch.atan2, "mod": torch.remainder, **logic}


def text(tensor):
    """Numbers as they are, and what JSON has no number for as text."""
    return [float(f"{x:.8g}") if math.isfinite(x) and (x != 0 or math.copysign(1, x) > 0) else
            "-0" if x == 0 else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
            for x in tensor.detach().double().tolist()]


def case(f, *inputs):
    """Values at float32 inputs, and the gradients of their sum. In float64: the vectorised float32 kernels of this version
    have log1p(3e38) = inf and remainder(3e38, 1e-3) = nan."""
    xs = [torch.tensor(x, dtype=torch.float32).double().requires_grad_() for x in inputs]
    y = f(*xs)
    gradients = torch.autograd.grad(y.sum(), xs) if y.requires_grad else []
    return {"inputs": [text(x) for x in xs], "values": text(y), "gradients": [text(g) for g in gradients]}


cases = {op: case(f, edges) for op, f in of_one.items()}
cases.update({op: case(f, [a for a, _ in pairs], [b for _, b in pairs]) for op, f in of_two.items()})
wraps = [2**31 - 1, -(2**31), 2**24 + 1, 46341, -7]
ints = {op: [[int(x) for x in row] for row in f(*(torch.tensor(wraps, dtype=torch.int32).reshape(s) for s in [(5, 1), (1, 5)])).tolist()]
        for op, f in {"add": torch.add, "sub": torch.sub, "mul": torch.mul}.items()}
provenance = {"script": f"test/golden/{SCRIPT}", "torch": torch.__version__, "numpy": numpy.__version__,
              "python": platform.python_version()}
lines = ",\n".join(f"{json.dumps(op)}:{json.dumps(one, separators=(',', ':'))}" for op, one in cases.items())
(here / "elementwise-edges.json").write_text(
    f'{{"provenance":{json.dumps(provenance)},\n"ints":{json.dumps({"values": wraps, **ints})},\n"cases":{{\n{lines}\n}}}}\n')
