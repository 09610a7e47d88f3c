"""Computes with PyTorch, in float64, what test/slow/problem-derivatives.test.ts compares with. Run it in its folder:

    python3 problems.py > problems.json      # Debian's python3-torch 1.13.0a0 and numpy 1.24 wrote the file

Whole test problems on one batch of 4, each network written again on PyTorch's own operations. Parameters, batches, noise and
directions are numbers that problems.ts computes alike; of each gradient and product only its norm, its product with such
numbers and eight of its entries are stored.
"""

import json
import math

import numpy
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
N = 4


def share(key, size):
    index = numpy.arange(size, dtype=numpy.float64)
    return numpy.fmod(
        (index + 1) * 0.6180339887498949 + (key + 1) * 0.7548776662466927 + (index * index + 1) * 0.137, 1
    )


def numbers(key, shape):
    return torch.from_numpy(2 * share(key, math.prod(shape)) - 1).reshape(shape)


def integers(key, shape, n):
    return torch.from_numpy(numpy.floor(n * share(key, math.prod(shape))).astype(numpy.int64)).reshape(shape)


def mask(key, shape, keep):
    return torch.from_numpy(numpy.where(share(key, math.prod(shape)) < keep, 1 / keep, 0.0)).reshape(shape)


def parameter(key, name, shape):
    value = numbers(key, shape)
    if name.endswith("gain"):
        value = 1 + 0.3 * value
    elif len(shape) == 1 or "embedding" in name or "positions" in name:
        value = 0.5 * value
    else:
        value = 0.5 * value * (2 * math.sqrt(3 / math.prod(shape[1:])))
    return value.requires_grad_()


def summary(key, tensor):
    values = tensor.detach().reshape(-1)
    places = [(place * (len(values) - 1)) // 7 for place in range(8)]
    return {
        "norm": values.norm().item(),
        "along": (values * numbers(500 + key, values.shape)).sum().item(),
        "entries": [values[place].item() for place in places],
    }


def derivatives(shapes, function):
    p = {name: parameter(key, name, shape) for key, (name, shape) in enumerate(shapes.items())}
    loss = function(p)
    gradients = torch.autograd.grad(loss, list(p.values()), create_graph=True)
    directions = [numbers(100 + key, shape) for key, shape in enumerate(shapes.values())]
    along = sum((g * d).sum() for g, d in zip(gradients, directions))
    products = torch.autograd.grad(along, list(p.values()))
    return {
        "loss": loss.item(),
        "gradient": {name: summary(key, g) for key, (name, g) in enumerate(zip(p, gradients))},
        "product": {name: summary(key, h) for key, (name, h) in enumerate(zip(p, products))},
    }


def autoencoder(line):
    shapes = {}
    for index, channels in enumerate((1, 64, 64)):
        shapes[f"encoder.conv{index + 1}.weight"], shapes[f"encoder.conv{index + 1}.bias"] = (64, channels, 4, 4), (64,)
    for name in ("mean", "deviation"):
        shapes[f"{name}.dense1.weight"], shapes[f"{name}.dense1.bias"] = (8, 3136), (8,)
    for index, (units, inputs) in enumerate(((24, 8), (49, 24))):
        shapes[f"decoder.dense{index + 1}.weight"], shapes[f"decoder.dense{index + 1}.bias"] = (units, inputs), (units,)
    for index, channels in enumerate((1, 64, 64)):
        shapes[f"decoder.deconv{index + 1}.weight"] = (channels, 64, 4, 4)
        shapes[f"decoder.deconv{index + 1}.bias"] = (64,)
    shapes["decoder.dense3.weight"], shapes["decoder.dense3.bias"] = (784, 12544), (784,)
    x = 0.5 + 0.5 * numbers(400, (N, 1, 28, 28))

    def function(p):
        def affine(layer, y):
            return F.linear(y, p[f"{layer}.weight"], p[f"{layer}.bias"])

        y = x
        for index, (stride, pads) in enumerate(((2, (1, 1, 1, 1)), (2, (1, 1, 1, 1)), (1, (1, 2, 1, 2)))):
            layer = f"encoder.conv{index + 1}"
            y = F.conv2d(F.pad(y, pads), p[f"{layer}.weight"], p[f"{layer}.bias"], stride=stride)
            y = F.leaky_relu(y, 0.3)
            y = y * mask(300 + index, y.shape, 0.8)
        y = y.flatten(1)
        mean, s = affine("mean.dense1", y), 0.5 * affine("deviation.dense1", y)
        z = mean + 1.5 * numbers(303, mean.shape) * torch.exp(s)
        y = F.leaky_relu(affine("decoder.dense2", F.leaky_relu(affine("decoder.dense1", z), 0.3)), 0.3)
        y = y.reshape(N, 1, 7, 7)
        for index in range(3):
            layer = f"decoder.deconv{index + 1}"
            y = F.conv_transpose2d(y, p[f"{layer}.weight"], stride=2 if index == 0 else 1)
            first = 1 if index == 0 or line == "tf" else 2
            y = y[:, :, first : first + 14, first : first + 14] + p[f"{layer}.bias"].reshape(1, 64, 1, 1)
            y = F.relu(y)
            if index < 2 or line == "pytorch":
                y = y * mask(304 + index, y.shape, 0.8)
        y = torch.sigmoid(affine("decoder.dense3", y.flatten(1)))
        reconstruction = ((y - x.flatten(1)) ** 2).sum(1).mean()
        return reconstruction + (-0.5 * (1 + 2 * s - mean**2 - torch.exp(2 * s)).sum(1)).mean()

    return derivatives(shapes, function)


def char_rnn():
    """TensorFlow's cell: one bias, 1 added to the forget gate; gates in the order i, f, g, o."""
    shapes = {"embedding1.weight": (83, 128)}
    for layer in (1, 2):
        shapes[f"lstm{layer}.input.weight"], shapes[f"lstm{layer}.input.bias"] = (512, 128), (512,)
        shapes[f"lstm{layer}.hidden.weight"] = (512, 128)
    shapes["dense1.weight"], shapes["dense1.bias"] = (83, 128), (83,)
    tokens, labels = integers(400, (N, 50), 83), integers(401, (N, 50), 83)

    def function(p):
        y = F.embedding(tokens, p["embedding1.weight"])
        for layer in (1, 2):
            y = y * mask(298 + 2 * layer, y.shape, 0.8)
            h, c = (0.5 * numbers(200 + 2 * (layer - 1) + part, (N, 128)) for part in (0, 1))
            outputs = []
            for position in range(50):
                gates = F.linear(y[:, position], p[f"lstm{layer}.input.weight"], p[f"lstm{layer}.input.bias"])
                i, f, g, o = (gates + F.linear(h, p[f"lstm{layer}.hidden.weight"])).chunk(4, 1)
                c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
                outputs.append(h)
            y = torch.stack(outputs, 1)
            y = y * mask(299 + 2 * layer, y.shape, 0.8)
        logits = F.linear(y, p["dense1.weight"], p["dense1.bias"])
        return F.cross_entropy(logits.reshape(-1, 83), labels.reshape(-1))

    return derivatives(shapes, function)


def transformer():
    shapes = {"embedding1.weight": (83, 64), "positions1.weight": (50, 64)}
    for block in ("block1", "block2"):
        shapes[f"{block}.norm1.gain"], shapes[f"{block}.norm1.bias"] = (64,), (64,)
        for part in ("query", "key", "value", "output"):
            shapes[f"{block}.attention1.{part}.weight"], shapes[f"{block}.attention1.{part}.bias"] = (64, 64), (64,)
        shapes[f"{block}.norm2.gain"], shapes[f"{block}.norm2.bias"] = (64,), (64,)
        shapes[f"{block}.dense1.weight"], shapes[f"{block}.dense1.bias"] = (256, 64), (256,)
        shapes[f"{block}.dense2.weight"], shapes[f"{block}.dense2.bias"] = (64, 256), (64,)
    shapes |= {"norm1.gain": (64,), "norm1.bias": (64,), "dense1.weight": (83, 64), "dense1.bias": (83,)}
    tokens, labels = integers(400, (N, 50), 83), integers(401, (N, 50), 83)

    def function(p):
        def affine(layer, y):
            return F.linear(y, p[f"{layer}.weight"], p[f"{layer}.bias"])

        def norm(layer, y):
            return F.layer_norm(y, (64,), p[f"{layer}.gain"], p[f"{layer}.bias"])

        later = torch.triu(torch.ones(50, 50, dtype=torch.bool), 1)
        x = F.embedding(tokens, p["embedding1.weight"]) + p["positions1.weight"]
        for block in ("block1", "block2"):
            y = norm(f"{block}.norm1", x)
            query, key, value = (
                affine(f"{block}.attention1.{part}", y).reshape(N, 50, 4, 16).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            scores = (query @ key.transpose(2, 3) / 4).masked_fill(later, -math.inf)
            seen = (torch.softmax(scores, 3) @ value).transpose(1, 2).reshape(N, 50, 64)
            x = x + affine(f"{block}.attention1.output", seen)
            x = x + affine(f"{block}.dense2", F.gelu(affine(f"{block}.dense1", norm(f"{block}.norm2", x))))
        logits = affine("dense1", norm("norm1", x))
        return F.cross_entropy(logits.reshape(-1, 83), labels.reshape(-1))

    return derivatives(shapes, function)


print(
    json.dumps(
        {
            "mnist_vae, variant pytorch": autoencoder("pytorch"),
            "mnist_vae, variant tf": autoencoder("tf"),
            "tolstoi_char_rnn": char_rnn(),
            "tolstoi_transformer": transformer(),
        },
        indent=1,
    )
)
