"""LeNet on 28 × 28 pictures: two convolutions of 5 × 5, three linear layers."""

import time

import numpy as np
import torch
from common import arguments, dense, glorot, report
from torch import nn

args = arguments()
kind = getattr(torch, args.kind)
torch.set_default_dtype(kind)
rng = np.random.default_rng(args.seed)
model = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(784, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
).to(args.device)  # fmt: skip
layers = [m for m in model if isinstance(m, nn.Conv2d | nn.Linear)]
with torch.no_grad():
    for layer, shape in zip(layers[:2], [(5, 5, 1, 6), (5, 5, 6, 16)], strict=True):
        layer.weight.copy_(torch.from_numpy(glorot(rng, *shape).transpose(3, 2, 0, 1)))
        layer.bias.zero_()
    drawn = dense(rng, 784, 120, 84, 10)
    # The first of them was drawn for features in the order height, width, channel.
    first = drawn[0][0].reshape(7, 7, 16, 120).transpose(2, 0, 1, 3).reshape(784, 120)
    for layer, weight in zip(layers[2:], [first, drawn[1][0], drawn[2][0]], strict=True):
        layer.weight.copy_(torch.from_numpy(weight.T))
        layer.bias.zero_()

data = np.load(args.data)
x = torch.tensor(data["x"], dtype=kind, device=args.device)[:, None]
y = torch.tensor(data["y"], dtype=torch.int64, device=args.device)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
nn.functional.cross_entropy(model(x[: args.batch]), y[: args.batch]).backward()

losses = []
start = time.perf_counter()
for _ in range(args.epochs):
    total = torch.zeros((), device=args.device)
    for index in torch.from_numpy(rng.permutation(len(y))).to(args.device).split(args.batch):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[index]), y[index])
        loss.backward()
        optimizer.step()
        total += loss.detach()
    losses.append(total.item() / (len(y) // args.batch))
report(losses, time.perf_counter() - start)
