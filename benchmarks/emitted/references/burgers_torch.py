"""The physics-informed network of Raissi et al. (2019) on Burgers' equation, steps of Adam.

Eight hidden layers of 20 tanh; 10,000 places inside and 100 on the border; 3,021 parameters.
"""

import math
import time
from itertools import pairwise

import numpy as np
import torch
from common import arguments, dense, report
from scipy.stats import qmc
from torch import nn

args = arguments()
kind = getattr(torch, args.kind)
torch.set_default_dtype(kind)
rng = np.random.default_rng(args.seed)
widths = [2, *[20] * 8, 1]
layers = [nn.Linear(n, k) for n, k in pairwise(widths)]
with torch.no_grad():
    for layer, (weight, bias) in zip(layers, dense(rng, *widths), strict=True):
        layer.weight.copy_(torch.from_numpy(weight.T))
        layer.bias.copy_(torch.from_numpy(bias))
model = nn.Sequential(*(m for k in layers[:-1] for m in (k, nn.Tanh())), layers[-1])
model.to(args.device)


def places(n):
    """Of shape (n, 2): x from -1 to 1, t from 0 to 1; a Latin hypercube."""
    found = qmc.LatinHypercube(2, rng=rng).random(n)
    return torch.tensor(np.array([-1, 0]) + found * np.array([2, 1]), dtype=kind)


inside = places(10_000).to(args.device)
start, left, right = (places(n) for n in (33, 33, 34))
start[:, 1], left[:, 0], right[:, 0] = 0, -1, 1
border = torch.cat([start, left, right]).to(args.device)
target = torch.zeros(100, device=args.device)
target[:33] = -torch.sin(math.pi * border[:33, 0])
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)


def loss_of():
    x, t = (c.clone().requires_grad_() for c in inside.T)
    u = model(torch.stack([x, t], 1))[:, 0]
    u_x, u_t = torch.autograd.grad(u.sum(), (x, t), create_graph=True)
    (u_xx,) = torch.autograd.grad(u_x.sum(), x, create_graph=True)
    left_over = u * u_x + u_t - 0.01 / math.pi * u_xx
    return (left_over**2).mean() + ((model(border)[:, 0] - target) ** 2).mean()


loss_of().backward()

losses = []
begin = time.perf_counter()
for _ in range(args.epochs):
    optimizer.zero_grad()
    loss = loss_of()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
report(losses, time.perf_counter() - begin)
