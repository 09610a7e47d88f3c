/** Names of the inputs of every program on a test problem. */
export const inputNames = {
  inputs: 'inputs',
  labels: 'labels',
  parameter: (name: string) => `parameter/${name}`,
  constant: (name: string) => `constant/${name}`,
  state: (name: string) => `modelState/${name}`,
  noise: (name: string) => `noise/${name}`,
} as const;
