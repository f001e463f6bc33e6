"""What NumPy prints (print.json): arrays of float32 and int32 as numpy.array2string shows them by default.

Run: python3 test/golden/make_print.py      (needs numpy)
"""

import json
import pathlib
import platform

import numpy

here = pathlib.Path(__file__).parent
generator = numpy.random.default_rng(11)
inf, nan = numpy.inf, numpy.nan


def floats(values, shape=None):
    array = numpy.asarray(values, dtype=numpy.float32)
    return array if shape is None else array.reshape(shape)


def wholes(values, shape=None):
    array = numpy.asarray(values, dtype=numpy.int32)
    return array if shape is None else array.reshape(shape)


def normal(*shape):
    return generator.standard_normal(shape).astype(numpy.float32)


def bits(count):
    """Floats of every size: random patterns of 32 bits, without NaN and infinities."""
    drawn = generator.integers(0, 2**32, count, dtype=numpy.uint64).astype(numpy.uint32).view(numpy.float32)
    return drawn[numpy.isfinite(drawn)]


arrays = {
    "a scalar": floats(3.5),
    "a whole scalar": wholes(-7),
    "a small scalar": floats(1e-5),
    "a scalar that is not finite": floats(nan),
    "no elements": floats([], (0, 3)),
    "whole numbers": floats([1, 2, 3]),
    "fractions of different lengths": floats([[1, 2.5], [0.125, -3]]),
    "a third": floats([1 / 3, 2 / 3, 0.1]),
    "signs and zeros": floats([0.0, -0.0, 1, -1]),
    "only zeros": floats([[0, 0], [0, 0]]),
    "nan and infinities": floats([nan, inf, -inf, 1]),
    "nan beside long numbers": floats([nan, 123456.7, -1]),
    "only nan": floats([nan, nan]),
    "infinity beside exponents": floats([-inf, 1e-8, 1e8]),
    "at the least without exponent": floats([1e-4, 0.01]),
    "below the least without exponent": floats([0.99e-4, 0.01]),
    "a ratio of a thousand": floats([0.001, 1]),
    "a ratio above a thousand": floats([0.001, 1.001]),
    "at the greatest without exponent": floats([99999992, 1]),
    "above the greatest without exponent": floats([1e8]),
    "exponents of two digits": floats([1e-38, 1.5e-40, 3.4e38, -2]),
    "the least and the greatest": floats([1e-45, 3.4028235e38]),
    "cut at the eighth place": floats([0.0123456789, 0.98765432]),
    "halves at the ninth place": floats([2.0**-9, 3 * 2.0**-9, 5 * 2.0**-9]),
    "whole numbers beyond 24 bits": floats([2.0**25, 2.0**26 + 8]),
    "powers of two": floats(2.0 ** numpy.arange(-13, 27)),
    "int32": wholes([[1, -20], [300, 4]]),
    "extremes of int32": wholes([-(2**31), 2**31 - 1, 0]),
    "a row that wraps": floats(numpy.arange(40) / 8),
    "whole numbers that wrap": wholes(numpy.arange(60)),
    "rows that wrap": normal(2, 9),
    "three axes": normal(2, 3, 2),
    "four axes": wholes(numpy.arange(16), (2, 2, 2, 2)),
    "axes of one": floats([1.5], (1, 1, 1)),
    "a thousand elements": wholes(numpy.arange(1000)),
    "a thousand and one": wholes(numpy.arange(1001)),
    "a large matrix": normal(40, 50),
    "a large matrix whose middle is large": floats([1.0] * 600 + [1e9] + [1.0] * 599, (3, 400)),
    "a tall matrix": normal(600, 2),
    "a wide matrix": normal(2, 600),
    "a large tensor": normal(8, 9, 20),
    "seven axes": floats(numpy.arange(1152), (2, 2, 2, 2, 2, 2, 18)),
    "random bits": bits(24),
    **{f"uniform in ±{scale:g}": (normal(3, 4) * numpy.float32(scale)) for scale in (1e-5, 1e-2, 1, 30, 1e4, 1e7)},
}


def plain(x):
    """JSON has no numbers for these."""
    return float(x) if numpy.isfinite(x) and not (x == 0 and numpy.signbit(x)) else repr(float(x))


cases = [
    {
        "name": name,
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        "values": [int(x) if array.dtype == numpy.int32 else plain(x) for x in array.ravel()],
        "text": numpy.array2string(array),
    }
    for name, array in arrays.items()
]
versions = {"numpy": numpy.__version__, "python": platform.python_version()}
(here / "print.json").write_text(json.dumps({"versions": versions, "cases": cases}, separators=(",", ":")) + "\n")
print(f"{len(cases)} cases")
