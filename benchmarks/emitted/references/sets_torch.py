"""A sum over sets: eight plain numbers an element, 32 elements, one answer."""

import time

import numpy as np
import torch
from common import arguments, dense, report
from torch import nn

args = arguments()
kind = getattr(torch, args.kind)
torch.set_default_dtype(kind)
rng = np.random.default_rng(args.seed)
inner = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64)).to(args.device)
outer = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)).to(args.device)
layers = [inner[0], inner[2], outer[0], outer[2]]
with torch.no_grad():
    drawn = dense(rng, 8, 64, 64) + dense(rng, 64, 64, 1)
    for layer, (weight, bias) in zip(layers, drawn, strict=True):
        layer.weight.copy_(torch.from_numpy(weight.T))
        layer.bias.copy_(torch.from_numpy(bias))

data = np.load(args.data)
x = torch.tensor(data["x"], dtype=kind, device=args.device)
y = torch.tensor(data["y"], dtype=kind, device=args.device)
parameters = [*inner.parameters(), *outer.parameters()]
optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)


def loss_of(x, y):
    return nn.functional.mse_loss(outer(inner(x).sum(1))[:, 0], y)


loss_of(x[: args.batch], y[: args.batch]).backward()

losses = []
start = time.perf_counter()
for _ in range(args.epochs):
    total = torch.zeros((), device=args.device)
    for index in torch.from_numpy(rng.permutation(len(y))).to(args.device).split(args.batch):
        optimizer.zero_grad()
        loss = loss_of(x[index], y[index])
        loss.backward()
        optimizer.step()
        total += loss.detach()
    losses.append(total.item() / (len(y) // args.batch))
report(losses, time.perf_counter() - start)
