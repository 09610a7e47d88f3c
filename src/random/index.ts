export { MersenneTwister } from './mersenne-twister.js';
export { normalArray, truncatedNormalArray, uniformArray } from './samplers.js';
export { RandomStream, randomStream } from './stream.js';
