"""The whole process with scikit-learn."""

import sys
import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

warnings.filterwarnings("ignore", "Stochastic Optimizer")  # warns that 20 epochs may be too few
digits = np.load(sys.argv[1])
net = MLPClassifier(
    hidden_layer_sizes=(64,), activation="relu", solver="adam", alpha=0.0, learning_rate_init=0.01, max_iter=20,
    batch_size=64, random_state=0,
)  # fmt: skip
net.fit(digits["X_train"], digits["y_train"])
print(np.mean(net.predict(digits["X_test"]) == digits["y_test"]))
