"""Whole processes: each script here imports one package, trains the same classifier on digits, predicts, and ends.

    python benchmarks/cold/chainrule_.py DIGITS.npz

The network is 64-64-10 with ReLU and softmax, the cost cross-entropy, the method Adam with learning rate 0.01, for 20
epochs of minibatches of 64 rows in the package's own random order: with other seeds too it reaches 97 % of the test
rows. A script prints the accuracy of its predictions. The file holds X_train (1347, 64), y_train, X_test
(450, 64) and y_test, so that no script needs scikit-learn for the data.
"""
