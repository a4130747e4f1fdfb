"""A user-defined activation and a user-defined cost, each checked before it is used."""

import numpy as np

import chainrule as cr

# σ(z) = z / √(1 + z²), with its derivative; the check compares both on a range and would refuse a wrong derivative.
inverse_root = cr.Activation(lambda z: z / np.sqrt(1 + z**2), lambda z: (1 + z**2) ** -1.5, name="inverse_root")
print(cr.check_activation(inverse_root))

# ℓ(a, y) = log cosh(a − y), without its derivative, which the complex step computes.
log_cosh = cr.CustomCost(lambda A, Y: np.log(np.cosh(A - Y)).sum(axis=1), name="log_cosh")

rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, size=(200, 1))
Y = np.sin(2 * X) + 0.05 * rng.standard_cauchy((200, 1))  # a curve with noise that has outliers

net = cr.Network.dense([1, 16, 16, 1], hidden=inverse_root, seed=0)
history = cr.train(net, X, Y, cost=log_cosh, optimizer=cr.Adam(0.02), epochs=400, batch_size=20, engine="reference")
print(f"J fell from {history.J[0]:.1f} to {history.J[-1]:.1f}")
error = np.abs(net(X) - np.sin(2 * X)).mean()
print(f"mean distance from the curve under the noise: {error:.3f}")
