"""Golden numbers from PyTorch for attention (op-laws-attention.json): rotary, and layers as functions of their weights.

Run: python3 test/golden/make_op_laws_attention.py      (needs torch and numpy; versions are written into the file)
"""

import math

import torch
import torch.nn.functional as F
from torch.nn.utils.stateless import functional_call

from op_laws import add, write


def rotary(x, base, offset):
    """As LLaMA's code writes it: x·cos + rotate_half(x)·sin, with each angle in both halves."""
    time, width = x.shape[-2:]
    frequencies = 1.0 / base ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = torch.outer(torch.arange(offset, offset + time, dtype=torch.float64), frequencies)
    angles = torch.cat([angles, angles], dim=-1)
    half = torch.cat([-x[..., width // 2 :], x[..., : width // 2]], dim=-1)
    return x * angles.cos() + half * angles.sin()


def self_attention(x, qkv_weight, qkv_bias, proj_weight, proj_bias, heads, headWidth, causal, base):
    batch, time, _ = x.shape
    parts = F.linear(x, qkv_weight, qkv_bias).split(heads * headWidth, dim=-1)
    q, k, v = (part.view(batch, time, heads, headWidth).transpose(1, 2) for part in parts)
    if base is not None:
        q, k = rotary(q, base, 0), rotary(k, base, 0)
    scores = q @ k.transpose(-2, -1) / math.sqrt(headWidth)
    if causal:
        scores = scores.masked_fill(~torch.tril(torch.ones(time, time)).bool(), float("-inf"))
    mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, time, heads * headWidth)
    return F.linear(mixed, proj_weight, proj_bias)


def cross_attention(x, memory, q_weight, q_bias, kv_weight, kv_bias, proj_weight, proj_bias, heads):
    """nn.MultiheadAttention itself, whose heads have width/heads dimensions."""
    width, memory_width = x.shape[-1], memory.shape[-1]
    layer = torch.nn.MultiheadAttention(width, heads, kdim=memory_width, vdim=memory_width, batch_first=True).double()
    separate = memory_width != width
    weights = {"in_proj_bias": torch.cat([q_bias, kv_bias]), "out_proj.weight": proj_weight, "out_proj.bias": proj_bias}
    if separate:
        weights |= {"q_proj_weight": q_weight, "k_proj_weight": kv_weight[:width], "v_proj_weight": kv_weight[width:]}
    else:
        weights["in_proj_weight"] = torch.cat([q_weight, kv_weight])
    return functional_call(layer, weights, (x, memory, memory))[0]


def swiglu(x, gate, value, proj):
    return F.linear(F.silu(F.linear(x, gate)) * F.linear(x, value), proj)


for full, base, offset in [([3, 4], 10000, 0), ([2, 2, 3, 6], 100, 0), ([5, 2], 10000, 7), ([2, 4], 500000, 1000)]:
    add("rotary", rotary, [("real", full)], base=base, offset=offset)

for (batch, time, width), heads, head_width, causal, base in [
    ((2, 3, 4), 2, 3, True, None),
    ((1, 4, 3), 1, 4, False, 10000),
    ((2, 3, 4), 2, 2, True, 10),
]:
    inner = heads * head_width
    shapes = [[batch, time, width], [3 * inner, width], [3 * inner], [width, inner], [width]]
    attributes = {"heads": heads, "headWidth": head_width, "causal": causal, "base": base}
    add("multiHeadAttention", self_attention, [("real", full) for full in shapes], **attributes)

for batch, time, width, keys, memory_width, heads in [(2, 3, 4, 2, 3, 2), (1, 1, 6, 4, 6, 3), (1, 2, 4, 1, 5, 1)]:
    shapes = [[batch, time, width], [batch, keys, memory_width], [width, width], [width]]
    shapes += [[2 * width, memory_width], [2 * width], [width, width], [width]]
    add("crossAttention", cross_attention, [("real", full) for full in shapes], heads=heads)

for rows, width, hidden in [([3], 4, 5), ([2, 2], 3, 8)]:
    shapes = [[*rows, width], [hidden, width], [hidden, width], [width, hidden]]
    add("swiglu", swiglu, [("real", full) for full in shapes])

write("make_op_laws_attention.py", "op-laws-attention.json")
