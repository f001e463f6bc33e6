"""Golden numbers from PyTorch: GRU and LSTM, their values, last states and all gradients, in float64 (recurrent.json).

Run: python3 test/golden/make_recurrent.py      (needs torch; versions are written into the file)

The loss is Σ u ⊙ output + Σ v ⊙ last states, with fixed random u and v, so that a gradient arrives by both ways.
"""

import json
import pathlib
import platform

import torch

batch, time, inputs, width = 2, 4, 3, 5


def numbers(tensor):
    return [float(f"{x:.8g}") for x in tensor.detach().flatten().tolist()]


def entry(tensor):
    return {"shape": list(tensor.shape), "values": numbers(tensor)}


def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64).float().double().requires_grad_()


def case(kind):
    layer = {"GRU": torch.nn.GRU, "LSTM": torch.nn.LSTM}[kind](inputs, width, batch_first=True).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_((parameter * 2).float())
    x = draw(batch, time, inputs)
    states = {name: draw(batch, width) for name in (["hidden", "cell"] if kind == "LSTM" else ["hidden"])}
    given = [state[None] for state in states.values()]
    output, last = layer(x, tuple(given) if kind == "LSTM" else given[0])
    last = [state[0] for state in (last if kind == "LSTM" else [last])]
    weights = [draw(*y.shape).detach() for y in [output, *last]]
    sum((y * w).sum() for y, w in zip([output, *last], weights)).backward()
    fresh, _ = layer(x)  # from zeros
    return {
        "kind": kind,
        "parameters": {name: entry(p) for name, p in layer.named_parameters()},
        "x": entry(x),
        "state": {name: entry(s) for name, s in states.items()},
        "output": entry(output),
        "outputFromZeros": entry(fresh),
        "last": {name: entry(s) for name, s in zip(states, last)},
        "weights": [entry(w) for w in weights],
        "gradients": {name: entry(p.grad) for name, p in layer.named_parameters()},
        "xGradient": entry(x.grad),
        "stateGradients": {name: entry(s.grad) for name, s in states.items()},
    }


torch.manual_seed(5)
provenance = {"script": "test/golden/make_recurrent.py", "torch": torch.__version__, "python": platform.python_version()}
golden = {"provenance": provenance, "cases": [case("GRU"), case("LSTM")]}
path = pathlib.Path(__file__).parent / "recurrent.json"
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(path, path.stat().st_size, "bytes")
