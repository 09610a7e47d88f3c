export { describeTfjs } from './describe.js';
export { importInstalledPackage } from './import-package.js';
export { openTfjsEngine } from './open.js';
export type { TfjsVariant } from './variant.js';
