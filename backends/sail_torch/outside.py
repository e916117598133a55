"""Functions from outside among PyTorch's operations."""

OUTSIDE = '''
class Outside(torch.autograd.Function):
    """A function from outside, for tensors of many points, with the slopes that it declares."""

    @staticmethod
    def forward(ctx, name, value, slopes, *tensors):
        ctx.name, ctx.slopes = name, slopes
        ctx.save_for_backward(*tensors)
        result = value(*(t.detach().cpu().numpy() for t in tensors))
        real = next(t for t in tensors if t.is_floating_point())
        return torch.as_tensor(result).to(real)

    @staticmethod
    def backward(ctx, upstream):
        tensors = ctx.saved_tensors
        found = []
        for slope, tensor, wanted in zip(ctx.slopes, tensors, ctx.needs_input_grad[3:]):
            if wanted and slope is None:
                raise RuntimeError(f"{ctx.name} declares no gradient by what is learned through it")
            by = Slope.apply(slope, tensor, *tensors) if wanted else None
            found.append(by * upstream.reshape(-1, *[1] * (by.dim() - 1)) if wanted else None)
        return None, None, None, *found


class Slope(torch.autograd.Function):
    """A slope that is declared, which has none: whatever is learned by one comes out as NaN."""

    @staticmethod
    def forward(ctx, slope, like, *tensors):
        ctx.save_for_backward(*tensors)
        return torch.as_tensor(slope(*(t.detach().cpu().numpy() for t in tensors))).to(like)

    @staticmethod
    def backward(ctx, upstream):
        wanted = zip(ctx.saved_tensors, ctx.needs_input_grad[2:])
        return None, None, *(torch.full_like(t, torch.nan) if w else None for t, w in wanted)


def from_outside(name, value, slopes, shape, *tensors):
    """What a function from outside gives for the points of a batch."""
    return Outside.apply(name, value, slopes, *tensors)
'''.strip()
