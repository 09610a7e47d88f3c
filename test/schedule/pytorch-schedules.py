"""Factors of PyTorch's schedulers, called in each of 40 steps, for schedule.test.ts.

    python3 test/schedule/pytorch-schedules.py > test/schedule/pytorch-schedules.json

Written with PyTorch 1.13.
"""
import json

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, MultiStepLR, OneCycleLR, PolynomialLR

STEPS = 40


def factors(make):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    kept = []
    for _ in range(STEPS):
        kept.append(round(optimizer.param_groups[0]["lr"], 13))
        optimizer.step()
        scheduler.step() if len(kept) < STEPS else None
    return kept


rows = {
    "cosine": [{"schedule_end": 0.1}, factors(lambda o: CosineAnnealingLR(o, T_max=STEPS, eta_min=0.1))],
    "polynomial": [{"schedule_power": 2}, factors(lambda o: PolynomialLR(o, total_iters=STEPS, power=2))],
    "exponential": [{"schedule_end": 0.05}, factors(lambda o: ExponentialLR(o, gamma=0.05 ** (1 / STEPS)))],
    "steps": [
        {"schedule_milestones": [0.3, 0.725], "schedule_factor": 0.5},
        factors(lambda o: MultiStepLR(o, milestones=[12, 29], gamma=0.5)),
    ],
    "one-cycle": [{}, factors(lambda o: OneCycleLR(o, max_lr=1.0, total_steps=STEPS, cycle_momentum=False))],
}
print(json.dumps({name: {"given": given, "factors": values} for name, (given, values) in rows.items()}))
