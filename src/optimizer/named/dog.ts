import { defineDistanceOverGradients } from '../define-distance-over-gradients.js';

/** DoG (Ivgi, Hinder & Carmon 2023): θ ← θ − r̄ / √(Σ ‖g‖² + ε) g. */
export default defineDistanceOverGradients({
  name: 'dog',
  className: 'DoG',
  description: 'SGD with the step size distance over gradients',
  layerwise: false,
});
