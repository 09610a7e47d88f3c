/** The thesis' experiments and their pages, `probprec/experiment`: docs/experiments.md. */
export {
  type Experiment,
  type ExperimentPage,
  experimentNames,
  experimentPage,
  loadExperiment,
  type RuntimeWork,
  type Scale,
} from '../experiment/index.js';
