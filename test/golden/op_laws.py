"""What the scripts of op-laws*.json share: how inputs are drawn, and how a case is written down.

Inputs are not stored: both sides draw them from the case's seed. The generator is x ← (1664525·x + 1013904223) mod 2³²,
and a number is made of the upper 16 bits u of x, exactly in float32:
    real      u/2¹⁴ − 2, in [−2, 2)       positive  u/2¹⁵ + ½, in [½, 2½)
    coarse    ⌊u/2¹⁴⌋ − 2, with ties      ids n     u mod n
One stream serves a case: its inputs in order, then the weights (real) of the sum. PyTorch computes in float64.
"""

import json
import math
import pathlib
import platform

import numpy
import torch

here = pathlib.Path(__file__).parent
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


def write(script, name):
    """The file `name` with all cases, and the versions that made them."""
    provenance = {
        "script": f"test/golden/{script}",
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    text = f'{{"provenance":{json.dumps(provenance)},"cases":[\n{lines}\n]}}\n'
    (here / name).write_text(text)
    print(f"{name}: {len(cases)} cases of {len({case['op'] for case in cases})} ops, {len(text)} characters")
