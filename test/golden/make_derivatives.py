"""Jacobians, Hessians and their products with vectors by PyTorch: test/golden/derivatives.json.

Run with PyTorch 1.13: python3 test/golden/make_derivatives.py
"""

import json
import platform
from pathlib import Path

import torch
from torch.autograd import functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)


def rounded(x):
    """Values that float32 holds exactly, so that both sides start from the same numbers."""
    return (x * 1024).round() / 1024


def numbers(x):
    return {"shape": list(x.shape), "values": [float(f"{v:.9g}") for v in x.detach().flatten().tolist()]}


x = rounded(torch.randn(2, 3))
w = rounded(torch.randn(3, 2))
b = rounded(torch.randn(2, 2))
v = rounded(torch.randn(2, 3))
u = rounded(torch.randn(2, 2))

maps = {
    "tanh of a product": lambda x: torch.tanh(x @ w),
    "softmax of a product with itself": lambda x: torch.softmax(x @ x.T, -1),
    "layer norm": lambda x: torch.layer_norm(x, [3]) @ w,
    "gelu": lambda x: torch.nn.functional.gelu(x @ w, approximate="tanh") * b,
}
scalars = {
    "sum of exp": lambda x: torch.exp(x @ w).sum(),
    "log-sum-exp": lambda x: torch.logsumexp(x @ w, -1).sum(),
    "cubes": lambda x: (x**3).sum() * x[0, 0],
}

cases = {"x": numbers(x), "w": numbers(w), "b": numbers(b), "v": numbers(v), "u": numbers(u), "maps": {}, "scalars": {}}
for name, f in maps.items():
    value, jvp = F.jvp(f, x, v)
    cases["maps"][name] = {
        "value": numbers(value),
        "jvp": numbers(jvp),
        "vjp": numbers(F.vjp(f, x, u)[1]),
        "jacobian": numbers(F.jacobian(f, x)),
    }
for name, f in scalars.items():
    cases["scalars"][name] = {"hessian": numbers(F.hessian(f, x)), "hvp": numbers(F.hvp(f, x, v)[1])}
provenance = {"script": "test/golden/make_derivatives.py", "torch": torch.__version__, "python": platform.python_version()}
text = json.dumps({"provenance": provenance, **cases}, separators=(",", ":"))
(Path(__file__).parent / "derivatives.json").write_text(text + "\n")
