export { type Plan, planOf, readPlan } from './plan.js';
export type { PlanResources } from './plan-resources.js';
export { expandPlan, type PlannedRun, plannedRuns } from './planned-runs.js';
export { runArguments } from './run-arguments.js';
