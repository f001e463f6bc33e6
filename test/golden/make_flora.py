"""A reference trajectory of Flora in float64: Adafactor with a compressed momentum, both orderings, given projections.

Written from the equations alone (Flora, ICML 2024, Algorithm 2; the order of the published flora-opt code), as plain
loops over whole matrices, so that it shares nothing with the library.

Run: python3 test/golden/make_flora.py      (needs numpy; the version is written into the file)
"""

import json
import pathlib
import platform

import numpy as np

steps, refresh_every, rank, d = 10, 3, 2, 4
beta, learning_rate, weight_decay, decay_exponent = 0.9, 0.05, 0.01, 0.8
rng = np.random.default_rng(20240507)
shapes = {"tall": (6, 4), "wide": (4, 7), "bias": (5,)}  # tall: right side, wide: left side, bias: dense


def draw(*shape, scale=1.0):
    return np.round(rng.standard_normal(shape) * scale, 4)


start = {name: draw(*shape, scale=0.5) for name, shape in shapes.items()}
gradients = [{name: draw(*shape) for name, shape in shapes.items()} for _ in range(steps)]
projections = [draw(rank, d, scale=1 / np.sqrt(rank)) for _ in range(1 + steps // refresh_every)]


def rms(x):
    return np.sqrt(np.mean(x**2))


def down(name, g, a):
    return g @ a.T if name == "tall" else a @ g


def up(name, c, a):
    return c @ a if name == "tall" else a.T @ c


def trajectory(ordering):
    weights = {name: w.copy() for name, w in start.items()}
    rows = {name: np.zeros(s[0]) for name, s in shapes.items()}
    columns = {name: np.zeros(s[-1]) for name, s in shapes.items()}
    full = {name: np.zeros(s) for name, s in shapes.items()}
    memory = {"tall": np.zeros((6, rank)), "wide": np.zeros((rank, 7)), "bias": np.zeros(5)}
    path = []
    for t in range(steps):
        paper_refresh = t > 0 and t % refresh_every == 0
        torch_refresh = (t + 1) % refresh_every == 0
        before = (t - 1 if ordering == "paper" else t) // refresh_every if t > 0 else 0
        after = t // refresh_every if ordering == "paper" else (t + 1) // refresh_every
        old, new = projections[before], projections[after]
        for name, w in weights.items():
            g = gradients[t][name]
            beta2 = 1 - (t + 1.0) ** -decay_exponent
            square = g**2 + 1e-30
            if g.ndim == 2:
                rows[name] = beta2 * rows[name] + (1 - beta2) * square.mean(axis=1)
                columns[name] = beta2 * columns[name] + (1 - beta2) * square.mean(axis=0)
                u = g / np.sqrt(np.outer(rows[name], columns[name]) / rows[name].mean())
            else:
                full[name] = beta2 * full[name] + (1 - beta2) * square
                u = g / np.sqrt(full[name])
            if g.ndim == 1:
                memory[name] = beta * memory[name] + (1 - beta) * u
                step = memory[name]
            elif ordering == "paper":
                if paper_refresh:
                    memory[name] = down(name, up(name, memory[name], old), new)
                memory[name] = beta * memory[name] + (1 - beta) * down(name, u, new)
                step = up(name, memory[name], new)
            else:
                step = (1 - beta) * u + beta * up(name, memory[name], old)
                if torch_refresh:
                    memory[name] = down(name, up(name, memory[name], old), new)
                memory[name] = beta * memory[name] + (1 - beta) * down(name, u, new)
            step = step / max(1.0, rms(step))
            alpha = learning_rate * max(1e-3, rms(w))
            weights[name] = w - alpha * (step + weight_decay * w)
        path.append({name: w.flatten().tolist() for name, w in weights.items()})
    return path


golden = {
    "provenance": {
        "script": "test/golden/make_flora.py",
        "numpy": np.__version__,
        "python": platform.python_version(),
    },
    "settings": {
        "rank": rank,
        "refreshEvery": refresh_every,
        "beta": beta,
        "learningRate": learning_rate,
        "weightDecay": weight_decay,
        "decayExponent": decay_exponent,
    },
    "shapes": shapes,
    "start": {name: w.flatten().tolist() for name, w in start.items()},
    "gradients": [{name: g.flatten().tolist() for name, g in step.items()} for step in gradients],
    "projections": [a.flatten().tolist() for a in projections],
    "paper": trajectory("paper"),
    "flora-opt": trajectory("flora-opt"),
}
file = pathlib.Path(__file__).parent / "flora.json"
file.write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")
print(f"{file.name}: {file.stat().st_size} bytes")
