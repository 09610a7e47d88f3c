export { agreementJson } from './agreement-file.js';
export type { Experiment, RuntimeWork, Scale } from './experiment.js';
export { type ExperimentPage, experimentPage } from './page.js';
export { experimentNames, loadExperiment } from './registry.js';
