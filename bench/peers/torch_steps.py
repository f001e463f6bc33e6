"""PyTorch on one thread: what the same work costs in native code. Speaks the protocol of bench/worker.ts."""

import json
import math
import statistics
import sys
import time

import numpy
import torch
import torch.nn.functional as F

torch.set_num_threads(1)

FIRST_STEPS = 4


def read(path):
    """The task and its arrays, as harness/array-file.ts writes them."""
    with open(path + ".json") as file:
        header = json.load(file)
    data = open(path + ".bin", "rb").read()
    arrays = {}
    for entry in header["entries"]:
        size = math.prod(entry["shape"])
        values = numpy.frombuffer(data, entry["dtype"], size, entry["offset"]).reshape(entry["shape"])
        arrays[entry["name"]] = torch.from_numpy(values.copy())
    return header["task"], arrays


class Op:
    def __init__(self, op):
        self.run = op

    def outcome(self):
        return self.run().flatten().tolist()


def matmul(task, arrays):
    a, b = arrays["a"], arrays["b"]
    a = a.transpose(-1, -2) if task["transposeA"] else a
    b = b.transpose(-1, -2) if task["transposeB"] else b
    return Op(lambda: torch.matmul(a, b))


def elementwise(task, arrays):
    x, y = arrays["x"], arrays["y"]
    ops = {
        "add": lambda: x + y,
        "mul": lambda: x * y,
        "exp": lambda: torch.exp(x),
        "tanh": lambda: torch.tanh(x),
        "gelu": lambda: F.gelu(x, approximate="tanh"),
    }
    return Op(ops[task["op"]])


class Steps:
    """Training steps: Adam, learning rate 1e-3, the batches in turn."""

    def __init__(self, loss, parameters, batches):
        self.loss, self.batches, self.taken = loss, batches, 0
        for parameter in parameters.values():
            parameter.requires_grad_()
        self.adam = torch.optim.Adam(parameters.values(), lr=1e-3)

    def run(self):
        x, y = self.batches[self.taken % len(self.batches)]
        self.taken += 1
        self.adam.zero_grad(set_to_none=True)
        loss = self.loss(x, y)
        loss.backward()
        self.adam.step()
        return loss.item()

    def outcome(self):
        return [self.run() for _ in range(FIRST_STEPS)]


def parts(task, arrays):
    parameters = {path: tensor for path, tensor in arrays.items() if not path.startswith("batch.")}
    batches = [(arrays[f"batch.{i}.x"], arrays[f"batch.{i}.y"].long()) for i in range(task["batches"])]
    return parameters, batches


def gpt(task, arrays):
    p, batches = parts(task, arrays)
    width, heads, length = task["width"], task["heads"], task["time"]
    mask = torch.full((length, length), -math.inf).triu(1)

    def linear(x, path):
        return F.linear(x, p[path + ".weight"], p[path + ".bias"])

    def norm(x, path):
        return F.layer_norm(x, (width,), p[path + ".weight"], p[path + ".bias"], 1e-5)

    def attention(x, path):
        split = linear(x, path + ".qkv").view(len(x), length, 3, heads, width // heads)
        q, k, v = split.permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // heads) + mask
        mixed = torch.softmax(scores, -1) @ v
        return linear(mixed.transpose(1, 2).reshape(len(x), length, width), path + ".proj")

    def loss(x, y):
        stream = F.embedding(x.long(), p["tokenEmbedding.weight"]) + p["positionEmbedding.weight"]
        for i in range(task["layers"]):
            block = f"blocks.{i}"
            stream = stream + attention(norm(stream, block + ".attentionNorm"), block + ".attention")
            hidden = F.gelu(linear(norm(stream, block + ".mlpNorm"), block + ".mlp.fc"), approximate="tanh")
            stream = stream + linear(hidden, block + ".mlp.proj")
        logits = F.linear(norm(stream, "finalNorm"), p["head.weight"])
        return F.cross_entropy(logits.flatten(0, 1), y.flatten())

    return Steps(loss, p, batches)


def mlp(task, arrays):
    p, batches = parts(task, arrays)

    def loss(x, y):
        for i in range(len(task["sizes"]) - 1):
            x = F.linear(torch.relu(x) if i else x, p[f"layers.{i}.weight"], p[f"layers.{i}.bias"])
        return F.cross_entropy(x, y)

    return Steps(loss, p, batches)


TASKS = {"matmul": matmul, "elementwise": elementwise, "gpt": gpt, "mlp": mlp}


def measure(run, seconds):
    """Median of samples of at least 10 ms."""
    samples, calls, end = [], 1, time.perf_counter() + seconds
    while not samples or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(calls):
            run()
        elapsed = time.perf_counter() - start
        if elapsed < 0.01:
            calls *= 2
        else:
            samples.append(elapsed / calls)
    return {"seconds": statistics.median(samples), "samples": len(samples)}


def blas():
    """The library that multiplies: with the reference BLAS of a bare Debian, PyTorch is 20 times slower."""
    torch.ones(64, 64) @ torch.ones(64, 64)
    try:
        libraries = open("/proc/self/maps").read()
    except OSError:
        return "BLAS unknown"
    known = {"openblas": "OpenBLAS", "mkl_core": "MKL", "libblis": "BLIS", "libatlas": "ATLAS"}
    found = [name for part, name in known.items() if part in libraries]
    return found[0] if found else ("reference BLAS (slow)" if "libblas" in libraries else "its own BLAS")


prepared = None


def answer(request):
    global prepared
    if request["do"] == "describe":
        return f"PyTorch {torch.__version__}, native code, {blas()}, {torch.get_num_threads()} thread"
    if request["do"] == "prepare":
        task, arrays = read(request["path"])
        prepared = TASKS[task["kind"]](task, arrays)
        return None
    if request["do"] == "outcome":
        values = prepared.outcome()
        length = min(len(values), 1000)
        return [values[i * len(values) // length] for i in range(length)]
    if request["do"] == "measure":
        return measure(prepared.run, request["seconds"])
    return None


for line in sys.stdin:
    try:
        reply = {"value": answer(json.loads(line))}
    except Exception as error:
        reply = {"error": repr(error)}
    print(json.dumps(reply), flush=True)
