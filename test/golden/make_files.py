"""Golden files from NumPy and PyTorch (files.json): npy, npz and safetensors, as base64, with the numbers in them.

Run: /usr/bin/python3 test/golden/make_files.py      (needs torch and numpy; versions are written into the file)

The safetensors files are written here from the layout's description (u64 length, JSON, bytes), since the reference
package was not at hand.
"""

import base64
import io
import json
import math
import pathlib
import platform
import struct

import numpy
import torch
import torch.nn.functional as F
from torch import nn

here = pathlib.Path(__file__).parent
text = lambda data: base64.b64encode(data).decode("ascii")
words = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
plain = lambda x: [words.get(str(v), v) for v in numpy.asarray(x, dtype=numpy.float64).ravel().tolist()]


def npy(array, **options):
    buffer = io.BytesIO()
    numpy.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


def safetensors(tensors, metadata=None):
    """`tensors`: name → (dtype, shape, bytes)."""
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    encoded = json.dumps(header, separators=(",", ":")).encode("utf-8")
    encoded += b" " * (-len(encoded) % 8)
    return struct.pack("<Q", len(encoded)) + encoded + b"".join(data for _, _, data in tensors.values())


names = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}


def values_of(dtype):
    kind = numpy.dtype(dtype)
    if kind.kind == "b":
        return numpy.array([[True, False, True], [False, False, True]])
    if kind.kind == "f":
        top = {2: 65504.0, 4: 3.4028234663852886e38, 8: 3.4028234663852886e38}[kind.itemsize]
        tiny = {2: 2.0**-24, 4: 2.0**-149, 8: 2.0**-149}[kind.itemsize]
        return numpy.array([[-0.0, 1 / 3, -top], [tiny, math.inf, -2.5]], dtype=kind)
    info = numpy.iinfo(kind)
    low, high = max(info.min, -(2**31)), min(info.max, 2**31 - 1)
    return numpy.array([[low, high, 0], [1, 2, 100]], dtype=kind)


def halves():
    """Every 37th number of 16 bits, of both kinds, with what it stands for."""
    bits = numpy.arange(0, 65536, 37, dtype=numpy.uint16)
    as_bfloat = torch.from_numpy((bits.astype(numpy.uint32) << 16).view(numpy.float32))
    assert torch.equal(as_bfloat.bfloat16().float().nan_to_num(7), as_bfloat.nan_to_num(7))
    return {
        "file": text(safetensors({
            "F16": ("F16", [len(bits)], bits.tobytes()),
            "BF16": ("BF16", [len(bits)], bits.tobytes()),
        })),
        "F16": plain(bits.view(numpy.float16)),
        "BF16": plain(as_bfloat.numpy()),
    }


def roundings():
    """Numbers of float32 rounded to 16 bits by NumPy and PyTorch."""
    generator = numpy.random.default_rng(3)
    x = (generator.standard_normal(300) * 10.0 ** generator.integers(-9, 5, 300)).astype(numpy.float32)
    x = x[abs(x) < 65000]
    ties = numpy.array([1 + 2**-11, 1 + 3 * 2**-11, 2**-25, 3 * 2**-25, 1 + 2**-8, 1 + 3 * 2**-8, -0.0], dtype=numpy.float32)
    x = numpy.concatenate([x, ties])
    return {
        "x": plain(x),
        "F16": plain(x.astype(numpy.float16)),
        "BF16": plain(torch.from_numpy(x).bfloat16().float().numpy()),
    }


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.ModuleDict({"c_attn": nn.Linear(width, 3 * width), "c_proj": nn.Linear(width, width)})
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def forward(self, x):
        batch, time, width = x.shape
        q, k, v = self.attn["c_attn"](self.ln_1(x)).split(width, dim=2)
        split = lambda y: y.view(batch, time, self.heads, width // self.heads).transpose(1, 2)
        scores = split(q) @ split(k).transpose(-2, -1) / math.sqrt(width // self.heads)
        scores = scores.masked_fill(torch.triu(torch.ones(time, time, dtype=torch.bool), 1), -math.inf)
        mixed = (scores.softmax(-1) @ split(v)).transpose(1, 2).reshape(batch, time, width)
        x = x + self.attn["c_proj"](mixed)
        hidden = self.mlp["c_fc"](self.ln_2(x))
        hidden = 0.5 * hidden * (1 + torch.tanh(math.sqrt(2 / math.pi) * (hidden + 0.044715 * hidden**3)))
        return x + self.mlp["c_proj"](hidden)


class TorchGPT(nn.Module):
    """GPT-2 with the names of nanoGPT (github.com/karpathy/nanoGPT), which keeps PyTorch's Linear."""

    def __init__(self, vocabulary, context, width, heads, layers):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(vocabulary, width),
            "wpe": nn.Embedding(context, width),
            "h": nn.ModuleList([Block(width, heads) for _ in range(layers)]),
            "ln_f": nn.LayerNorm(width),
        })
        self.lm_head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, ids):
        t = self.transformer
        x = t["wte"](ids) + t["wpe"](torch.arange(ids.shape[1]))
        for block in t["h"]:
            x = block(x)
        return self.lm_head(t["ln_f"](x))


def gpt():
    torch.manual_seed(0)
    options = {"vocabularySize": 13, "context": 6, "width": 8, "heads": 2, "layers": 2}
    model = TorchGPT(13, 6, 8, 2, 2)
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    ids = torch.randint(13, (2, 6))
    state = {name: ("F32", list(x.shape), x.detach().numpy().tobytes()) for name, x in model.state_dict().items()}
    return {
        "options": options,
        "file": text(safetensors(state, {"format": "pt"})),
        "ids": ids.tolist(),
        "logits": plain(model(ids).detach().numpy()),
    }


def every_type():
    arrays = {name: values_of(code) for name, code in names.items()}
    tensors = {name: (name, x.shape, x.tobytes()) for name, x in arrays.items()}
    return {
        "values": {name: plain(x.astype(numpy.float32) if name == "F64" else x) for name, x in arrays.items()},
        "safetensors": text(safetensors(tensors, {"format": "pt", "note": "ä\n\"quoted\""})),
        "npy": {name: text(npy(x)) for name, x in arrays.items()},
        "bigEndian": {name: text(npy(x.astype(x.dtype.newbyteorder(">")))) for name, x in arrays.items()},
        "fortran": {name: text(npy(numpy.asfortranarray(x))) for name, x in arrays.items()},
    }


def archives():
    arrays = {"x": numpy.arange(6, dtype=numpy.float32).reshape(2, 3), "ids": numpy.array([3, 1, 2]), "zeros": numpy.zeros((64, 64), dtype=numpy.float32), "scalar": numpy.float32(2.5)}
    stored, packed = io.BytesIO(), io.BytesIO()
    numpy.savez(stored, **{k: v for k, v in arrays.items() if k != "zeros"})
    numpy.savez_compressed(packed, **arrays)
    return {"stored": text(stored.getvalue()), "compressed": text(packed.getvalue())}


golden = {
    "provenance": {
        "script": "test/golden/make_files.py",
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
        "safetensors": "not installed: files written from the description of the layout",
    },
    "everyType": every_type(),
    "halves": halves(),
    "roundings": roundings(),
    "shapes": {
        "scalar": text(npy(numpy.float32(7.0).reshape(()))),
        "vector": text(npy(numpy.arange(3, dtype="<f4"))),
        "empty": text(npy(numpy.zeros((2, 0, 3), dtype="<f4"))),
        "cube": text(npy(numpy.asfortranarray(numpy.arange(24, dtype="<f4").reshape(2, 3, 4)))),
        "version2": text(npy(numpy.arange(3, dtype="<f4"), version=(2, 0))),
        "version3": text(npy(numpy.arange(3, dtype="<f4"), version=(3, 0))),
        "strings": text(npy(numpy.array(["a", "b"]))),
        "complex": text(npy(numpy.array([1j]))),
        "records": text(npy(numpy.zeros(2, dtype=[("a", "<f4")]))),
        "beyondInt32": text(npy(numpy.array([2**31], dtype="<i8"))),
        "beyondFloat32": text(npy(numpy.array([1e39], dtype="<f8"))),
    },
    "npz": archives(),
    "gpt": gpt(),
}
(here / "files.json").write_text(json.dumps(golden) + "\n")
print({name: len(json.dumps(part)) for name, part in golden.items()})
