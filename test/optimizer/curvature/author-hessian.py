# Makes author-hessian.json: a 30-dimensional quadratic with noisy gradients and products, and what the first author's implementation
# (fderoos/probabilistic_hessian, 2019) gives there, by its formulas in numpy, float64. Run with numpy 1.24 to 2.4; prints
# 0.5319482137 3.1749999008 0.0022882617 [4.14491866 2.63981686 2.31982512 1.95816641].
import json

import numpy as np

N, n, M = 30, 12, 5
a = np.random.default_rng(0)
A = a.normal(size=(N, N))
H = A @ A.T / N + 0.1 * np.eye(N)
x = a.normal(size=N)
r = np.random.default_rng(5)


def gradient():
    return H @ x + 0.05 * r.normal(size=N)


def product(v):
    E = r.normal(size=(N, N)) * 0.02
    return (H + (E + E.T) / 2) @ v


sts = stas = staas = 0
total = np.zeros(N)
squares = np.zeros(N)
for _ in range(n):
    v = gradient()
    h = product(v)
    sts, stas, staas = sts + v @ v, stas + v @ h, staas + h @ h
    total += v
    squares += v * v
alpha = np.sqrt(stas / staas)
w = abs(stas / sts)
lam = np.max(np.abs((total / n) ** 2 - squares / n)) / (np.sqrt(sts) / n)
S = np.zeros((N, 0))
Y = np.zeros((N, 0))
s = -alpha * gradient()
for _ in range(M):
    y = product(s)
    g = -gradient()
    S, Y = np.c_[S, s], np.c_[Y, y]
    G = S.T @ S
    X = (Y - S / alpha) @ np.linalg.inv(w**2 * G + lam**2 * np.diag(np.diag(G)))
    s = alpha * g - alpha**2 * w**2 * X @ np.linalg.solve(np.eye(len(G)) + alpha * w**2 * S.T @ X, S.T @ g)
sigma = np.linalg.svd(np.eye(N) / alpha + w**2 * X @ S.T)[1][:4]
print(alpha, w, lam, sigma)
with open('author-hessian.json', 'w') as file:
    json.dump(
        {
            'minibatches': n,
            'moments': {'sts': sts, 'stas': stas, 'staas': staas},
            'gradients': total.tolist(),
            'squares': squares.tolist(),
            's': S.T.tolist(),
            'y': Y.T.tolist(),
        },
        file,
    )
