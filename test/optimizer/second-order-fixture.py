"""Trajectories of optimizers for which no published numbers exist, in float64 with numpy, for second-order.test.ts:

    python3 second-order-fixture.py > second-order.json

Written from the papers' formulas and independently of the library: blocks are cut in loops without padding, SOAP's projections are
tensordot, the Krylov space of saddle-free Newton is the QR decomposition of the Krylov matrix.

L(t) = sum_k (t_k^4 / 4 - a_k t_k^2 / 2 + b_k t_k) + 0.025 (sum t)^2 with a_k = 1 + 0.1 (k mod 4), b_k = 0.3 cos(2 k), which has directions of negative
curvature; t = (W 3x4, K 2x2x2x2, c 5), t_k = 0.8 sin(k + 1).
"""
import json
import math
import numpy as np

SHAPES = [(3, 4), (2, 2, 2, 2), (5,)]
SIZES = [int(np.prod(s)) for s in SHAPES]
N = sum(SIZES)
k = np.arange(N)
A, B, START = 1 + 0.1 * (k % 4), 0.3 * np.cos(2 * k), 0.8 * np.sin(k + 1.0)
loss = lambda t: float(np.sum(t**4 / 4 - A * t * t / 2 + B * t) + 0.025 * t.sum() ** 2)
grad = lambda t: t**3 - A * t + B + 0.05 * t.sum()
hess = lambda t: np.diag(3 * t * t - A) + 0.05
split = lambda t: [x.reshape(s) for x, s in zip(np.split(t, np.cumsum(SIZES)[:-1]), SHAPES)]
join = lambda xs: np.concatenate([x.ravel() for x in xs])
norm = np.linalg.norm
out = {}


def run(name, step, n=8):
    t, state, path = START.copy(), {}, []
    for i in range(1, n + 1):
        t = step(t, state, i)
        path.append(t.tolist())
    out[name] = path


def cg(apply, b, start, iterations, stop):
    """Iterates (p, phi) of conjugate gradients, and whether curvature that is not positive ended them in the first iteration."""
    p = np.zeros(N) if start is None else start
    r = b - apply(p)
    d, phis, kept = r, [0.0 if start is None else 0.5 * p @ apply(p) - b @ p], []
    for i in range(iterations):
        if r @ r == 0 or stop(r @ r, phis):
            break
        Ad = apply(d)
        if d @ Ad <= 0:
            return (d if i == 0 and start is None else p), phis[-1], kept
        step = (r @ r) / (d @ Ad)
        p, new = p + step * d, r - step * Ad
        d, r = new + (new @ new) / (r @ r) * d, new
        phis.append(0.5 * p @ apply(p) - b @ p)
        kept.append((p, phis[-1]))
    return p, phis[-1], kept


def newton_cg(t, s, i, damping=1.0):
    g, H = grad(t), hess(t) + damping * np.eye(N)
    end = (min(0.5, math.sqrt(norm(g))) * norm(g)) ** 2
    p, _, _ = cg(lambda v: H @ v, -g, None, 10, lambda rr, _: rr <= end)
    size = 1.0
    while size > 1e-4:
        if loss(t + size * p) <= loss(t) + 1e-4 * size * (g @ p):
            return t + size * p
        size /= 2
    return t


def hessian_free(t, s, i):
    g, H0, lam = grad(t), hess(t), s.get('lam', 1.0)
    H = H0 + lam * np.eye(N)

    def settled(_, phis):
        j = len(phis) - 1
        w = max(10, math.ceil(0.1 * j))
        return j > w and phis[j] < 0 and (phis[j] - phis[j - w]) / phis[j] < w * 5e-4

    start = 0.95 * s['p'] if 'p' in s else None
    p, phi, kept = cg(lambda v: H @ v, -g, start, 250, settled)
    grid, j = set(), 1
    while j <= 250:
        grid.add(j)
        j = math.ceil(j * 1.3 + 1e-9)
    s['p'], chosen, reached = p, (p, phi), loss(t + p)
    for index in range(len(kept), 0, -1):
        if index in grid and kept[index - 1][0] is not p:
            there = loss(t + kept[index - 1][0])
            if there >= reached:
                break
            chosen, reached = kept[index - 1], there
    q = chosen[0]
    rho = (reached - loss(t)) / (g @ q + 0.5 * q @ H0 @ q)
    s['lam'] = lam * (1.5 if rho < 0.25 else 2 / 3 if rho > 0.75 else 1.0)
    size = 1.0
    while size > 1e-6:
        if loss(t + size * q) <= loss(t) + 0.01 * size * (g @ q):
            return t + size * q
        size *= 0.8
    return t


def saddle_free(t, s, i, dimension=5):
    g, H = grad(t), hess(t)
    columns = [g]
    for _ in range(dimension - 1):
        columns.append(H @ columns[-1] / norm(columns[-1]))
    V = np.linalg.qr(np.array(columns).T)[0]
    w, Q = np.linalg.eigh(V.T @ H @ V)
    points = [t - V @ Q @ ((Q.T @ V.T @ g) / (np.abs(w) + gamma)) for gamma in (1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)]
    return min(points, key=loss)


def power(M, exponent, eps):
    w, V = np.linalg.eigh(M)
    w = np.maximum(w + eps, 2.0**-23 * (w.max() + eps))
    return (V * w**exponent) @ V.T


def cut(length, size):
    parts = math.ceil(length / size)
    width = math.ceil(length / parts)
    return [slice(j * width, min((j + 1) * width, length)) for j in range(parts)]


def shampoo(t, s, i, lr=0.1, b1=0.9, b2=0.999, eps=1e-12, size=3, interval=2):
    new = []
    for index, (w, g) in enumerate(zip(split(t), split(grad(t)))):
        st = s.setdefault(index, {'m': np.zeros_like(g), 'v': np.zeros_like(g)})
        st['m'], st['v'] = b1 * st['m'] + (1 - b1) * g, 0.999 * st['v'] + 0.001 * g * g
        m = st['m'] / (1 - b1**i)
        graft = m / (np.sqrt(st['v'] / (1 - 0.999**i)) + 1e-8)
        G, M = g.reshape(g.shape[0], -1), m.reshape(g.shape[0], -1)
        u = np.zeros_like(M)
        for R in cut(G.shape[0], size):
            for C in cut(G.shape[1], size):
                key, block = (R.start, C.start), G[R, C]
                L0, R0 = st.get(('f', key), (0, 0))
                f = st[('f', key)] = (b2 * L0 + (1 - b2) * block @ block.T, b2 * R0 + (1 - b2) * block.T @ block)
                if i >= interval and (i - interval) % interval == 0:
                    c = 1 - b2**i
                    e = -0.25 if g.ndim > 1 else -0.5
                    st[('r', key)] = (power(f[0] / c, e, eps), power(f[1] / c, e, eps) if g.ndim > 1 else np.eye(1))
                if ('r', key) in st:
                    u[R, C] = st[('r', key)][0] @ M[R, C] @ st[('r', key)][1]
        step = graft.reshape(M.shape) if i < interval else u * norm(graft) / norm(u)
        new.append(w - lr * step.reshape(w.shape))
    return join(new)


def along(x, axes, mats, transposed):
    for axis, Q in zip(axes, mats):
        x = np.moveaxis(np.tensordot(Q.T if transposed else Q, x, (1, axis)), 0, axis)
    return x


def soap(t, s, i, lr=0.05, b=0.95, eps=1e-8, wd=0.01, interval=2, longest=10000):
    new = []
    for index, (w, g) in enumerate(zip(split(t), split(grad(t)))):
        axes = [a for a in range(g.ndim) if g.ndim > 1 and g.shape[a] <= longest]
        second = lambda a: np.moveaxis(g, a, 0).reshape(g.shape[a], -1) @ np.moveaxis(g, a, 0).reshape(g.shape[a], -1).T
        st = s.setdefault(index, {'m': np.zeros_like(g), 'v': np.zeros_like(g), 'M': [np.zeros((g.shape[a],) * 2) for a in axes]})
        if i == 1:
            st['M'] = [(1 - b) * second(a) for a in axes]
            st['Q'] = [np.linalg.eigh(M)[1][:, ::-1] for M in st['M']]
            new.append(w)
            continue
        P = along(g, axes, st['Q'], True)
        st['m'], st['v'] = b * st['m'] + (1 - b) * P, b * st['v'] + (1 - b) * P * P
        a = lr * math.sqrt(1 - b ** (i - 1)) / (1 - b ** (i - 1))
        w = w - a * along(st['m'] / (np.sqrt(st['v']) + eps), axes, st['Q'], False)
        new.append(w - lr * wd * w)
        st['M'] = [b * M + (1 - b) * second(x) for x, M in zip(axes, st['M'])]
        if (i - 1) % interval == 0 and axes:
            back = along(st['m'], axes, st['Q'], False)
            for place, x in enumerate(axes):
                Q, M = st['Q'][place], st['M'][place]
                order = np.argsort(-np.diag(Q.T @ M @ Q), kind='stable')
                st['v'] = np.take(st['v'], order, axis=x)
                st['Q'][place] = np.linalg.qr(M @ Q[:, order])[0]
            st['m'] = along(back, axes, st['Q'], True)
    return join(new)


run('newton-cg', newton_cg)
run('hessian-free', hessian_free)
run('saddle-free-newton', saddle_free)
run('shampoo', shampoo)
run('soap', soap)
# W's longer axis, along one direction of which there is no gradient at first, has no basis.
run('soap without the axis of four', lambda t, s, i: soap(t, s, i, longest=3))
print(json.dumps(out))
