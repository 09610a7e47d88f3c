export * from './arguments.js';
export * from './option.js';
export * from './request.js';
export * from './table.js';
export * from './values.js';
