"""One estimation of the preconditioner and a few steps in PyTorch, written from the equations: `scripts/precision.mjs` calls it.

    torch_estimation.py FOLDER PROBLEM ESTIMATOR VARIANT THREADS

FOLDER holds parameters.f32, inputs.f32 and labels.i32, and gets VARIANT.f64, the changes of the parameters; everything else
is printed as JSON. Variants, by the precision of gradients and Hessian-vector products and of everything else:
float64, float32, float32-products (those in float32, all else in float64), float32-stored (all in float64, but every vector
rounded to float32 when it is stored). SciPy is not needed; small matrices are solved without their inner products, by QR.
"""
import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

from torch_peer import PROBLEMS

PRIOR, OBSERVATIONS, RANK = 10, 5, 2
VARIANTS = {
    'float64': (torch.float64, torch.float64, False),
    'float32': (torch.float32, torch.float32, False),
    'float32-products': (torch.float32, torch.float64, False),
    'float32-stored': (torch.float64, torch.float64, True),
}


class Problem:
    """Loss, gradient and Hessian-vector product, in one precision outside and another inside."""

    def __init__(self, name, parameters, inside, outside, stored):
        make, self.shape, self.l2 = PROBLEMS[name]
        self.net = make().to(inside)
        self.params = list(self.net.parameters())
        self.inside, self.outside, self.stored = inside, outside, stored
        place = 0
        with torch.no_grad():
            for p in self.params:
                p.copy_(torch.from_numpy(parameters[place:place + p.numel()]).reshape(p.shape))
                place += p.numel()
        assert place == len(parameters)

    def keep(self, x):
        """A vector as it is stored."""
        return x.float().to(self.outside) if self.stored else x.to(self.outside)

    def flat(self, tensors):
        return [t.detach().reshape(-1).to(self.outside) for t in tensors]

    def gradient(self, batch):
        """The gradient as a graph; the product with the Hessian is its derivative."""
        x, y = batch
        loss = F.cross_entropy(self.net(x.to(self.inside)), y)
        if self.l2:
            loss = loss + 0.5 * self.l2 * sum((p * p).sum() for p in self.params if p.dim() > 1)
        return torch.autograd.grad(loss, self.params, create_graph=True)

    def product(self, gradient, vectors):
        shaped = [v.to(self.inside).reshape(g.shape) for v, g in zip(vectors, gradient)]
        return self.flat(torch.autograd.grad(sum((g * v).sum() for g, v in zip(gradient, shaped)), self.params))

    def move(self, steps):
        with torch.no_grad():
            for p, step in zip(self.params, steps):
                p.sub_(step.reshape(p.shape).to(self.inside))
                if self.stored:
                    p.copy_(p.float())


def thesis(s, y, lengths, alpha, w, lam):
    """X = (Y − shift S) weights as in the published code."""
    m = s.shape[1]
    if m == 1:
        t, noise = w * lengths[0] ** 2, lam * lengths[0] ** 2
        return 1.0, torch.full((1, 1), 1 / (w * t + lam * noise), dtype=s.dtype)
    squared = torch.tensor(lengths, dtype=s.dtype) ** 2
    t = w * (s.T @ s)
    t[range(m), range(m)] = w * squared
    noise = (lam * squared).sqrt()
    d, v = torch.linalg.eigh(t / noise[:, None] / noise[None, :])
    f = v / noise[:, None]
    return alpha, f @ torch.diag(1 / ((w / lam) * d + 1)) @ f.T / lam


def paper(s, y, lengths, alpha, w, lam):
    """X = Δ (w²G + λ²I)⁻¹, Δ = Y − S/α (eq. 8)."""
    m = s.shape[1]
    return 1 / alpha, torch.linalg.inv(w ** 2 * (s.T @ s) + lam ** 2 * torch.eye(m, dtype=s.dtype))


ESTIMATORS = {'thesis': thesis, 'paper': paper}


def direction(name, s, y, mean, g, alpha, w):
    """B̂⁻¹g by the inversion lemma, and the condition number of the matrix that it inverts."""
    shift, weights = mean
    x = (y - shift * s) @ weights
    p = alpha * w ** 2 * (s.T @ x)
    inverted = torch.eye(s.shape[1], dtype=s.dtype) + (p.T if name == 'thesis' else p)
    condition = torch.linalg.cond(inverted.double()).item()
    return alpha * g - (alpha * w) ** 2 * (x @ torch.linalg.solve(inverted, s.T @ g)), condition


def factor(s, y, mean, alpha, w):
    """The largest singular values of B̂ = I/α + w² X Sᵀ, and the left vectors of those that are not the repeated 1/α."""
    size, m = s.shape
    a = torch.cat([s, y], 1)
    q = torch.eye(size, dtype=s.dtype) if size <= 2 * m else torch.linalg.qr(a)[0]
    x = (y - mean[0] * s) @ mean[1]
    small = torch.eye(q.shape[1], dtype=s.dtype) / alpha + w ** 2 * (q.T @ x) @ (q.T @ s).T
    u, values, _ = torch.linalg.svd(small)
    candidates = [(v.item(), i) for i, v in enumerate(values)] + [(1 / alpha, None)] * min(RANK, size - q.shape[1])
    chosen = sorted(candidates, key=lambda pair: -pair[0])[:min(RANK, size - 1)]
    directed = [(v, i) for v, i in chosen if i is not None and v > 0]
    return [v for v, _ in chosen], [v for v, _ in directed], q @ u[:, [i for _, i in directed]]


def main():
    folder, name, estimator, variant, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    inside, outside, stored = VARIANTS[variant]
    problem = Problem(name, np.fromfile(f'{folder}/parameters.f32', np.float32), inside, outside, stored)
    labels = torch.from_numpy(np.fromfile(f'{folder}/labels.i32', np.int32).astype(np.int64))
    inputs = torch.from_numpy(np.fromfile(f'{folder}/inputs.f32', np.float32))
    size = int(json.load(open(f'{folder}/about.json'))['batchSize'])
    inputs, labels = inputs.reshape(-1, size, *problem.shape), labels.reshape(-1, size)
    batches = list(zip(inputs, labels))

    layers = range(len(problem.params))
    sum_v = [torch.zeros(p.numel(), dtype=outside) for p in problem.params]
    sum_h = [torch.zeros(p.numel(), dtype=outside) for p in problem.params]
    sts = stas = staas = 0.0
    for batch in batches[:PRIOR]:
        gradient = problem.gradient(batch)
        v = [problem.keep(g) for g in problem.flat(gradient)]
        h = [problem.keep(x) for x in problem.product(gradient, v)]
        for layer in layers:
            sts += (v[layer] * v[layer]).sum().item()
            stas += (v[layer] * h[layer]).sum().item()
            staas += (h[layer] * h[layer]).sum().item()
            sum_v[layer] = problem.keep(sum_v[layer] + v[layer])
            sum_h[layer] = problem.keep(sum_h[layer] + h[layer])
    total = sum((x * x).sum().item() for x in sum_v)
    alpha, w, lam = stas / staas, stas / sts, abs(sts - total) / PRIOR

    lengths = [[alpha * x.norm().item() / PRIOR] for x in sum_v]
    s = [problem.keep(-x / x.norm())[:, None] for x in sum_v]
    y = [problem.keep(-x / v.norm())[:, None] for x, v in zip(sum_h, sum_v)]
    mean_of = ESTIMATORS[estimator]
    conditions = {}
    names = [parameter for parameter, _ in problem.net.named_parameters()]
    for batch in batches[PRIOR:PRIOR + OBSERVATIONS - 1]:
        gradient = problem.gradient(batch)
        directions = []
        for layer, g in enumerate(problem.flat(gradient)):
            mean = mean_of(s[layer], y[layer], lengths[layer], alpha, w, lam)
            found, condition = direction(estimator, s[layer], y[layer], mean, g, alpha, w)
            conditions.setdefault(names[layer], []).append(condition)
            directions.append(found)
        observed = problem.product(gradient, directions)
        for layer in layers:
            length = directions[layer].norm().item()
            lengths[layer].append(length)
            s[layer] = torch.cat([s[layer], problem.keep(directions[layer] / length)[:, None]], 1)
            y[layer] = torch.cat([y[layer], problem.keep(observed[layer] / length)[:, None]], 1)

    sigma, scaled = [], []
    for layer in layers:
        mean = mean_of(s[layer], y[layer], lengths[layer], alpha, w, lam)
        values, directed, u = factor(s[layer], y[layer], mean, alpha, w)
        sigma.append(values)
        scaled.append((problem.keep(u), torch.tensor([1 / (alpha * value) - 1 for value in directed], dtype=outside)))

    before = [p.detach().clone().double().reshape(-1) for p in problem.params]
    for batch in batches[PRIOR + OBSERVATIONS - 1:]:
        steps = [g + u @ (change * (u.T @ g)) for g, (u, change) in zip(problem.flat(problem.gradient(batch)), scaled)]
        problem.move([alpha * step for step in steps])
    change = [p.detach().double().reshape(-1) - b for p, b in zip(problem.params, before)]
    torch.cat(change).numpy().tofile(f'{folder}/{variant}.f64')
    assert all(math.isfinite(value) for values in sigma for value in values)
    print(json.dumps({'alpha': alpha, 'w': w, 'lambda': lam, 'sigma': sigma, 'conditions': conditions}))


if __name__ == '__main__':
    main()
