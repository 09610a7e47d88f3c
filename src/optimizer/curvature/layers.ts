import { at } from '../../expect.js';
import { type Shape, sizeOf, type Tensor } from '../../tensor/index.js';
import { inputNames } from '../../testproblem/index.js';
import type { TrainingTask } from '../training.js';

/** A parameter tensor (a kernel, a bias vector) as the estimation sees it: `size` numbers in a row. */
export interface Layer {
  readonly name: string;
  readonly shape: Shape;
  readonly size: number;
  /** Index of the group whose α, w and λ it shares. */
  readonly group: number;
  readonly parameter: Tensor;
  /** Name of the program input that holds the parameter. */
  readonly input: string;
}

/** How layers are put into groups: the test problem's own groups, one group of all, or each layer alone. */
export type Grouping = 'problem' | 'all' | 'layer';

/** The layers of a training and the names of their groups. */
export interface Layers {
  readonly list: readonly Layer[];
  readonly groups: readonly string[];
}

/** The task's parameters as layers, in definition order; groups in order of appearance. */
export function layersOf({ problem, parameterNames, groups }: TrainingTask, grouping: Grouping): Layers {
  const groupNames = parameterNames.map((name, index) =>
    grouping === 'all' ? 'all' : grouping === 'layer' ? name : at(groups, index),
  );
  const distinct = [...new Set(groupNames)];
  const list = parameterNames.map((name, index) => {
    const parameter = at(problem.parameters, index);
    return {
      name,
      shape: parameter.shape,
      size: sizeOf(parameter.shape),
      group: distinct.indexOf(at(groupNames, index)),
      parameter,
      input: inputNames.parameter(name),
    };
  });
  return { list, groups: distinct };
}
