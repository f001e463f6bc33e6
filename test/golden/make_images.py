"""Golden numbers from PyTorch for layers of images (images.json): three steps of training, then an evaluation.

Run: python3 test/golden/make_images.py      (needs torch and numpy; versions are written into the file)

Each layer sits before a fixed weighed sum of squares, and SGD moves its parameters.
"""

import json
import pathlib
import platform

import numpy
import torch
from torch import nn

torch.manual_seed(7)
rate = 0.05


def numbers(tensor):
    return {"shape": list(tensor.shape), "values": [float(f"{x:.8g}") for x in tensor.detach().flatten().tolist()]}


def layer(make, shape):
    """Outputs of each training pass and of an evaluation, and what the layer holds then."""
    model = make().double()
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -1, 1)
    first = {name: numbers(value) for name, value in model.state_dict().items() if "num_batches" not in name}
    batches = [2 * torch.randn(shape, dtype=torch.float64) + 1 for _ in range(3)]
    weights = torch.randn(model(batches[0]).shape, dtype=torch.float64)
    for name, module in model.named_modules():
        if hasattr(module, "reset_running_stats"):
            module.reset_running_stats()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    outputs, input_gradients = [], []
    for batch in batches:
        x = batch.clone().requires_grad_()
        y = model(x)
        optimizer.zero_grad()
        (y.square() * weights).mean().backward()
        optimizer.step()
        outputs.append(numbers(y))
        input_gradients.append(numbers(x.grad))
    model.eval()
    last = {name: numbers(value) for name, value in model.state_dict().items() if "num_batches" not in name}
    return {
        "first": first, "batches": [numbers(b) for b in batches], "weights": numbers(weights), "outputs": outputs,
        "inputGradients": input_gradients, "last": last, "evaluated": numbers(model(batches[0])),
    }


cases = {
    "BatchNorm images": layer(lambda: nn.BatchNorm2d(3, eps=1e-3, momentum=0.3), (2, 3, 2, 2)),
    "BatchNorm rows": layer(lambda: nn.BatchNorm1d(2), (5, 2)),
    "BatchNorm sequences": layer(lambda: nn.BatchNorm1d(2), (2, 2, 3)),
    "GroupNorm": layer(lambda: nn.GroupNorm(2, 4), (2, 4, 2, 3)),
    "Conv1d": layer(lambda: nn.Conv1d(4, 2, 3, stride=2, padding=1, groups=2), (1, 4, 6)),
    "Conv2d": layer(lambda: nn.Conv2d(2, 4, (2, 1), padding=1, dilation=(2, 1), groups=2), (1, 2, 3, 2)),
    "ConvTranspose2d": layer(lambda: nn.ConvTranspose2d(2, 1, 2, stride=2, output_padding=1), (1, 2, 2, 2)),
}
provenance = {
    "script": "test/golden/make_images.py",
    "torch": torch.__version__,
    "numpy": numpy.__version__,
    "python": platform.python_version(),
}
lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(case, separators=(',', ':'))}" for name, case in cases.items())
text = f'{{"provenance":{json.dumps(provenance)},"rate":{rate},"cases":{{\n{lines}\n}}}}\n'
(pathlib.Path(__file__).parent / "images.json").write_text(text)
print(f"images.json: {len(cases)} layers, {len(text)} characters")
