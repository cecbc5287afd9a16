"""Cross-entropies whose kernels are generated from the book's derivations: softmax, weighted kernel density, continuous categorical."""

from .losses import (
    Result,
    kde_cross_entropy,
    mixture_cross_entropy,
    smooth_labels,
    softmax_cross_entropy,
)

__version__ = "0.1.0.dev0"
__all__ = [
    "Result",
    "kde_cross_entropy",
    "mixture_cross_entropy",
    "smooth_labels",
    "softmax_cross_entropy",
]
