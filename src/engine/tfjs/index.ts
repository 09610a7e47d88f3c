export { describeTfjs } from './describe.js';
export { openTfjsEngine } from './open.js';
export type { TfjsVariant } from './variant.js';
