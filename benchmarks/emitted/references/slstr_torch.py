"""The U-Net of SLSTR cloud masks: 256 × 256 × 9 pictures, one logit a pixel; 1,948,609 parameters.

Two 3 × 3 convolutions a block (32, 64, 128, 256 channels), pooling down, nearest neighbors up.
"""

import time

import numpy as np
import torch
from common import arguments, glorot, report
from torch import nn


def block(n, k):
    return nn.Sequential(
        nn.Conv2d(n, k, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(k, k, 3, padding=1), nn.ReLU(inplace=True),
    )  # fmt: skip


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([block(9, 32), block(32, 64), block(64, 128)])
        self.bottom = block(128, 256)
        self.up = nn.ModuleList([block(384, 128), block(192, 64), block(96, 32)])
        self.last = nn.Conv2d(32, 1, 1)

    def forward(self, x):
        known = []
        for part in self.down:
            known.append(part(x))
            x = nn.functional.max_pool2d(known[-1], 2)
        x = self.bottom(x)
        for part in self.up:
            x = nn.functional.interpolate(x, scale_factor=2, mode="nearest")
            x = part(torch.cat([x, known.pop()], 1))
        return self.last(x)[:, 0]


args = arguments()
kind = getattr(torch, args.kind)
torch.set_default_dtype(kind)
rng = np.random.default_rng(args.seed)
model = UNet()
with torch.no_grad():
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            k, n, *window = layer.weight.shape
            weight = glorot(rng, *window, n, k).transpose(3, 2, 0, 1)
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.zero_()
model.to(args.device, memory_format=torch.channels_last)

data = np.load(args.data)
# Channels last in memory, as the convolutions want them.
x = torch.tensor(data["x"], dtype=kind, device=args.device).movedim(-1, 1)
y = torch.tensor(data["y"], dtype=kind, device=args.device)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)


def loss_of(x, y):
    return nn.functional.binary_cross_entropy_with_logits(model(x), y)


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
