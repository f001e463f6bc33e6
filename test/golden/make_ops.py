"""Golden numbers from PyTorch: values and gradients of ops, in float64 (ops.json).

Run: python3 test/golden/make_ops.py      (needs torch and numpy; versions are written into the file)

Each case draws its inputs, runs the op and pulls a drawn cotangent back. `test/unit/tensor/ops-golden.test.ts` has a
function of the same name for each.
"""

import json
import math
import pathlib
import platform

import numpy
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
generator = torch.Generator().manual_seed(13)


def draw(*shape, scale=1.0):
    """Numbers with few digits, so that the file is short and float32 and JSON agree."""
    return torch.round(torch.randn(shape, generator=generator, dtype=torch.float64) * scale * 1e3) / 1e3


def numbers(tensor):
    return [float(f"{x:.8g}") for x in tensor.detach().flatten().tolist()]


def case(function, *shapes, scale=1.0):
    inputs = [draw(*shape, scale=scale).requires_grad_() for shape in shapes]
    output = function(*inputs)
    cotangent = draw(*output.shape)
    gradients = torch.autograd.grad(output, inputs, cotangent)
    return {
        "inputs": [{"shape": list(x.shape), "values": numbers(x)} for x in inputs],
        "output": {"shape": list(output.shape), "values": numbers(output)},
        "cotangent": numbers(cotangent),
        "gradients": [numbers(g) for g in gradients],
    }


def rms_norm(x, weight=None):
    normal = x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6)
    return normal if weight is None else normal * weight


equations = {
    "ij,jk->ik": [(3, 4), (4, 5)],
    "bij,bkj->bik": [(2, 3, 4), (2, 5, 4)],
    "bqhd,bkhd->bhqk": [(2, 3, 2, 4), (2, 5, 2, 4)],
    "...ij,...jk->...ik": [(2, 1, 3, 4), (3, 4, 2)],
    "ii->i": [(4, 4)],
    "iij->ji": [(3, 3, 2)],
    "ii": [(4, 4)],
    "ba": [(2, 3)],
    "ab,bc,cd->ad": [(2, 3), (3, 4), (4, 5)],
    "i,j->ij": [(3,), (4,)],
    "ij,ij->": [(3, 4), (3, 4)],
    "ij,ij->i": [(3, 4), (3, 4)],
    "ijk->j": [(2, 3, 4)],
    "ij,kj->jik": [(1, 4), (3, 4)],
    "...,...": [(2, 3), (3,)],
    "abc,bad,dc->b": [(2, 3, 4), (3, 2, 5), (5, 4)],
}

convolutions = {
    "plain": ((2, 3, 5, 6), (4, 3, 3, 2), {}),
    "padded": ((1, 2, 4, 4), (3, 2, 3, 3), {"padding": 1}),
    "strided": ((2, 2, 7, 6), (2, 2, 3, 3), {"stride": 2, "padding": 1}),
    "uneven": ((1, 2, 6, 7), (2, 2, 2, 3), {"stride": (3, 2), "padding": (0, 2)}),
    "pointwise": ((2, 3, 3, 3), (4, 3, 1, 1), {}),
}

products = {
    "vector-vector": [(4,), (4,)],
    "vector-matrix": [(4,), (4, 3)],
    "matrix-vector": [(3, 4), (4,)],
    "vector-batch": [(4,), (2, 4, 3)],
    "batch-vector": [(2, 3, 4), (4,)],
}

cases = {f"einsum {equation}": case(lambda *x: torch.einsum(equation, *x), *shapes) for equation, shapes in equations.items()}
cases |= {f"matmul {name}": case(torch.matmul, *shapes) for name, shapes in products.items()}
for name, (x, w, options) in convolutions.items():
    cases[f"conv2d {name}"] = case(lambda x, w, b: F.conv2d(x, w, b, **options), x, w, (w[0],))
    cases[f"conv2d {name}"]["options"] = options
cases |= {
    "logSumExp axis": case(lambda x: torch.logsumexp(x, 1), (3, 5, 2), scale=40.0),
    "logSumExp axes": case(lambda x: torch.logsumexp(x, (0, 2), keepdim=True), (3, 5, 2)),
    "cumsum 0": case(lambda x: torch.cumsum(x, 0), (4, 3, 2)),
    "cumsum -1": case(lambda x: torch.cumsum(x, -1), (4, 7)),
    "topK": case(lambda x: torch.topk(x, 3).values, (4, 7)),
    "pad": case(lambda x: F.pad(x, (2, 0, 1, 3), value=1.5), (2, 3)),
    "rmsNorm": case(rms_norm, (4, 6), (6,)),
    "rmsNorm without weight": case(rms_norm, (4, 6), scale=1e-3),
    "gelu exact": case(F.gelu, (40,), scale=3.0),
    "erf": case(torch.erf, (40,), scale=1.5),
}

content = {
    "provenance": {
        "script": "test/golden/make_ops.py",
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    },
    "erf": [[x, math.erf(x), math.erfc(x)] for x in [0.0, 1e-9, 0.1, 0.5, -0.9, 1.7, 1.999, 2.0, -2.5, 3.3, 6.0, -8.0, 12.5]],
    "cases": cases,
}
path = here / "ops.json"
path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
print(path.name, path.stat().st_size, "bytes,", len(cases), "cases")
