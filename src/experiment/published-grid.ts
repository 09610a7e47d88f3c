import type { CurvePoint } from './curve.js';

/**
 * Final test accuracy of SGD on fmnist_2c2d at DeepOBS' 20 learning rates, 10^-5 to 10^2 evenly spaced in the logarithm: 100
 * epochs, batch size 128, seed 42, computed from the published result files of DeepOBS 1.2.0-beta's baselines. They evaluated
 * 9,984 of the 10,000 test images.
 */
const ACCURACIES = [
  0.648037, 0.725461, 0.76883, 0.805288, 0.843249, 0.865385, 0.887119, 0.901542, 0.913061, 0.910256, 0.918069, 0.91887,
  0.91236, 0.10006, 0.10006, 0.10006, 0.10016, 0.10006, 0.0998598, 0.0998598,
];

/** The published grid of SGD as a curve over the learning rate; every run of it ended with a number. */
export function publishedSgdGrid(): { readonly source: string; readonly points: CurvePoint[] } {
  return {
    source: 'Baselines of DeepOBS 1.2.0-beta: 20 learning rates, 100 epochs, seed 42; from 0.6 on the network guesses',
    points: ACCURACIES.map((value, index) => ({
      x: 10 ** (-5 + (7 * index) / (ACCURACIES.length - 1)),
      n: 1,
      value,
      std: null,
      low: null,
      high: null,
    })),
  };
}
