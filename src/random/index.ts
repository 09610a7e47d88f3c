export { MersenneTwister } from './mersenne-twister.js';
export {
  fillBernoulli,
  fillNormal,
  fillUniform,
  normalArray,
  truncatedNormalArray,
  uniformArray,
} from './samplers.js';
export { RandomStream, randomStream } from './stream.js';
