"""Trains DeepOBS' two_d_* with NumPy in float64, for docs/conformance.md. DeepOBS published no runs of them. Run it here:

    python3 two_d.py > ../../conformance/two-d.json            # NumPy 1.24 wrote the file

Functions, gradients and update rules are written down again here: mean f(u, v) + u x + v y over batches of 100 out of DeepOBS'
10,000 pairs of standard normal numbers, in the same order in each epoch, 100 epochs. The test loss is f itself. Stored: mean and
standard deviation over 40 orders after some epochs.
"""

import json
import math

import numpy as np

ORDERS, EPOCHS, BATCHES, SHOWN = 40, 100, 100, (1, 10, 100)


def rosenbrock(u, v):
    r = v - u * u
    return (1 - u) ** 2 + 100 * r * r, -2 * (1 - u) - 400 * u * r, 200 * r


def beale(u, v):
    a, b, c = 1.5 - u + u * v, 2.25 - u + u * v**2, 2.625 - u + u * v**3
    along_u = 2 * (a * (v - 1) + b * (v**2 - 1) + c * (v**3 - 1))
    return a * a + b * b + c * c, along_u, 2 * u * (a + 2 * b * v + 3 * c * v**2)


def branin(u, v):
    b, c, t = 5.1 / (4 * math.pi**2), 5 / math.pi, 1 / (8 * math.pi)
    r = v - b * u * u + c * u - 6
    value = r * r + 10 * (1 - t) * np.cos(u) + 10
    return value, 2 * r * (c - 2 * b * u) - 10 * (1 - t) * np.sin(u), 2 * r


class SGD:
    def __init__(self, lr):
        self.lr = lr

    def step(self, gradient):
        return self.lr * gradient


class Momentum:
    def __init__(self, lr):
        self.lr, self.velocity = lr, 0

    def step(self, gradient):
        self.velocity = 0.9 * self.velocity + gradient
        return self.lr * self.velocity


class Adam:
    def __init__(self, lr):
        self.lr, self.mean, self.square, self.count = lr, 0, 0, 0

    def step(self, gradient):
        self.count += 1
        self.mean = 0.9 * self.mean + 0.1 * gradient
        self.square = 0.999 * self.square + 0.001 * gradient**2
        corrected = np.sqrt(self.square / (1 - 0.999**self.count)) + 1e-8
        return self.lr * self.mean / (1 - 0.9**self.count) / corrected


PROBLEMS = {
    "two_d_rosenbrock": (rosenbrock, (-0.5, 1.5), {"SGD": 1e-3, "Momentum": 1e-4, "Adam": 0.1}),
    "two_d_beale": (beale, (-4.5, 4.5), {"SGD": 1e-5, "Momentum": 1e-5, "Adam": 0.1}),
    "two_d_branin": (branin, (2.5, 12.5), {"SGD": 3e-3, "Momentum": 3e-4, "Adam": 0.03}),
}


def losses(function, start, optimizer):
    """Test losses of all orders at once, by epoch."""
    drawn = np.random.RandomState(42)
    pairs = np.stack([drawn.normal(0, 1, 10_000), drawn.normal(0, 1, 10_000)], axis=1)
    orders = np.random.default_rng(2019)
    # Of a batch of 100 pairs only the mean counts.
    noise = np.stack([orders.permutation(pairs).reshape(BATCHES, 100, 2).mean(1) for _ in range(ORDERS)])
    u, v = (np.full(ORDERS, float(place)) for place in start)
    shown = []
    for epoch in range(1, EPOCHS + 1):
        for batch in range(BATCHES):
            _, along_u, along_v = function(u, v)
            x, y = noise[:, batch].T
            du, dv = optimizer.step(np.array([along_u + x, along_v + y]))
            u, v = u - du, v - dv
        if epoch in SHOWN:
            shown.append(function(u, v)[0])
    return np.array(shown)


rows = []
for name, (function, start, rates) in PROBLEMS.items():
    for kind in (SGD, Momentum, Adam):
        lr = rates[kind.__name__]
        found = losses(function, start, kind(lr))
        row = {"testproblem": name, "optimizer": kind.__name__, "lr": lr, "n": ORDERS, "epochs": SHOWN}
        rows.append({**row, "mean": list(found.mean(1)), "std": list(found.std(1))})
lines = ",\n".join("  " + json.dumps(row) for row in rows)
print(f'{{\n "rows": [\n{lines}\n ]\n}}')
