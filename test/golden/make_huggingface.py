"""A tiny GPT-2 as Hugging Face saves it (huggingface.json): the names and the layout of its Conv1D, and the logits.

Run: /usr/bin/python3 test/golden/make_huggingface.py      (needs torch and numpy; versions are written into the file)

The transformers package was not at hand, so the forward pass is written here from modeling_gpt2.py: Conv1D computes
x·W + b with W [in, out], the activation is gelu_new, norms have an epsilon of 1e-5, and the head is the token embedding.
"""

import base64
import json
import math
import pathlib
import platform
import struct

import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
vocabulary, context, width, heads, layers = 11, 5, 8, 2, 2


def safetensors(tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, x in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [offset, offset + 4 * x.numel()]}
        offset += 4 * x.numel()
    encoded = json.dumps(header, separators=(",", ":")).encode("utf-8")
    encoded += b" " * (-len(encoded) % 8)
    return struct.pack("<Q", len(encoded)) + encoded + b"".join(x.numpy().tobytes() for x in tensors.values())


def state():
    torch.manual_seed(4)
    draw = lambda *shape, mean=0.0: mean + 0.4 * torch.randn(*shape)
    named = {"wte.weight": draw(vocabulary, width), "wpe.weight": draw(context, width)}
    for i in range(layers):
        named |= {
            f"h.{i}.ln_1.weight": draw(width, mean=1.0), f"h.{i}.ln_1.bias": draw(width),
            f"h.{i}.attn.bias": torch.ones(context, context).tril().view(1, 1, context, context),
            f"h.{i}.attn.c_attn.weight": draw(width, 3 * width), f"h.{i}.attn.c_attn.bias": draw(3 * width),
            f"h.{i}.attn.c_proj.weight": draw(width, width), f"h.{i}.attn.c_proj.bias": draw(width),
            f"h.{i}.ln_2.weight": draw(width, mean=1.0), f"h.{i}.ln_2.bias": draw(width),
            f"h.{i}.mlp.c_fc.weight": draw(width, 4 * width), f"h.{i}.mlp.c_fc.bias": draw(4 * width),
            f"h.{i}.mlp.c_proj.weight": draw(4 * width, width), f"h.{i}.mlp.c_proj.bias": draw(width),
        }
    return named | {"ln_f.weight": draw(width, mean=1.0), "ln_f.bias": draw(width)}


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def forward(named, ids):
    conv1d = lambda x, name: x @ named[f"{name}.weight"] + named[f"{name}.bias"]
    norm = lambda x, name: F.layer_norm(x, (width,), named[f"{name}.weight"], named[f"{name}.bias"], 1e-5)
    batch, time = ids.shape
    split = lambda y: y.view(batch, time, heads, width // heads).permute(0, 2, 1, 3)
    x = named["wte.weight"][ids] + named["wpe.weight"][:time]
    for i in range(layers):
        q, k, v = (split(y) for y in conv1d(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn").split(width, dim=2))
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // heads)
        mask = named[f"h.{i}.attn.bias"][:, :, :time, :time].bool()
        weights = torch.where(mask, scores, torch.tensor(-1e4)).softmax(-1)
        mixed = (weights @ v).permute(0, 2, 1, 3).reshape(batch, time, width)
        x = x + conv1d(mixed, f"h.{i}.attn.c_proj")
        x = x + conv1d(gelu_new(conv1d(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc")), f"h.{i}.mlp.c_proj")
    return norm(x, "ln_f") @ named["wte.weight"].T


named = state()
ids = torch.randint(vocabulary, (2, context))
golden = {
    "provenance": {"python": platform.python_version(), "torch": torch.__version__},
    "options": {
        "vocabularySize": vocabulary, "context": context, "width": width, "heads": heads, "layers": layers, "tieHead": True,
    },
    "file": base64.b64encode(safetensors(named)).decode("ascii"),
    "ids": ids.tolist(),
    "logits": [round(x, 7) for x in forward(named, ids).ravel().tolist()],
}
(here / "huggingface.json").write_text(json.dumps(golden) + "\n")
