/** DeepOBS' rules for the best setting: final mean, best point of the mean curve, or most runs. */
export const SELECTION_MODES = ['final', 'best', 'most'] as const;

/** One of DeepOBS' rules. */
export type SelectionMode = (typeof SELECTION_MODES)[number];
