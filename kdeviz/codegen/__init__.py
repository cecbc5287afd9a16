"""From the equations that a derivation declares to the text of kernels. Needs sympy; users of the kernels do not."""

from .evaluate import evaluate
from .own import BuiltKernel, build

__all__ = ["BuiltKernel", "build", "evaluate"]
