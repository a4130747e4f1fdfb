"""The lecture's worked example (L16): a two-layer network ℝ → ℝ, and every quantity of one gradient step."""

import chainrule as cr

net = cr.Network([cr.Layer([[0.5]], [0.1], "sigmoid"), cr.Layer([[-1.0]], [0.2], "sigmoid")])
x, y = [2.0], [1.0]

run = net.forward(x)
g = cr.gradient(net, cr.SumOfSquares(), x, y)

print(f"a[0] = {run.a[0][0]:.6f}   (x)")
for i in range(1, net.r + 1):
    print(f"z[{i}] = {run.z[i][0]:.6f}   a[{i}] = {run.a[i][0]:.6f}")
print(f"J = {g.J:.6f}")
for i in range(net.r, 0, -1):
    print(f"δ[{i}] = {g.delta[i][0]:+.6f}   ∂J/∂W[{i}] = {g.W[i][0, 0]:+.6f}   ∂J/∂b[{i}] = {g.b[i][0]:+.6f}")

alpha = 0.5
net.theta -= alpha * g.theta  # θ := θ − α ∇J(θ)
print(f"J after one step of gradient descent: {cr.SumOfSquares()(net, x, y):.6f}")
