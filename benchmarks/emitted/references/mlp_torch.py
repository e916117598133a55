"""One hidden layer of 64 on digits: 64 pixels, 10 classes."""

import time

import numpy as np
import torch
from common import arguments, dense, report
from torch import nn

args = arguments()
kind = getattr(torch, args.kind)
torch.set_default_dtype(kind)
rng = np.random.default_rng(args.seed)
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(args.device)
with torch.no_grad():
    for layer, (weight, bias) in zip(model[::2], dense(rng, 64, 64, 10), strict=True):
        layer.weight.copy_(torch.from_numpy(weight.T))
        layer.bias.copy_(torch.from_numpy(bias))

data = np.load(args.data)
x = torch.tensor(data["x"], dtype=kind, device=args.device)
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
