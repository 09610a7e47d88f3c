"""Trajectories of PyTorch's own optimizers on a small network, for pytorch-optimizers.test.ts.

    python3 test/optimizer/pytorch-optimizers.py > test/optimizer/pytorch-optimizers.json

Everything is computed in float64. The network is tanh(x A + a) B + b with the mean cross-entropy of four examples that are
new in each step; weights, inputs and labels are given by formulas, so that the fixture holds results only. Kept are the
parameters after 1, 10 and 50 steps. Written with PyTorch 1.13.1. Its NAdam for single tensors multiplies each momentum
twice into the next step's product, which PyTorch 2 corrected; the one for lists of tensors (foreach) never did.
"""
import json
import math

import torch

torch.set_default_dtype(torch.float64)
SIZES = [(5, 6), (6,), (6, 3), (3,)]
STEPS = (1, 10, 50)


def initial():
    tensors, k = [], 0
    for shape in SIZES:
        n = math.prod(shape)
        values = [0.4 * math.sin(1.7 * (k + i) + 0.3) if len(shape) == 2 else 0.0 for i in range(n)]
        k += n
        tensors.append(torch.tensor(values).reshape(shape).requires_grad_())
    return tensors


def batch(t):
    x = torch.tensor([[math.cos(0.9 * t + 2.1 * i + 0.7 * j) for j in range(5)] for i in range(4)])
    return x, torch.tensor([(t + i * i) % 3 for i in range(4)])


def trajectory(make):
    parameters = initial()
    optimizer = make(parameters)
    kept = {}
    for t in range(1, max(STEPS) + 1):
        x, labels = batch(t)
        a, bias, b, last = parameters
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(torch.tanh(x @ a + bias) @ b + last, labels).backward()
        optimizer.step()
        if t in STEPS:
            kept[str(t)] = [round(v, 12) for p in parameters for v in p.detach().reshape(-1).tolist()]
    return kept


O = torch.optim
results = {
    "sgd": [{"lr": 0.1}, trajectory(lambda p: O.SGD(p, lr=0.1))],
    "momentum": [{"lr": 0.05}, trajectory(lambda p: O.SGD(p, lr=0.05, momentum=0.9))],
    "nesterov": [{"lr": 0.05}, trajectory(lambda p: O.SGD(p, lr=0.05, momentum=0.9, nesterov=True))],
    "adam": [{"lr": 0.01}, trajectory(lambda p: O.Adam(p, lr=0.01))],
    "adamw": [{"lr": 0.01, "weight_decay": 0.1}, trajectory(lambda p: O.AdamW(p, lr=0.01, weight_decay=0.1))],
    "amsgrad": [{"lr": 0.01, "beta2": 0.9}, trajectory(lambda p: O.Adam(p, lr=0.01, betas=(0.9, 0.9), amsgrad=True))],
    "nadam": [{"lr": 0.01}, trajectory(lambda p: O.NAdam(p, lr=0.01, foreach=True))],
    "radam": [{"lr": 0.01}, trajectory(lambda p: O.RAdam(p, lr=0.01))],
    "adamax": [{}, trajectory(lambda p: O.Adamax(p))],
    "rmsprop": [{}, trajectory(lambda p: O.RMSprop(p))],
    "rmsprop centred, with momentum": [
        {"lr": 0.002, "alpha": 0.9, "centered": True, "momentum": 0.8, "epsilon": 1e-3},
        trajectory(lambda p: O.RMSprop(p, lr=0.002, alpha=0.9, eps=1e-3, centered=True, momentum=0.8)),
    ],
    "adagrad": [{}, trajectory(lambda p: O.Adagrad(p))],
    "adagrad from 0.1": [
        {"lr": 0.1, "initial_sum": 0.1, "epsilon": 1e-7},
        trajectory(lambda p: O.Adagrad(p, lr=0.1, initial_accumulator_value=0.1, eps=1e-7)),
    ],
    "adadelta": [{}, trajectory(lambda p: O.Adadelta(p))],
}
rows = {name: {"given": given, **{f"step {t}": values for t, values in kept.items()}} for name, (given, kept) in results.items()}
print(json.dumps({"source": f"PyTorch {torch.__version__}, test/optimizer/pytorch-optimizers.py", **rows}, indent=1))
