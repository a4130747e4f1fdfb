"""The whole process with PyTorch."""

import sys

import numpy as np
import torch

torch.manual_seed(0)
torch.set_num_threads(1)  # faster than two at this size
digits = np.load(sys.argv[1])
X, y = torch.from_numpy(digits["X_train"]), torch.from_numpy(digits["y_train"])
net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01, fused=True)
for _ in range(20):
    for rows in torch.randperm(len(X)).split(64):
        cost = torch.nn.functional.cross_entropy(net(X[rows]), y[rows])
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
with torch.no_grad():
    labels = net(torch.from_numpy(digits["X_test"])).argmax(dim=1).numpy()
print(np.mean(labels == digits["y_test"]))
