"""Classification of handwritten digits with minibatches, dropout, a schedule, and the best epoch by validation."""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import chainrule as cr

X, y = load_digits(return_X_y=True)
X = X / 16.0
X_rest, X_test, y_rest, y_test = train_test_split(X, y, test_size=0.2, random_state=0, stratify=y)
X_train, X_validation, y_train, y_validation = train_test_split(X_rest, y_rest, test_size=0.15, random_state=0)

net = cr.Network.dense([64, 128, 10], hidden="relu", output="softmax", dropout=0.2, seed=0, dtype="float32")
history = cr.train(
    net,
    X_train,
    y_train,
    cost=cr.CrossEntropy(mean=True),
    optimizer=cr.AdamW(learning_rate=cr.Cosine(4e-3, warmup=2)),
    epochs=60,
    batch_size=32,
    validation=(X_validation, y_validation),
    patience=60,
)
accuracy = (net(X_test).argmax(axis=1) == y_test).mean()
print(f"{net}: test accuracy {accuracy:.3f}, best epoch {history.best_epoch} of {history.epochs}")
