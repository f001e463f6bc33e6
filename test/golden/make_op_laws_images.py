"""Golden numbers from PyTorch for convolutions, pools and losses (op-laws-images.json).

Run: python3 test/golden/make_op_laws_images.py      (needs torch and numpy; versions are written into the file)
"""

import torch
import torch.nn.functional as F

from op_laws import add, write


def convolutions():
    def conv(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return F.conv2d(x, w, bias, stride, padding, dilation, groups)

    for x, w, options in [
        ((2, 2, 4, 5), (3, 2, 2, 3), {}),
        ((1, 4, 5, 4), (6, 2, 3, 2), {"groups": 2, "stride": [2, 1], "padding": 1}),
        ((2, 3, 4, 4), (3, 1, 2, 2), {"groups": 3}),
        ((1, 2, 5, 6), (2, 2, 2, 3), {"dilation": [3, 2], "padding": [1, 0], "stride": 2}),
        ((1, 2, 5, 5), (4, 1, 3, 2), {"dilation": 2, "groups": 2, "padding": 2}),
    ]:
        add("conv2d", conv, [("real", x), ("real", w), ("real", w[:1])], **options)
    add("conv2d", conv, [("real", (1, 2, 3, 3)), ("real", (2, 2, 2, 2))])

    def line(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
        return F.conv1d(x, w, bias, stride, padding, dilation, groups)

    for x, w, options in [
        ((2, 3, 7), (2, 3, 3), {}),
        ((1, 4, 8), (4, 2, 3), {"groups": 2, "stride": 2, "padding": 1}),
        ((2, 1, 9), (2, 1, 3), {"dilation": 3, "padding": 2}),
    ]:
        add("conv1d", line, [("real", x), ("real", w), ("real", w[:1])], **options)

    def transposed(x, w, bias=None, stride=1, padding=0, outputPadding=0, dilation=1, groups=1):
        return F.conv_transpose2d(x, w, bias, stride, padding, outputPadding, groups, dilation)

    for x, w, options in [
        ((2, 2, 2, 3), (2, 3, 2, 2), {}),
        ((1, 3, 3, 2), (3, 2, 3, 3), {"stride": 2, "padding": 1, "outputPadding": 1}),
        ((1, 4, 2, 3), (4, 1, 2, 3), {"groups": 2, "stride": [3, 2], "outputPadding": [2, 0]}),
        ((2, 2, 3, 2), (2, 1, 2, 2), {"groups": 2, "dilation": [2, 3], "padding": [0, 1]}),
    ]:
        outputs = (w[1] * options.get("groups", 1),)
        add("convTranspose2d", transposed, [("real", x), ("real", w), ("real", outputs)], **options)


def pools():
    def largest(x, window, stride=None, padding=0):
        return F.max_pool2d(x, window, stride, padding)

    def average(x, window, stride=None, padding=0):
        return F.avg_pool2d(x, window, stride, padding)

    for op, f in {"maxPool": largest, "avgPool": average}.items():
        for x, window, options in [
            ((2, 2, 4, 6), 2, {}),
            ((1, 2, 5, 5), [3, 2], {"stride": [1, 2], "padding": [1, 0]}),
            ((1, 1, 7, 4), [3, 3], {"stride": 2, "padding": 1}),
        ]:
            add(op, f, [("real", x)], window=window, **options)
    for options in [{}, {"stride": 1, "padding": 1}]:  # ties: the first one gets all
        add("maxPool", largest, [("coarse", (1, 2, 4, 4))], window=2, **options)


def losses():
    def bce(x, t, weight=None, positiveWeight=None):
        scalar = None if positiveWeight is None else torch.tensor(positiveWeight, dtype=torch.float64)
        return F.binary_cross_entropy_with_logits(x, t, pos_weight=scalar if weight is None else weight)

    add("bceWithLogits", bce, [("real", (3, 4)), ("positive", (3, 4))])
    add("bceWithLogits", bce, [("real", (5,)), ("real", (5,))], positiveWeight=2.5)
    # PyTorch has no gradient of the weight, which is therefore written out.
    written = lambda x, t, w: -(w * t * F.logsigmoid(x) + (1 - t) * F.logsigmoid(-x)).mean()
    add("bceWithLogits", written, [("real", (3, 4)), ("positive", (3, 4)), ("positive", (4,))])
    for delta in [1.0, 0.3]:
        add("huber", lambda a, b, delta: F.huber_loss(a, b, delta=delta), [("real", (4, 3)), ("real", (4, 3))], delta=delta)
    add("huber", lambda a, b, delta: F.huber_loss(a, b, delta=delta), [("coarse", (12,)), ("coarse", (12,))], delta=2.0)
    for full in [(3, 4), (5, 2)]:
        kl = lambda p, q: F.kl_div(q.log_softmax(-1), p.log_softmax(-1), reduction="batchmean", log_target=True)
        add("klDivergence", kl, [("real", full), ("real", full)])
    add("nll", lambda x, targets: F.nll_loss(x, targets), [("real", (4, 3)), ("ids 3", (4,))])
    flat = lambda x, t: F.nll_loss(x.reshape(-1, x.shape[-1]), t.reshape(-1))
    add("nll", flat, [("real", (2, 3, 2)), ("ids 2", (2, 3))])

    def entropy(x, targets, labelSmoothing=0.0, ignoreIndex=-100):
        rows, ids = x.reshape(-1, x.shape[-1]), targets.reshape(-1)
        return F.cross_entropy(rows, ids, label_smoothing=labelSmoothing, ignore_index=ignoreIndex)

    for options in [{"labelSmoothing": 0.1}, {"ignoreIndex": 1}, {"labelSmoothing": 0.3, "ignoreIndex": 0}, {"labelSmoothing": 1.0}]:
        add("crossEntropy", entropy, [("real", (6, 3)), ("ids 3", (6,))], **options)
    add("crossEntropy", entropy, [("real", (2, 3, 4)), ("ids 4", (2, 3))], labelSmoothing=0.2, ignoreIndex=3)


convolutions()
pools()
losses()
write("make_op_laws_images.py", "op-laws-images.json")
