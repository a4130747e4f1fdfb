"""The whole process with Chainrule."""

import sys

import numpy as np

import chainrule as cr

digits = np.load(sys.argv[1])
net = cr.Network.dense([64, 64, 10], output="softmax", seed=0, dtype="float32")
cr.train(
    net, digits["X_train"], digits["y_train"], cost=cr.CrossEntropy(mean=True), optimizer=cr.Adam(0.01),
    epochs=20, batch_size=64, seed=0,
)  # fmt: skip
print(np.mean(net(digits["X_test"]).argmax(axis=1) == digits["y_test"]))
