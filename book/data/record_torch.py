"""Record what torch's ContinuousBernoulli gives at D = 2: `python book/data/record_torch.py`.

Writes torch_continuous_bernoulli.json beside this file: the version of torch and, for float32 and float64, logits and what
torch makes of each: log C, the mean, the variance, and the derivative of log C in the logit by torch's own differentiation.
Every number is the shortest text that reads back as the same float64; float32 results are exact in it. Needs torch, which
the book does not: a build reads the record. Runs on the CPU and takes a second.
"""

import json
from pathlib import Path

import numpy as np

RECORD = Path(__file__).with_name("torch_continuous_bernoulli.json")
DTYPES = ("float32", "float64")
FIELDS = ("log_norm_const", "mean", "variance", "log_norm_const_grad")


def logits():
    """Both signs of 1e-4 to 200, eight to a factor of ten, as float32 numbers: the same in both precisions."""
    sizes = np.geomspace(1e-4, 200, 51).astype(np.float32).astype(float)
    return [*(-sizes[::-1]).tolist(), *sizes.tolist()]


def torch_gives(dtype):
    """One list for each of FIELDS."""
    import torch

    at = torch.tensor(logits(), dtype=getattr(torch, dtype), requires_grad=True)
    distribution = torch.distributions.ContinuousBernoulli(logits=at)
    log_norm_const = distribution._cont_bern_log_norm()  # log_prob adds this to the binary cross-entropy
    (slope,) = torch.autograd.grad(log_norm_const.sum(), at)
    results = (log_norm_const, distribution.mean, distribution.variance, slope)
    return {field: result.double().tolist() for field, result in zip(FIELDS, results, strict=True)}


def main():
    import torch

    record = {"torch": torch.__version__, "logits": logits()} | {dtype: torch_gives(dtype) for dtype in DTYPES}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"{RECORD.name}: torch {record['torch']}, {len(record['logits'])} logits")


if __name__ == "__main__":
    main()
