"""CosmoFlow (MLPerf HPC) at 32³ without dropout: four channels in, four numbers out.

Five 3 × 3 × 3 convolutions of 32, 64, … 512 channels, each followed by a leaky ReLU and pooling.
4,778,788 parameters.
"""

import time
from itertools import pairwise

import numpy as np
import torch
from common import arguments, dense, glorot, report
from torch import nn

CHANNELS = [4, 32, 64, 128, 256, 512]

args = arguments()
kind = getattr(torch, args.kind)
torch.set_default_dtype(kind)
rng = np.random.default_rng(args.seed)
pairs = list(pairwise(CHANNELS))
convolutions = [
    m
    for n, k in pairs
    for m in (nn.Conv3d(n, k, 3, padding=1), nn.LeakyReLU(0.3, inplace=True), nn.MaxPool3d(2))
]
model = nn.Sequential(
    *convolutions, nn.Flatten(),
    nn.Linear(512, 128), nn.LeakyReLU(0.3), nn.Linear(128, 64), nn.LeakyReLU(0.3), nn.Linear(64, 4),
)  # fmt: skip
with torch.no_grad():
    for layer, (n, k) in zip(convolutions[::3], pairs, strict=True):
        weight = glorot(rng, 3, 3, 3, n, k).transpose(4, 3, 0, 1, 2)
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.zero_()
    for layer, (weight, bias) in zip(model[16::2], dense(rng, 512, 128, 64, 4), strict=True):
        layer.weight.copy_(torch.from_numpy(weight.T))
        layer.bias.copy_(torch.from_numpy(bias))
model.to(args.device)


def answer(x):
    return 1.2 * torch.tanh(model(x))


data = np.load(args.data)
cubes = torch.tensor(data["x"], dtype=kind, device=args.device)
x = cubes.movedim(-1, 1).contiguous()
y = torch.tensor(data["y"], dtype=kind, device=args.device)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)
nn.functional.mse_loss(answer(x[: args.batch]), y[: args.batch]).backward()

losses = []
start = time.perf_counter()
for _ in range(args.epochs):
    total = torch.zeros((), device=args.device)
    for index in torch.from_numpy(rng.permutation(len(y))).to(args.device).split(args.batch):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(answer(x[index]), y[index])
        loss.backward()
        optimizer.step()
        total += loss.detach()
    losses.append(total.item() / (len(y) // args.batch))
report(losses, time.perf_counter() - start)
