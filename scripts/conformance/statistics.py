"""Recomputes from run files, with NumPy and SciPy, what `probprec compare` says of them, and compares the two:

    probprec compare RESULTS --baselines none --format json > compare.json
    python3 statistics.py compare.json RESULTS [RESULTS ...]

and likewise the ratios of `probprec runtime --json > runtime.json` from its seconds, and the means, intervals and distances from the published
means in the agreement.json of an experiment from the run files that it names:

    python3 statistics.py runtime.json
    python3 statistics.py experiments/preconditioning-laptop/agreement.json

Reads the run files on its own and shares nothing with the suite but their format. For each row of each table: number of runs, mean and
sample standard deviation of the last values; the 95 % interval of the mean (Student's t from scipy.stats, or a bootstrap-t with
100,000 resamples of its own); the differences to the reference over common seeds, their mean, interval and p-value (all 2^n sign
patterns), and Holm's correction. Exit code 1 where one of them differs: exact ones by more than 1e-9, ends of a bootstrap interval by more
than a twentieth of its width. 9,999 resamples scatter by about a hundredth of it (normal values, 10 and 20 runs), and by far more where a
sample has a few values only, so that an end may differ by chance there.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import stats

RESAMPLES = 100_000
LARGEST_EXACT_TEST = 20
# With fewer runs the interval of a mean is Student's.
SMALLEST_BOOTSTRAP = 8


def read_runs(folders):
    """The completed runs by test problem and class name."""
    runs = {}
    for folder in folders:
        for path in sorted(Path(folder).rglob('random_seed__*.json')):
            run = json.loads(path.read_text())
            if run.get('status', {}).get('state') == 'completed':
                runs.setdefault((run['testproblem'], run['optimizer_name']), []).append(run)
    return runs


def same_setting(run, row):
    """Whether a run belongs to a row: every stated hyperparameter is equal."""
    own = run['optimizer_hyperparams']
    return all(own.get(name) == value for name, value in row['hyperparameters'].items())


def student(values):
    margin = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return np.mean(values) - margin, np.mean(values) + margin


def bootstrap_t(values, rng):
    n, centre, spread = len(values), np.mean(values), np.std(values, ddof=1)
    draws = np.asarray(values)[rng.integers(0, n, size=(RESAMPLES, n))]
    own = np.std(draws, axis=1, ddof=1)
    kept = own > 0
    t = (draws.mean(axis=1)[kept] - centre) * np.sqrt(n) / own[kept]
    low, high = np.quantile(t, [0.025, 0.975])
    return centre - high * spread / np.sqrt(n), centre - low * spread / np.sqrt(n)


def sign_flip(differences):
    """The share of all sign patterns whose sum is at least as far from zero; sums that differ by rounding only are equal."""
    n = len(differences)
    signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    sums = np.abs(signs @ np.asarray(differences))
    return np.mean(sums >= abs(np.sum(differences)) - 1e-9 * np.sum(np.abs(differences)))


def holm(p_values):
    """Holm's step-down correction, in the order given."""
    order = np.argsort(p_values, kind='stable')
    corrected, largest = np.empty(len(p_values)), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


class Check:
    """Counts what was compared, and prints what differs."""

    def __init__(self):
        self.compared, self.wrong = 0, 0

    def close(self, what, found, stated, tolerance):
        self.compared += 1
        if not abs(found - stated) <= tolerance:
            self.wrong += 1
            print(f'{what}: {found!r} here, {stated!r} stated')

    def interval(self, what, ends, stated):
        width = stated['high'] - stated['low']
        exact = stated['method'] == 't'
        for end, found in zip(('low', 'high'), ends):
            tolerance = 1e-9 * max(1, abs(stated[end])) if exact else width / 20
            self.close(f'{what}, {end} end ({stated["method"]})', found, stated[end], tolerance)


def values_by_seed(runs, row, metric):
    return {run['random_seed']: run[metric][-1] for run in runs if same_setting(run, row)}


def check_table(table, runs, check, rng):
    metric, problem = table['metric'], table['testproblem']
    rows = [row for row in table['rows'] if row['origin_kind'] == 'results']
    values = {row['name']: values_by_seed(runs.get((problem, row['optimizer']), []), row, metric) for row in rows}
    tested = []
    for row in rows:
        name, final = f'{problem} {row["name"]}', row['final']
        last = [values[row['name']][seed] for seed in sorted(values[row['name']])]
        check.close(f'{name}, runs', len(last), row['counts']['completed'], 0)
        if not last:
            continue
        check.close(f'{name}, mean', np.mean(last), final['mean'], 1e-9 * max(1, abs(final['mean'])))
        if row['interval'] is not None:
            check.close(f'{name}, std', np.std(last, ddof=1), final['sample_std'], 1e-9 * max(1, final['sample_std']))
            make = student if row['interval']['method'] == 't' else lambda sample: bootstrap_t(sample, rng)
            check.interval(name, make(last), row['interval'])
        difference = row['difference']
        if difference is None:
            continue
        reference = values[table['reference']]
        seeds = sorted(set(values[row['name']]) & set(reference))
        pairs = np.array([values[row['name']][seed] - reference[seed] for seed in seeds])
        check.close(f'{name}, pairs', len(pairs), len(difference['seeds']), 0)
        check.close(f'{name}, difference', np.mean(pairs), difference['mean'], 1e-9 * max(1, abs(difference['mean'])))
        if difference['interval'] is not None:
            check.interval(f'{name}, difference', student(pairs), difference['interval'])
        if difference['p_value'] is not None and len(pairs) <= LARGEST_EXACT_TEST:
            p = sign_flip(pairs)
            check.close(f'{name}, p', p, difference['p_value'], 1e-12)
            tested.append((name, p, difference['holm_p']))
    corrected = holm(np.array([p for _, p, _ in tested]))
    for (name, _, stated), p in zip(tested, corrected):
        check.close(f'{name}, p after Holm', p, stated, 1e-12)


def check_runtime(report, check):
    """Ratios to the reference in the same repeat: mean, spread (divided by n), and Student's interval of the logarithms."""
    seconds = {
        (optimizer['name'], measure['scope'], measure['clock']): np.array(measure['seconds'])
        for optimizer in report['optimizers']
        for measure in optimizer['measures']
    }
    for optimizer in report['optimizers']:
        for measure in optimizer['measures']:
            about = (measure['scope'], measure['clock'])
            stated, name = measure['ratio'], ' '.join((optimizer['name'], *about))
            if stated is None or optimizer['name'] == report['reference']:
                continue
            ratios = seconds[(optimizer['name'], *about)] / seconds[(report['reference'], *about)]
            check.close(f'{name}, mean ratio', np.mean(ratios), stated['mean'], 1e-9)
            check.close(f'{name}, std', np.std(ratios), stated['std'], 1e-9)
            if stated['interval'] is not None:
                for end, found, own in zip(('low', 'high'), np.exp(student(np.log(ratios))), stated['interval']):
                    check.close(f'{name}, {end} end', found, own, 1e-9)


def check_agreement(report, folder, check, rng):
    """Each epoch of each curve: our mean, its interval, and how many published standard deviations it is away."""
    for curve in (curve for part in report['parts'] for curve in part['curves']):
        runs = [json.loads((folder / file).read_text()) for file in curve['files']]
        metric, inside = curve['panel'].split(' ')[-1], 0
        curves = [run[metric] for run in runs if run['status']['state'] == 'completed']
        for point in curve['points']:
            name, ours, published = f'{curve["name"]} {curve["panel"]} epoch {point["epoch"]}', point['ours'], point['published']
            values = np.array([own[point['epoch']] for own in curves])
            check.close(f'{name}, runs', len(values), ours['n'], 0)
            check.close(f'{name}, mean', np.mean(values), ours['mean'], 1e-9 * max(1, abs(ours['mean'])))
            if ours['low'] is not None:
                method = 't' if len(values) < SMALLEST_BOOTSTRAP or np.std(values) == 0 else 'bootstrap-t'
                ends = student(values) if method == 't' else bootstrap_t(values, rng)
                check.interval(name, ends, {'low': ours['low'], 'high': ours['high'], 'method': method})
            if point['deviations'] is not None:
                away = (np.mean(values) - published['mean']) / published['std']
                check.close(f'{name}, deviations', away, point['deviations'], 1e-6 * max(1, abs(away)))
                inside += abs(away) <= report['band']
        check.close(f'{curve["name"]} {curve["panel"]}, points inside', inside, curve['inside'], 0)


def main(stated, *folders):
    check, report = Check(), json.loads(Path(stated).read_text())
    if 'repeats' in report:
        check_runtime(report, check)
    elif 'parts' in report:
        check_agreement(report, Path(stated).parent, check, np.random.default_rng(0))
    else:
        rng, runs = np.random.default_rng(0), read_runs(folders)
        for table in report['tables']:
            check_table(table, runs, check, rng)
    print(f'{check.compared} numbers compared, {check.wrong} differ')
    return 1 if check.wrong > 0 or check.compared == 0 else 0


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
