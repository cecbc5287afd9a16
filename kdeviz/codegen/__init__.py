"""From the equations that a derivation declares to the text of kernels. Needs sympy; users of the kernels do not."""

from .build import BuiltKernel, build
from .evaluate import evaluate

__all__ = ["BuiltKernel", "build", "evaluate"]
