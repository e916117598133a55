"""Layers that go step by step, as programs for PyTorch have them: by its own kernels."""

_LSTM = '''
def lstm(x, input, hidden, bias=None):
    """The states of a long short-term memory along its steps (Hochreiter and Schmidhuber 1997)."""
    start = x.new_zeros(1, len(x), hidden.shape[1])
    weights = [input, hidden] if bias is None else [input, hidden, bias, torch.zeros_like(bias)]
    options = bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True
    return torch.lstm(x, (start, start), weights, *options)[0]
'''
_GRU = '''
def gru(x, input, hidden, *biases):
    """The states of gated recurrent units along their steps (Cho et al. 2014)."""
    start = x.new_zeros(1, len(x), hidden.shape[1])
    options = bool(biases), 1, 0.0, torch.is_grad_enabled(), False, True
    return torch.gru(x, start, [input, hidden, *biases], *options)[0]
'''
RECURRENT = {"lstm": _LSTM.strip(), "gru": _GRU.strip()}
