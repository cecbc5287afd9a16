"""The generated kernels: plain functions on 2-D C-contiguous rows of one dtype, without validation; tuples out."""
