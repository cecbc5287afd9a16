"""A multilayer perceptron for the experiments, in numpy and float64: ReLU, dropout, a gradient from that in the logits, Adam.

    rng = np.random.default_rng(seed)
    network = Network((64, 128, 128, 10), rng)  # inputs, hidden layers, logits
    adam = Adam(network.parameters, rate=1e-3)
    z = network.forward(x, dropout=0.3, rng=rng)  # (rows, 10); without dropout where it is evaluated
    adam.step(network.backward(grad_z))  # of the last forward; grad_z (rows, 10) is the gradient of what is to fall

Equal seeds give equal weights and, with equal calls, equal masks. Losses are kdeviz's, per row: divide their gradient by the
number of rows to follow the mean.
"""

from itertools import pairwise

import numpy as np


class Network:
    """Layers x W + b with ReLU between them.

    Parameters
    ----------
    sizes : tuple of int
        Widths from inputs to logits.
    rng : numpy Generator
        Draws the weights, Glorot's uniform distribution (as Keras does unless told otherwise). Biases start at 0.

    Attributes
    ----------
    parameters : array (P,), float64
        All weights and biases, in one vector. Change it in place.
    """

    def __init__(self, sizes, rng):
        self.sizes = tuple(sizes)
        self.parameters = np.zeros(sum((m + 1) * n for m, n in pairwise(sizes)))
        self.layers = self.split(self.parameters)
        for W, _ in self.layers:
            W[:] = rng.uniform(-1, 1, W.shape) * np.sqrt(6 / sum(W.shape))

    def split(self, vector):
        """[(W (m, n), b (n,))], views of a vector (P,)."""
        parts, start = [], 0
        for m, n in pairwise(self.sizes):
            middle, end = start + m * n, start + (m + 1) * n
            parts.append((vector[start:middle].reshape(m, n), vector[middle:end]))
            start = end
        return parts

    def forward(self, x, dropout=0.0, rng=None):
        """Logits (rows, D) of x (rows, inputs). A hidden unit is 0 with probability `dropout`, else scaled up to keep its mean."""
        self.scale, self.inputs = 1 / (1 - dropout), [np.asarray(x, float)]
        for W, b in self.layers[:-1]:
            hidden = np.maximum(self.inputs[-1] @ W + b, 0)
            if dropout:
                hidden *= self.scale * (rng.random(hidden.shape) >= dropout)
            self.inputs.append(hidden)
        W, b = self.layers[-1]
        return self.inputs[-1] @ W + b

    def backward(self, grad_z):
        """Gradient (P,) in the parameters, from grad_z (rows, D) in the logits of the last `forward`."""
        gradient, back = np.empty_like(self.parameters), grad_z
        for (W, _), (dW, db), x in reversed(list(zip(self.layers, self.split(gradient), self.inputs))):
            dW[:], db[:] = x.T @ back, back.sum(0)
            back = back @ W.T * (self.scale * (x > 0))  # a unit that was dropped is 0 too
        return gradient


class Adam:
    """Adam's steps on a vector of parameters, which it changes in place."""

    def __init__(self, parameters, rate=1e-3, decay=(0.9, 0.999), eps=1e-8):
        self.parameters, self.rate, self.decay, self.eps = parameters, rate, decay, eps
        self.mean, self.square, self.steps = np.zeros_like(parameters), np.zeros_like(parameters), 0

    def step(self, gradient):
        """One step against a gradient (P,)."""
        self.steps += 1
        first, second = self.decay
        self.mean += (1 - first) * (gradient - self.mean)
        self.square += (1 - second) * (gradient**2 - self.square)
        mean, square = self.mean / (1 - first**self.steps), self.square / (1 - second**self.steps)
        self.parameters -= self.rate * mean / (np.sqrt(square) + self.eps)
