"""The autoencoder of EM_Denoise (SciML-Bench): 256 × 256 pictures without their noise; 122,737
parameters. Two times convolution, ReLU, batch normalization in a block; bilinear up.
"""

import time

import numpy as np
import torch
from common import arguments, glorot, report
from torch import nn


def block(n, k):
    return nn.Sequential(
        nn.Conv2d(n, k, 3, padding=1), nn.ReLU(inplace=True), nn.BatchNorm2d(k),
        nn.Conv2d(k, k, 3, padding=1), nn.ReLU(inplace=True), nn.BatchNorm2d(k),
    )  # fmt: skip


class Denoise(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([block(1, 8), block(8, 16), block(16, 32)])
        self.bottom = block(32, 64)
        self.up = nn.ModuleList([block(96, 32), block(48, 16), block(24, 8)])
        self.last = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, x):
        known = []
        for part in self.down:
            known.append(part(x))
            x = nn.functional.max_pool2d(known[-1], 2)
        x = self.bottom(x)
        for part in self.up:
            x = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            x = part(torch.cat([x, known.pop()], 1))
        return self.last(x)


args = arguments()
kind = getattr(torch, args.kind)
torch.set_default_dtype(kind)
rng = np.random.default_rng(args.seed)
model = Denoise()
with torch.no_grad():
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            k, n, *window = layer.weight.shape
            weight = glorot(rng, *window, n, k).transpose(3, 2, 0, 1)
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.zero_()
model.to(args.device, memory_format=torch.channels_last)

data = np.load(args.data)
x, y = (
    torch.tensor(data[name], dtype=kind, device=args.device).movedim(-1, 1)
    for name in "xy"
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, fused=True)


def loss_of(x, y):
    return nn.functional.mse_loss(model(x), y)


# The running statistics are not to know of what is done to warm up.
model.eval()
loss_of(x[: args.batch], y[: args.batch]).backward()
model.train()

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
