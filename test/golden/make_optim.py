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


def exact(array):
    """Numbers of a float64 trajectory, far below the rounding of float32."""
    return [float(f"{x:.12g}") for x in numpy.asarray(array, dtype=numpy.float64).flatten().tolist()]


def optimizers():
    """Each case: the same weights and gradients through one optimizer in float64, weights after each of ten steps.

    PyTorch where it has the optimizer. Lion and Adafactor are written here in numpy, from the formulas that optax and
    the papers document: optax itself was not run.
    """
    generator = torch.Generator().manual_seed(7)
    shapes = {"matrix": [3, 4], "vector": [5]}
    steps = 10
    weights = {path: draw(generator, *shape) for path, shape in shapes.items()}
    gradients = [{path: draw(generator, *shape) for path, shape in shapes.items()} for _ in range(steps)]
    results = {name: torch_trajectory(optimizer, options, weights, gradients) for name, (optimizer, options) in {
        "sgd": (torch.optim.SGD, {"lr": 0.1}),
        "sgdMomentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        "sgdNesterov": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        "adam": (torch.optim.Adam, {"lr": 0.01}),
        "adamOptions": (torch.optim.Adam, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3}),
        "adamw": (torch.optim.AdamW, {"lr": 0.01}),
        "adamwDecay": (torch.optim.AdamW, {"lr": 0.05, "weight_decay": 0.3}),
        "rmsprop": (torch.optim.RMSprop, {"lr": 0.01}),
        "rmspropMomentum": (torch.optim.RMSprop, {"lr": 0.01, "momentum": 0.9}),
        "rmspropCentered": (torch.optim.RMSprop, {"lr": 0.01, "centered": True}),
        "rmspropAll": (
            torch.optim.RMSprop,
            {"lr": 0.01, "alpha": 0.9, "eps": 1e-3, "momentum": 0.5, "centered": True, "weight_decay": 0.1},
        ),
    }.items()}
    lion = {"lr": 0.01, "b1": 0.9, "b2": 0.99, "weight_decay": 1e-3}
    results["lion"] = numpy_trajectory(Lion, lion, weights, gradients)
    results["lionOptions"] = numpy_trajectory(Lion, {**lion, "b1": 0.8, "b2": 0.9, "weight_decay": 0.1}, weights, gradients)
    plain = {"lr": 0.05, "factored": True, "momentum": 0.0, "weight_decay": 0.0, "scale_parameter": True, "clip": 1.0}
    results["adafactor"] = numpy_trajectory(Adafactor, plain, weights, gradients)
    results["adafactorUnfactored"] = numpy_trajectory(Adafactor, {**plain, "factored": False}, weights, gradients)
    everything = {**plain, "momentum": 0.9, "weight_decay": 0.1, "clip": 0.4}
    results["adafactorAll"] = numpy_trajectory(Adafactor, everything, weights, gradients)
    results["adafactorAllUnfactored"] = numpy_trajectory(Adafactor, {**everything, "factored": False}, weights, gradients)
    return {
        "provenance": {**provenance, "optax": "not run: formulas of its documentation, in numpy"},
        "shapes": shapes,
        "weights": {path: numbers(w) for path, w in weights.items()},
        "gradients": [{path: numbers(g) for path, g in gradient.items()} for gradient in gradients],
        "cases": results,
        "schedules": schedules(),
    }


def torch_trajectory(optimizer, options, weights, gradients):
    parameters = {path: w.double().clone().requires_grad_() for path, w in weights.items()}
    instance = optimizer(list(parameters.values()), **options)
    after = []
    for gradient in gradients:
        for path, parameter in parameters.items():
            parameter.grad = gradient[path].double()
        instance.step()
        after.append({path: exact(parameter.detach()) for path, parameter in parameters.items()})
    return {"options": {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}, "after": after}


def numpy_trajectory(rule, options, weights, gradients):
    rules = {path: rule(tuple(w.shape), options) for path, w in weights.items()}
    parameters = {path: w.double().numpy().copy() for path, w in weights.items()}
    after = []
    for gradient in gradients:
        for path in parameters:
            parameters[path] = parameters[path] + rules[path].step(gradient[path].double().numpy(), parameters[path])
        after.append({path: exact(w) for path, w in parameters.items()})
    return {"options": options, "largestRatio": max(r.largest for r in rules.values()), "after": after}


class Lion:
    """optax.lion: u = sign(b1·m + (1 − b1)·g), m ← b2·m + (1 − b2)·g, step −lr·(u + decay·w)."""

    def __init__(self, shape, options):
        self.options, self.mean, self.largest = options, numpy.zeros(shape), 1.0

    def step(self, g, w):
        o = self.options
        direction = o["b1"] * self.mean + (1 - o["b1"]) * g
        assert numpy.abs(direction).min() > 1e-5, "a sign that rounding could turn"
        self.mean = o["b2"] * self.mean + (1 - o["b2"]) * g
        return -o["lr"] * (numpy.sign(direction) + o["weight_decay"] * w)


class Adafactor:
    """Algorithms 4 to 6 of Shazeer and Stern, with the momentum before the clip and decay within the step size."""

    def __init__(self, shape, options):
        self.options, self.t, self.largest = options, 0, 0.0
        self.factored = options["factored"] and len(shape) == 2
        self.row, self.column = (numpy.zeros(shape[0]), numpy.zeros(shape[1])) if self.factored else (None, None)
        self.full, self.mean = numpy.zeros(shape), numpy.zeros(shape)

    def step(self, g, w):
        o = self.options
        self.t += 1
        beta2 = 1 - self.t**-0.8
        q = g**2 + 1e-30
        if self.factored:
            self.row = beta2 * self.row + (1 - beta2) * q.mean(axis=1)
            self.column = beta2 * self.column + (1 - beta2) * q.mean(axis=0)
            v = numpy.outer(self.row, self.column) / self.row.mean()
        else:
            self.full = v = beta2 * self.full + (1 - beta2) * q
        u = g / numpy.sqrt(v)
        self.largest = max(self.largest, float(numpy.abs(u).max()))
        if o["momentum"]:
            self.mean = u = o["momentum"] * self.mean + (1 - o["momentum"]) * u
        u = u / max(1.0, rms(u) / o["clip"])
        alpha = o["lr"] * (max(rms(w), 1e-3) if o["scale_parameter"] else 1.0)
        return -alpha * (u + o["weight_decay"] * w)


def rms(x):
    return math.sqrt((x**2).mean())


def schedules():
    """Values at steps 0 to 13, by the formulas of optax's documentation; PyTorch's own where it has the schedule."""
    steps = numpy.arange(14)

    def linear(start, end, n, t=steps):
        return (start - end) * (1 - numpy.clip(t, 0, n) / n) + end

    def cosine(start, n, alpha=0.0, t=steps):
        return start * ((1 - alpha) * 0.5 * (1 + numpy.cos(math.pi * numpy.minimum(t, n) / n)) + alpha)

    def warmup_cosine(peak, warmup, n, end):
        rise = linear(0.0, peak, warmup)
        return numpy.where(steps < warmup, rise, cosine(peak, n - warmup, end / peak, numpy.maximum(steps - warmup, 0)))

    def closed_form(make, lr):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
        schedule = make(optimizer)
        values = []
        for t in range(11):  # PyTorch's cosine rises again after its end
            schedule.last_epoch = t
            values.append(schedule._get_closed_form_lr()[0])
        return values

    lr = torch.optim.lr_scheduler
    return {
        "linear": {"options": {"from": 0.3, "to": 0.05, "steps": 10}, "values": exact(linear(0.3, 0.05, 10))},
        "cosine": {"options": {"from": 0.3, "to": 0.06, "steps": 10}, "values": exact(cosine(0.3, 10, 0.2))},
        "warmupCosine": {
            "options": {"peak": 0.3, "warmup": 4, "steps": 12, "to": 0.03},
            "values": exact(warmup_cosine(0.3, 4, 12, 0.03)),
        },
        "torchLinear": {
            "options": {"from": 0.3, "to": 0.06, "steps": 10},
            "values": exact(closed_form(lambda o: lr.LinearLR(o, start_factor=1.0, end_factor=0.2, total_iters=10), 0.3)),
        },
        "torchCosine": {
            "options": {"from": 0.3, "to": 0.06, "steps": 10},
            "values": exact(closed_form(lambda o: lr.CosineAnnealingLR(o, T_max=10, eta_min=0.06), 0.3)),
        },
    }


def gpt():
    """Loss and gradients of a small GPT, from weights that are listed in the file. Layout and names as in src/nn/models/gpt.ts."""
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
