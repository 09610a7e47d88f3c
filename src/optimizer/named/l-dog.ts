import { defineDistanceOverGradients } from '../define-distance-over-gradients.js';

/** L-DoG (Ivgi, Hinder & Carmon 2023): DoG with a step size for each parameter tensor. */
export default defineDistanceOverGradients({
  name: 'l-dog',
  className: 'LDoG',
  description: 'SGD with the step size distance over gradients, one for each layer',
  layerwise: true,
});
