"""Cross-entropies whose kernels are generated from the book's derivations: softmax, mixture, weighted kernel density estimate."""

from .kde import kde_cross_entropy
from .losses import Result, mixture_cross_entropy, smooth_labels, softmax_cross_entropy

__version__ = "0.1.0.dev0"
__all__ = [
    "Result",
    "kde_cross_entropy",
    "mixture_cross_entropy",
    "smooth_labels",
    "softmax_cross_entropy",
]
