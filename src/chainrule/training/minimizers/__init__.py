"""Minimisers of J over all rows: Levenberg–Marquardt, L-BFGS, Newton–CG and conjugate gradients."""
