"""Cross-entropies whose kernels are generated from the book's derivations: softmax, mixture, kernel density, continuous categorical."""

from .continuous_categorical import ContinuousCategorical, cc_cross_entropy
from .kde import em_step, kde_cross_entropy, kde_hessian_vector_product
from .losses import Result, mixture_cross_entropy, smooth_labels, softmax_cross_entropy

__version__ = "0.1.0.dev0"
__all__ = [
    "ContinuousCategorical",
    "Result",
    "cc_cross_entropy",
    "em_step",
    "kde_cross_entropy",
    "kde_hessian_vector_product",
    "mixture_cross_entropy",
    "smooth_labels",
    "softmax_cross_entropy",
]
