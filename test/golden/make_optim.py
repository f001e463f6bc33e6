"""Golden numbers from PyTorch: optimizers (optim.json) and a tiny GPT with its gradients (gpt.json).

Run: python3 test/golden/make_optim.py      (needs torch and numpy; versions are written into the files)
"""

import json
import math
import pathlib
import platform

import numpy
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
provenance = {
    "script": "test/golden/make_optim.py",
    "torch": torch.__version__,
    "numpy": numpy.__version__,
    "python": platform.python_version(),
}


def draw(generator, *shape, scale=1.0):
    """Numbers with few digits, so that the file is short and float32 and JSON agree."""
    return torch.round(torch.randn(*shape, generator=generator) * scale * 1e4) / 1e4


def numbers(tensor):
    return [float(f"{x:.8g}") for x in tensor.detach().to(torch.float32).flatten().tolist()]


def optimizers():
    """Each case: the same weights and gradients through one optimizer in float64, weights after each step."""
    generator = torch.Generator().manual_seed(7)
    shapes = {"matrix": [3, 4], "vector": [5]}
    steps = 6
    weights = {path: draw(generator, *shape) for path, shape in shapes.items()}
    gradients = [{path: draw(generator, *shape) for path, shape in shapes.items()} for _ in range(steps)]
    cases = {
        "sgd": (torch.optim.SGD, {"lr": 0.1}),
        "sgdMomentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        "sgdNesterov": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        "adam": (torch.optim.Adam, {"lr": 0.01}),
        "adamOptions": (torch.optim.Adam, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3}),
        "adamw": (torch.optim.AdamW, {"lr": 0.01}),
        "adamwDecay": (torch.optim.AdamW, {"lr": 0.05, "weight_decay": 0.3}),
    }
    results = {}
    for name, (optimizer, options) in cases.items():
        parameters = {path: w.double().clone().requires_grad_() for path, w in weights.items()}
        instance = optimizer(list(parameters.values()), **options)
        after = []
        for gradient in gradients:
            for path, parameter in parameters.items():
                parameter.grad = gradient[path].double()
            instance.step()
            after.append({path: numbers(parameter) for path, parameter in parameters.items()})
        results[name] = {"options": {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}, "after": after}
    return {
        "provenance": provenance,
        "shapes": shapes,
        "weights": {path: numbers(w) for path, w in weights.items()},
        "gradients": [{path: numbers(g) for path, g in gradient.items()} for gradient in gradients],
        "cases": results,
    }


def gpt():
    """Loss and gradients of a small GPT, from weights that are listed in the file. Layout and names as in src/nn/gpt.ts."""
    V, D, H, L, T, B = 11, 8, 2, 2, 5, 2
    generator = torch.Generator().manual_seed(11)
    weights = {}

    def parameter(path, *shape, mean=0.0):
        weights[path] = (mean + draw(generator, *shape, scale=0.3)).double().requires_grad_()

    parameter("tokenEmbedding.weight", V, D)
    parameter("positionEmbedding.weight", T, D)
    for i in range(L):
        block = f"blocks.{i}"
        parameter(f"{block}.attentionNorm.weight", D, mean=1.0)
        parameter(f"{block}.attentionNorm.bias", D)
        parameter(f"{block}.attention.qkv.weight", 3 * D, D)
        parameter(f"{block}.attention.qkv.bias", 3 * D)
        parameter(f"{block}.attention.proj.weight", D, D)
        parameter(f"{block}.attention.proj.bias", D)
        parameter(f"{block}.mlpNorm.weight", D, mean=1.0)
        parameter(f"{block}.mlpNorm.bias", D)
        parameter(f"{block}.mlp.fc.weight", 4 * D, D)
        parameter(f"{block}.mlp.fc.bias", 4 * D)
        parameter(f"{block}.mlp.proj.weight", D, 4 * D)
        parameter(f"{block}.mlp.proj.bias", D)
    parameter("finalNorm.weight", D, mean=1.0)
    parameter("finalNorm.bias", D)
    parameter("head.weight", V, D)

    ids = torch.randint(0, V, (B, T), generator=generator)
    targets = torch.randint(0, V, (B, T), generator=generator)
    w = weights
    x = w["tokenEmbedding.weight"][ids] + w["positionEmbedding.weight"]
    mask = torch.tril(torch.ones(T, T)).bool()
    for i in range(L):
        block = f"blocks.{i}"

        def norm(x, name):
            return F.layer_norm(x, (D,), w[f"{name}.weight"], w[f"{name}.bias"], 1e-5)

        def linear(x, name):
            return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])

        qkv = linear(norm(x, f"{block}.attentionNorm"), f"{block}.attention.qkv")
        q, k, v = (part.view(B, T, H, D // H).transpose(1, 2) for part in qkv.split(D, dim=2))
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(D // H)
        mixed = scores.masked_fill(~mask, float("-inf")).softmax(-1) @ v
        x = x + linear(mixed.transpose(1, 2).reshape(B, T, D), f"{block}.attention.proj")
        hidden = linear(norm(x, f"{block}.mlpNorm"), f"{block}.mlp.fc")
        gelu = 0.5 * hidden * (1 + torch.tanh(math.sqrt(2 / math.pi) * (hidden + 0.044715 * hidden**3)))
        x = x + linear(gelu, f"{block}.mlp.proj")
    logits = F.linear(norm(x, "finalNorm"), w["head.weight"])
    loss = F.cross_entropy(logits.reshape(B * T, V), targets.reshape(B * T))
    loss.backward()
    return {
        "provenance": provenance,
        "options": {"vocabularySize": V, "context": T, "width": D, "heads": H, "layers": L},
        "ids": ids.tolist(),
        "targets": targets.tolist(),
        "loss": loss.item(),
        "parameters": {
            path: {"shape": list(p.shape), "weight": numbers(p), "grad": [float(f"{x:.6g}") for x in p.grad.flatten().tolist()]}
            for path, p in weights.items()
        },
    }


for name, content in {"optim.json": optimizers(), "gpt.json": gpt()}.items():
    (here / name).write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(name, (here / name).stat().st_size, "bytes")
