"""The peer of `npm run bench`: the same test problems in PyTorch on the CPU.

Reads lines "PROBLEM MODE STEPS" and answers each with one JSON line, the milliseconds of each step. Modes: sgd and adam (a
whole training step), hvp (loss, gradient and the exact Hessian-vector product with the gradient), eval (loss and accuracy).
Batch 128, same architectures, losses and L2 terms as ours.
"""
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

BATCH = 128


class SamePool(nn.Module):
    """3×3 max pooling with stride 2 and TensorFlow's "same" padding of an even size: one pixel at the bottom and right."""

    def forward(self, x):
        return F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 3, 2)


def fmnist_2c2d():
    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Linear(1024, 10))


def cifar10_3c3d():
    return nn.Sequential(
        nn.Conv2d(3, 64, 5), nn.ReLU(), SamePool(),
        nn.Conv2d(64, 96, 3), nn.ReLU(), SamePool(),
        nn.Conv2d(96, 128, 3, padding=1), nn.ReLU(), SamePool(),
        nn.Flatten(), nn.Linear(1152, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))


def mnist_mlp():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 1000), nn.ReLU(), nn.Linear(1000, 500), nn.ReLU(),
        nn.Linear(500, 100), nn.ReLU(), nn.Linear(100, 10))


PROBLEMS = {
    'fmnist_2c2d': (fmnist_2c2d, (1, 28, 28), 0.0),
    'cifar10_3c3d': (cifar10_3c3d, (3, 32, 32), 0.002),
    'mnist_mlp': (mnist_mlp, (1, 28, 28), 0.0),
}


def make_step(problem, mode):
    make, shape, l2 = PROBLEMS[problem]
    net = make()
    params = list(net.parameters())
    weights = [p for p in params if p.dim() > 1]
    x, y = torch.randn(BATCH, *shape), torch.randint(0, 10, (BATCH,))
    optimizer = torch.optim.Adam(params, lr=1e-4) if mode == 'adam' else torch.optim.SGD(params, lr=1e-3)

    def loss_and_outputs():
        outputs = net(x)
        loss = F.cross_entropy(outputs, y)
        if l2:
            loss = loss + 0.5 * l2 * sum((w * w).sum() for w in weights)
        return loss, outputs

    def train():
        optimizer.zero_grad()
        loss_and_outputs()[0].backward()
        optimizer.step()

    def product():
        grads = torch.autograd.grad(loss_and_outputs()[0], params, create_graph=True)
        torch.autograd.grad(sum((g * g.detach()).sum() for g in grads), params)

    def evaluate():
        with torch.no_grad():
            loss, outputs = loss_and_outputs()
            return loss.item(), (outputs.argmax(1) == y).float().mean().item()

    return {'sgd': train, 'adam': train, 'hvp': product, 'eval': evaluate}[mode]


def main():
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({'version': torch.__version__, 'threads': torch.get_num_threads()}), flush=True)
    current, step = None, None
    for line in sys.stdin:
        problem, mode, steps = line.split()
        if current != (problem, mode):
            current, step = (problem, mode), make_step(problem, mode)
        times = []
        for _ in range(int(steps)):
            start = time.perf_counter()
            step()
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps(times), flush=True)


if __name__ == '__main__':
    main()
