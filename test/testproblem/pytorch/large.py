"""Computes with PyTorch, in float64, what test/slow/large-networks.test.ts compares DeepOBS' large networks with. Run it here:

    python3 large.py > large.json            # Debian's python3-torch 1.13.0a0 and numpy 1.24 wrote the file
    python3 large.py cifar10_vgg16           # one network

Each network is written again here, on PyTorch's own layers, one batch of 4. Parameters, batches, masks and directions are
numbers that large.ts computes alike; of every gradient and product its norm, its product with such numbers and three entries
are stored.
"""

import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
N = 4


def shares(key, size):
    """Numbers in [0, 1) with 32 bits: a hash of key and index (the finaliser of MurmurHash3)."""
    x = np.arange(size, dtype=np.uint32) * np.uint32(2654435761) + np.uint32((key * 2246822519 + 374761393) % 2**32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2**32


def numbers(key, shape, scale=1.0):
    """Uniform in ±scale, rounded to single precision."""
    values = ((2 * shares(key, math.prod(shape)) - 1) * scale).astype(np.float32)
    return torch.from_numpy(values.astype(np.float64)).reshape(shape)


class Parameters:
    """Makes the parameters in the order in which they are asked for."""

    def __init__(self):
        self.all, self.regularised = {}, []

    def weight(self, name, shape, regularised=True):
        fan = math.prod(shape[1:])
        value = numbers(len(self.all), shape, math.sqrt(6 / fan)).requires_grad_()
        self.all[name] = value
        if regularised:
            self.regularised.append(value)
        return value

    def vector(self, name, size, around=0.0):
        # In single precision like all inputs: a ReLU that flips by a rounding changes gradients by 1e-3 here.
        value = (numbers(len(self.all), [size], 0.25) + around).float().double().requires_grad_()
        self.all[name] = value
        return value


def mask(key, shape, keep):
    kept = torch.from_numpy((shares(key, math.prod(shape)) < keep).astype(np.float64)).reshape(shape)
    return kept * float(np.float32(1 / keep))


class Layers:
    def __init__(self):
        self.p, self.counts, self.noises, self.statistics = Parameters(), {}, 0, {}

    def name(self, path, kind):
        self.counts[path, kind] = self.counts.get((path, kind), 0) + 1
        return f"{path}{kind}{self.counts[path, kind]}"

    def conv(self, x, filters, kernel, stride=1, pad=(0, 0, 0, 0), bias=True, path=""):
        """pad: left, right, top, bottom."""
        name = self.name(path, "conv")
        w = self.p.weight(f"{name}.weight", [filters, x.shape[1], kernel, kernel])
        b = self.p.vector(f"{name}.bias", filters) if bias else None
        return F.conv2d(F.pad(x, pad), w, b, stride=stride)

    def dense(self, x, units, regularised=True, path=""):
        name = self.name(path, "dense")
        w = self.p.weight(f"{name}.weight", [units, x.shape[1]], regularised)
        return F.linear(x, w, self.p.vector(f"{name}.bias", units))

    def norm(self, x, momentum, path=""):
        name = self.name(path, "norm")
        gain = self.p.vector(f"{name}.gain", x.shape[1], 1.0)
        bias = self.p.vector(f"{name}.bias", x.shape[1])
        mean, variance = torch.zeros(x.shape[1]), torch.ones(x.shape[1])
        y = F.batch_norm(x, mean, variance, gain, bias, training=True, momentum=momentum, eps=1e-5)
        self.statistics[f"{name}.mean"], self.statistics[f"{name}.variance"] = mean, variance
        return y

    def dropout(self, x, rate):
        self.noises += 1
        return x * mask(2000 + self.noises - 1, x.shape, 1 - rate)


def cnn_3c3d(L, x, classes):
    same = lambda v: F.max_pool2d(F.pad(v, (0, 1, 0, 1)), 3, 2)
    x = same(F.relu(L.conv(x, 64, 5)))
    x = same(F.relu(L.conv(x, 96, 3)))
    x = same(F.relu(L.conv(x, 128, 3, pad=(1, 1, 1, 1)))).flatten(1)
    return L.dense(F.relu(L.dense(F.relu(L.dense(x, 512)), 256)), classes)


def roos(L, x, classes):
    pool = lambda v: F.max_pool2d(v, 3, 2, padding=1)
    x = pool(F.relu(L.conv(x, 64, 5)))
    x = pool(F.relu(L.conv(x, 96, 3)))
    x = pool(F.relu(L.conv(x, 128, 3, pad=(1, 1, 1, 1)))).flatten(1)
    return L.dense(F.relu(L.dense(F.relu(L.dense(x, 512)), 256)), classes)


def all_cnn_c(L, x, classes):
    same, down = (1, 1, 1, 1), (0, 1, 0, 1)
    x = L.dropout(x, 0.2)
    for filters in (96, 192):
        x = F.relu(L.conv(x, filters, 3, pad=same))
        x = F.relu(L.conv(x, filters, 3, pad=same))
        x = L.dropout(F.relu(L.conv(x, filters, 3, 2, down)), 0.5)
    x = F.relu(L.conv(x, 192, 3))
    x = F.relu(L.conv(x, 192, 1))
    return F.relu(L.conv(x, classes, 1)).mean((2, 3))


def wide(blocks, momentum):
    def network(L, x, classes):
        x = L.conv(x, 16, 3, pad=(1, 1, 1, 1), bias=False)
        for group, filters in enumerate((64, 128, 256), start=1):
            for block in range(1, blocks + 1):
                path = f"group{group}.block{block}."
                stride = 2 if block == 1 and group > 1 else 1
                pad = (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1)
                h = F.relu(L.norm(x, momentum, path))
                y = L.conv(h, filters, 3, stride, pad, False, path)
                y = F.relu(L.norm(y, momentum, path))
                y = L.conv(y, filters, 3, 1, (1, 1, 1, 1), False, path)
                x = y + (L.conv(h, filters, 1, stride, bias=False, path=path + "shortcut.") if block == 1 else x)
        return L.dense(F.relu(L.norm(x, momentum)).mean((2, 3)), classes)

    return network


def vgg(convolutions, tf=False, narrower=1):
    def network(L, x, classes):
        if tf:
            # Pixel i from place 32 i / 224, the border continued: one matrix for both axes.
            m = np.zeros((224, 32))
            for i in range(224):
                place = i * 32 / 224
                before = min(math.floor(place), 31)
                m[i, before] += 1 - (place - before)
                m[i, min(before + 1, 31)] += place - before
            m = torch.from_numpy(m)
        else:
            # PyTorch's own weights: what it makes of the unit vectors along one axis.
            m = F.interpolate(torch.eye(32)[None, None], size=(224, 32), mode="bilinear", align_corners=True)[0, 0]
        # Constants are in single precision, like all inputs.
        m = m.float().double()
        x = m @ x @ m.T
        for count, filters in zip(convolutions, (64, 128, 256, 512, 512)):
            for _ in range(count):
                x = F.relu(L.conv(x, filters // narrower, 3, pad=(1, 1, 1, 1)))
            x = F.max_pool2d(x, 2, 2)
        x = x.flatten(1)
        for _ in range(2):
            x = L.dropout(F.relu(L.dense(x, 4096 // narrower, not tf)), 0.5)
        return L.dense(x, classes, not tf)

    return network


# An eighth of the filters and units: what a plain implementation can compute in float64 in a minute. On these images no rounding to
# single precision turns a ReLU or moves a maximum; on others it does, and PyTorch's own gradient in single precision is off by 1e-4 to
# 2e-3. With the published widths there are millions of them, and some turn on any images.
VGG = {"16": (2, 2, 3, 3, 3), "19": (2, 2, 4, 4, 4)}
NARROW = {
    f"{name} narrow{' tf' if tf else ''}": (vgg(VGG[name[-2:]], tf, 8), 100 if "100" in name else 10, 5e-4, 1000 if tf else 1400)
    for name in ("cifar10_vgg16", "cifar10_vgg19", "cifar100_vgg16", "cifar100_vgg19")
    for tf in (False, True)
}

NETWORKS = {
    "cifar10_3c3d": (cnn_3c3d, 10, 0.002),
    "cifar10_3c3d_roos": (roos, 10, 0.002),
    "cifar100_3c3d": (cnn_3c3d, 100, 0.002),
    "cifar100_allcnnc": (all_cnn_c, 100, 5e-4),
    "svhn_wrn164": (wide(2, 0.9), 10, 5e-4),
    "svhn_wrn164 tf": (wide(2, 0.1), 10, 5e-4),
    "cifar100_wrn164": (wide(2, 0.9), 100, 5e-4),
    "cifar100_wrn404": (wide(6, 0.9), 100, 5e-4),
    **NARROW,
    "cifar10_vgg16": (vgg(VGG["16"]), 10, 5e-4),
    "cifar10_vgg16 tf": (vgg(VGG["16"], True), 10, 5e-4),
    "cifar100_vgg16": (vgg(VGG["16"]), 100, 5e-4),
    "cifar10_vgg19": (vgg(VGG["19"]), 10, 5e-4),
    "cifar100_vgg19": (vgg(VGG["19"]), 100, 5e-4),
}


def summary(key, values):
    """Norm, product with fixed numbers, and three entries."""
    flat = values.detach().reshape(-1)
    places = [0, flat.numel() // 3, flat.numel() - 1]
    along = torch.dot(flat, numbers(key, [flat.numel()])).item()
    return [flat.norm().item(), along, *(flat[place].item() for place in places)]


def results(name):
    network, classes, l2, *images = NETWORKS[name]
    key = images[0] if images else 1000
    L = Layers()
    x = numbers(key, [N, 3, 32, 32])
    labels = torch.from_numpy((shares(1001, N) * classes).astype(np.int64))
    logits = network(L, x, classes)
    loss = F.cross_entropy(logits, labels)
    loss = loss + 0.5 * l2 * sum((w * w).sum() for w in L.p.regularised)
    values = list(L.p.all.values())
    gradients = torch.autograd.grad(loss, values, create_graph=True)
    along = sum((g * numbers(3000 + key, g.shape, 0.1)).sum() for key, g in enumerate(gradients))
    products = torch.autograd.grad(along, values)
    return {
        "images": key,
        "loss": loss.item(),
        "gradient": {n: summary(5000 + k, g) for k, (n, g) in enumerate(zip(L.p.all, gradients))},
        "product": {n: summary(5000 + k, h) for k, (n, h) in enumerate(zip(L.p.all, products))},
        "states": {n: summary(5000, s) for n, s in L.statistics.items()},
    }


wanted = sys.argv[1:] or list(NETWORKS)
print(json.dumps({name: results(name) for name in wanted}, separators=(",", ":")))
