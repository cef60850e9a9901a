"""Triton kernels: each does what plain PyTorch does elsewhere. Imported only where there is Triton."""
