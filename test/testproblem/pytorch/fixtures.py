"""Computes with PyTorch, in float64, what test/testproblem/pytorch.test.ts compares with. Run it in its folder:

    python3 fixtures.py > fixtures.json      # Debian's python3-torch 1.13.0a0 and numpy 1.24 wrote the file

Each network is written again here, on PyTorch's own layers; parameters, batches, noise and directions are numbers that
models.ts computes alike, so that only results are stored.
"""

import json
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def share(key, index):
    return ((index + 1) * 0.6180339887498949 + (key + 1) * 0.7548776662466927 + (index * index + 1) * 0.137) % 1


def numbers(key, shape):
    size = math.prod(shape)
    return torch.tensor([2 * share(key, index) - 1 for index in range(size)]).reshape(shape)


def integers(key, shape, n):
    size = math.prod(shape)
    return torch.tensor([math.floor(n * share(key, index)) for index in range(size)]).reshape(shape)


def mask(key, shape, keep):
    size = math.prod(shape)
    return torch.tensor([1 / keep if share(key, index) < keep else 0.0 for index in range(size)]).reshape(shape)


def parameters(shapes):
    values = {}
    for key, (name, shape) in enumerate(shapes.items()):
        value = 1 + 0.3 * numbers(key, shape) if name.endswith("gain") else 0.5 * numbers(key, shape)
        values[name] = value.requires_grad_()
    return values


def derivatives(shapes, function):
    """Loss, gradient and Hessian-vector product of function(parameters) -> (loss, extra results)."""
    p = parameters(shapes)
    loss, extra = function(p)
    gradients = torch.autograd.grad(loss, list(p.values()), create_graph=True)
    directions = [numbers(100 + key, shape) for key, shape in enumerate(shapes.values())]
    along = sum((g * d).sum() for g, d in zip(gradients, directions))
    products = torch.autograd.grad(along, list(p.values()))
    return {
        "loss": loss.item(),
        "gradient": {name: listed(g) for name, g in zip(p, gradients)},
        "product": {name: listed(h) for name, h in zip(p, products)},
        "extra": {name: listed(value) for name, value in extra.items()},
    }


def listed(tensor):
    return [float(f"{value:.15g}") for value in tensor.detach().reshape(-1).tolist()]


def residual_network():
    shapes = {
        "conv1.weight": (4, 2, 3, 3), "norm1.gain": (4,), "norm1.bias": (4,),
        "conv2.weight": (4, 4, 3, 3), "conv2.bias": (4,), "norm2.gain": (4,), "norm2.bias": (4,),
        "dense1.weight": (3, 36), "dense1.bias": (3,),
    }
    x, labels = numbers(400, (4, 2, 6, 6)), integers(401, (4,), 3)
    running = [0.5 * numbers(200, (4,)), 1 + 0.5 * numbers(201, (4,)), 0.5 * numbers(202, (4,)), 1 + 0.5 * numbers(203, (4,))]

    def function(p):
        y = F.conv2d(x, p["conv1.weight"], padding=1)
        y = F.batch_norm(y, running[0], running[1], p["norm1.gain"], p["norm1.bias"], training=True, momentum=0.1)
        y = F.relu(y) * mask(300, y.shape, 0.7)
        y = F.max_pool2d(y, 2)
        z = F.conv2d(y, p["conv2.weight"], p["conv2.bias"], padding=1)
        z = F.batch_norm(z, running[2], running[3], p["norm2.gain"], p["norm2.bias"], training=True, momentum=0.2)
        logits = F.linear((z + y).flatten(1), p["dense1.weight"], p["dense1.bias"])
        names = ["norm1.mean", "norm1.variance", "norm2.mean", "norm2.variance"]
        return F.cross_entropy(logits, labels), dict(zip(names, running))

    return derivatives(shapes, function)


def recurrent():
    shapes = {"embedding1.weight": (5, 3)}
    for layer, features in ((1, 3), (2, 4)):
        shapes[f"lstm{layer}.input.weight"] = (16, features)
        shapes[f"lstm{layer}.input.bias"] = (16,)
        shapes[f"lstm{layer}.hidden.weight"] = (16, 4)
        shapes[f"lstm{layer}.hidden.bias"] = (16,)
    shapes["dense1.weight"], shapes["dense1.bias"] = (5, 4), (5,)
    tokens, labels = integers(400, (2, 20), 5), integers(401, (2, 20), 5)

    def function(p):
        y, extra = F.embedding(tokens, p["embedding1.weight"]), {}
        for layer in (1, 2):
            weights = [p[f"lstm{layer}.{part}"] for part in ("input.weight", "hidden.weight", "input.bias", "hidden.bias")]
            state = tuple(0.5 * numbers(200 + 2 * (layer - 1) + part, (1, 2, 4)) for part in (0, 1))
            y, h, c = torch._VF.lstm(y, state, weights, True, 1, 0.0, True, False, True)
            extra[f"lstm{layer}.hiddenState"], extra[f"lstm{layer}.cellState"] = h, c
        logits = F.linear(y, p["dense1.weight"], p["dense1.bias"])
        return F.cross_entropy(logits.reshape(40, 5), labels.reshape(40)), extra

    return derivatives(shapes, function)


def autoencoder():
    shapes = {
        "encoder.conv1.weight": (2, 1, 4, 4), "encoder.conv1.bias": (2,),
        "encoder.mean.dense1.weight": (3, 32), "encoder.mean.dense1.bias": (3,),
        "encoder.deviation.dense1.weight": (3, 32), "encoder.deviation.dense1.bias": (3,),
        "decoder.dense1.weight": (4, 3), "decoder.dense1.bias": (4,),
        "decoder.deconv1.weight": (1, 2, 4, 4), "decoder.deconv1.bias": (2,),
        "decoder.deconv2.weight": (2, 2, 4, 4), "decoder.deconv2.bias": (2,),
        "decoder.deconv3.weight": (2, 1, 4, 4), "decoder.deconv3.bias": (1,),
    }
    x = 0.5 + 0.5 * numbers(400, (2, 1, 8, 8))

    def function(p):
        def affine(layer, y):
            return F.linear(y, p[f"{layer}.weight"], p[f"{layer}.bias"])

        y = F.leaky_relu(F.conv2d(x, p["encoder.conv1.weight"], p["encoder.conv1.bias"], stride=2, padding=1), 0.3)
        y = (y * mask(300, y.shape, 0.8)).flatten(1)
        mean, s = affine("encoder.mean.dense1", y), 0.5 * affine("encoder.deviation.dense1", y)
        z = mean + 1.5 * numbers(301, mean.shape) * torch.exp(s)
        y = F.leaky_relu(affine("decoder.dense1", z), 0.3).reshape(2, 1, 2, 2)
        y = F.relu(F.conv_transpose2d(y, p["decoder.deconv1.weight"], p["decoder.deconv1.bias"], stride=2, padding=1))
        # DeepOBS' PyTorch line: the input padded by one row before and two after, three rows cut off on both sides.
        y = F.conv_transpose2d(F.pad(y, (1, 2, 1, 2)), p["decoder.deconv2.weight"], p["decoder.deconv2.bias"], padding=3)
        y = F.conv_transpose2d(F.relu(y), p["decoder.deconv3.weight"], p["decoder.deconv3.bias"], stride=2, padding=1)
        reconstruction = ((torch.sigmoid(y) - x) ** 2).sum((1, 2, 3)).mean()
        divergence = (-0.5 * (1 + 2 * s - mean**2 - torch.exp(2 * s)).sum(1)).mean()
        return reconstruction + divergence, {"reconstruction": reconstruction, "divergence": divergence}

    return derivatives(shapes, function)


def attention():
    shapes = {"embedding1.weight": (5, 4), "positions1.weight": (5, 4), "block1.norm1.gain": (4,), "block1.norm1.bias": (4,)}
    for part in ("query", "key", "value", "output"):
        shapes[f"block1.attention1.{part}.weight"], shapes[f"block1.attention1.{part}.bias"] = (4, 4), (4,)
    shapes |= {
        "block1.norm2.gain": (4,), "block1.norm2.bias": (4,), "block1.dense1.weight": (6, 4), "block1.dense1.bias": (6,),
        "block1.dense2.weight": (4, 6), "block1.dense2.bias": (4,), "norm1.gain": (4,), "norm1.bias": (4,),
        "dense1.weight": (5, 4),
    }
    tokens, labels = integers(400, (2, 5), 5), integers(401, (2, 5), 5)

    def function(p):
        def affine(layer, y):
            return F.linear(y, p[f"{layer}.weight"], p[f"{layer}.bias"])

        def norm(layer, y):
            return F.layer_norm(y, (4,), p[f"{layer}.gain"], p[f"{layer}.bias"])

        def heads(part, y):
            return affine(f"block1.attention1.{part}", y).reshape(2, 5, 2, 2).transpose(1, 2)

        x = F.embedding(tokens, p["embedding1.weight"]) + p["positions1.weight"]
        y = norm("block1.norm1", x)
        scores = heads("query", y) @ heads("key", y).transpose(2, 3) / math.sqrt(2)
        later = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
        seen = torch.softmax(scores.masked_fill(later, -math.inf), 3) @ heads("value", y)
        x = x + affine("block1.attention1.output", seen.transpose(1, 2).reshape(2, 5, 4))
        y = F.gelu(affine("block1.dense1", norm("block1.norm2", x)))
        x = x + affine("block1.dense2", y)
        logits = F.linear(norm("norm1", x), p["dense1.weight"])
        return F.cross_entropy(logits.reshape(10, 5), labels.reshape(10), label_smoothing=0.1), {}

    return derivatives(shapes, function)


def running_statistics():
    """Batch normalisation's statistics after 50 steps on batches that drift, and what evaluation makes of the last batch."""
    norm = torch.nn.BatchNorm2d(3)
    for step in range(50):
        batch = (1 + 0.02 * step) * numbers(step, (4, 3, 2, 2)) + 0.05 * step
        norm(batch)
    norm.eval()
    return {
        "mean": listed(norm.running_mean),
        "variance": listed(norm.running_var),
        "evaluated": listed(norm(batch)),
    }


def layers():
    """Values of single layers and losses."""
    x, image = 3 * numbers(1, (24,)), numbers(2, (2, 3, 5, 4))
    kernel, bias = numbers(3, (3, 2, 3, 3)), numbers(4, (2,))
    logits, labels = 3 * numbers(5, (4, 5)), integers(6, (4,), 5)
    targets = 0.5 + 0.5 * numbers(7, (4, 5))
    mean, s = numbers(8, (4, 3)), numbers(9, (4, 3))
    normal = torch.distributions.Normal
    return {
        "gelu": listed(F.gelu(x)),
        "gelu tanh": listed(F.gelu(x, approximate="tanh")),
        "softplus": listed(F.softplus(x)),
        "leakyRelu": listed(F.leaky_relu(x, 0.2)),
        "resize 7 3": listed(F.interpolate(image, size=(7, 3), mode="bilinear", align_corners=False)),
        "resize 2 9": listed(F.interpolate(image, size=(2, 9), mode="bilinear", align_corners=False)),
        "average of places": listed(F.avg_pool2d(image, 3, stride=2, padding=1)),
        "average of pixels": listed(F.avg_pool2d(image, 3, stride=2, padding=1, count_include_pad=False)),
        "transposed": listed(F.conv_transpose2d(image, kernel, bias, stride=2, padding=1)),
        "transposed, nothing cut": listed(F.conv_transpose2d(image, kernel, bias, stride=(1, 3))),
        "smoothed cross entropy": listed(F.cross_entropy(logits, labels, label_smoothing=0.2)),
        "binary cross entropies": listed(F.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(1)),
        "divergences": listed(torch.distributions.kl_divergence(normal(mean, torch.exp(s)), normal(0.0, 1.0)).sum(1)),
    }


print(json.dumps({
    "torch": torch.__version__,
    "networks": {
        "residual": residual_network(),
        "recurrent": recurrent(),
        "autoencoder": autoencoder(),
        "attention": attention(),
    },
    "running statistics": running_statistics(),
    "layers": layers(),
}))
