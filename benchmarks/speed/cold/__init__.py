"""Whole processes: each script imports one package, trains the same classifier on digits, predicts, and ends.

    python benchmarks/speed/cold/chainrule_.py DIGITS.npz

The network is 64-64-10 with ReLU and softmax, the cost is cross-entropy, and Adam with learning rate 0.01 makes 20
epochs of minibatches of 64 rows in the package's own random order. With other seeds, too, the test accuracy is at
least 97 %. A script prints the accuracy of its predictions. The file holds X_train (1347, 64), y_train, X_test
(450, 64) and y_test, so that no script needs scikit-learn for the data.
"""
