"""CANDLE Uno, AUC configuration without dropout: two towers of three layers of 1,000, five on top.

Features 942 + 5,270, one answer; 16,224,001 parameters.
"""

import time
from itertools import pairwise

import numpy as np
import torch
from common import arguments, dense, report
from torch import nn

SPLIT = 942


def layers(*widths):
    """Linear layers, each followed by a ReLU."""
    pairs = pairwise(widths)
    return nn.Sequential(*(m for n, k in pairs for m in (nn.Linear(n, k), nn.ReLU())))


class Uno(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = layers(942, 1000, 1000, 1000)
        self.drug = layers(5270, 1000, 1000, 1000)
        self.top = layers(2000, 1000, 1000, 1000, 1000, 1000)
        self.last = nn.Linear(1000, 1)

    def forward(self, x):
        towers = [self.cell(x[:, :SPLIT]), self.drug(x[:, SPLIT:])]
        return self.last(self.top(torch.cat(towers, 1)))[:, 0]


args = arguments()
kind = getattr(torch, args.kind)
torch.set_default_dtype(kind)
rng = np.random.default_rng(args.seed)
model = Uno()
shapes = [(942, *[1000] * 3), (5270, *[1000] * 3), (2000, *[1000] * 5, 1)]
drawn = [pair for widths in shapes for pair in dense(rng, *widths)]
linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
with torch.no_grad():
    for layer, (weight, bias) in zip(linear, drawn, strict=True):
        layer.weight.copy_(torch.from_numpy(weight.T))
        layer.bias.copy_(torch.from_numpy(bias))
del drawn
model.to(args.device)

data = np.load(args.data)
x = torch.tensor(data["x"], dtype=kind, device=args.device)
y = torch.tensor(data["y"], dtype=kind, device=args.device)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)
nn.functional.mse_loss(model(x[: args.batch]), y[: args.batch]).backward()

losses = []
start = time.perf_counter()
for _ in range(args.epochs):
    total = torch.zeros((), device=args.device)
    for index in torch.from_numpy(rng.permutation(len(y))).to(args.device).split(args.batch):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x[index]), y[index])
        loss.backward()
        optimizer.step()
        total += loss.detach()
    losses.append(total.item() / (len(y) // args.batch))
report(losses, time.perf_counter() - start)
