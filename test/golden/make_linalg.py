"""Golden numbers from numpy (LAPACK, float64): decompositions of small matrices (linalg.json).

Run: python3 test/golden/make_linalg.py      (needs numpy; torch only for its version in the file)
"""

import json
import pathlib
import platform

import numpy
import torch

here = pathlib.Path(__file__).parent
generator = numpy.random.default_rng(5)


def draw(*shape, scale=1.0):
    """Numbers with few digits, as float32 holds them."""
    return (numpy.round(generator.standard_normal(shape) * 1e4) / 1e4 * scale).astype(numpy.float32)


def low_rank(m, n, rank):
    return (draw(m, rank).astype(numpy.float64) @ draw(rank, n)).astype(numpy.float32)


def graded(m, n):
    """Columns that shrink by a factor of ten each."""
    return (draw(m, n) * 10.0 ** -numpy.arange(n)).astype(numpy.float32)


matrices = {
    "square": draw(6, 6),
    "wide": draw(3, 7),
    "tall": draw(8, 3),
    "one": draw(1, 1),
    "row": draw(1, 5),
    "lowRank": low_rank(6, 5, 2),
    "graded": graded(7, 6),
    "huge": draw(4, 5, scale=1e30),
    "tiny": draw(5, 4, scale=1e-30),
    "hilbert": (1 / (1 + numpy.add.outer(numpy.arange(8), numpy.arange(8)))).astype(numpy.float32),
    "repeated": numpy.diag([3.0, 3.0, 3.0, 1.0, 1.0]).astype(numpy.float32),
}


def full(values):
    return [float(x) for x in numpy.asarray(values).flatten()]


def case(name, x):
    x = x.astype(numpy.float64)
    result = {"shape": list(x.shape), "x": [float(f"{v:.9g}") for v in x.flatten()]}
    x = numpy.array(result["x"]).astype(numpy.float32).astype(numpy.float64).reshape(x.shape)
    result["singularValues"] = full(numpy.linalg.svd(x, compute_uv=False))
    if x.shape[0] == x.shape[1]:
        # numpy reads the lower triangle; ours must not look at the upper one either.
        result["eigenvaluesOfLower"] = full(numpy.linalg.eigvalsh(x))
    if name in ("square", "wide", "tall", "huge", "tiny"):
        q, r = numpy.linalg.qr(x)
        signs = numpy.where(numpy.diag(r) < 0, -1.0, 1.0)
        result["q"], result["r"] = full(q * signs), full(r * signs[:, None])
    return result


content = {
    "provenance": {
        "script": "test/golden/make_linalg.py",
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    },
    "cases": {name: case(name, x) for name, x in matrices.items()},
}
(here / "linalg.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
print("linalg.json", (here / "linalg.json").stat().st_size, "bytes")
