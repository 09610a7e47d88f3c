/** Something that is not as in DeepOBS, or not as in one of its lines. */
export interface Deviation {
  readonly name: string;
  /** From which of DeepOBS' lines; `both` where both have it. */
  readonly from: 'PyTorch' | 'TensorFlow' | 'both';
  readonly there: string;
  readonly here: string;
  /** Which test problems it is about; `all` of DeepOBS'. */
  readonly testproblems: readonly string[] | 'all';
}

const onMnist = ['mnist', 'fmnist'].flatMap((data) => ['logreg', 'mlp', '2c2d', 'vae'].map((net) => `${data}_${net}`));
const vaes = ['mnist_vae', 'fmnist_vae'];
const onCifar10 = ['cifar10_3c3d', 'cifar10_vgg16', 'cifar10_vgg19'];
const onCifar100 = ['3c3d', 'allcnnc', 'wrn164', 'wrn404', 'vgg16', 'vgg19'].map((net) => `cifar100_${net}`);
const onSvhn = ['svhn_3c3d', 'svhn_wrn164'];
const vggs = [...onCifar10, ...onCifar100].filter((name) => name.includes('vgg'));
const wides = ['svhn_wrn164', 'cifar100_wrn164', 'cifar100_wrn404'];
const twoD = ['two_d_rosenbrock', 'two_d_beale', 'two_d_branin'];
const flattened = [
  ...onMnist.filter((name) => /2c2d|vae/.test(name)),
  ...[...onCifar10, ...onCifar100, ...onSvhn].filter((name) => /3c3d|vgg/.test(name)),
];

/** Every known deviation. What the variants and the protocol `deepobs-beta` take back says so. */
export const DEVIATIONS: readonly Deviation[] = [
  {
    name: 'random numbers',
    from: 'both',
    there: "Python's, NumPy's and the framework's streams",
    here: "this project's streams: the same distributions, other numbers",
    testproblems: 'all',
  },
  {
    name: 'train_eval',
    from: 'both',
    there:
      '1.2: drawn anew at each evaluation from the whole training file, validation included, augmented where training is; 1.1: batches of the whole training file',
    here: 'drawn once from the training split, never augmented; `--protocol deepobs-beta` does as 1.2',
    testproblems: 'all',
  },
  {
    name: 'last batch of an evaluation',
    from: 'both',
    there: 'left out when incomplete: 9,984 of 10,000 images at a batch size of 128 or 64',
    here: 'counted, by its size; `--protocol deepobs-beta` leaves it out',
    testproblems: 'all',
  },
  {
    name: 'divergence',
    from: 'both',
    there: 'seen at the end of an epoch only, lists filled with their first value',
    here: 'seen at each step; the lists end',
    testproblems: 'all',
  },
  {
    name: 'the same order in each epoch',
    from: 'TensorFlow',
    there:
      'the iterator starts anew with each epoch and its shuffle repeats itself: seen in the published quadratic_deep, see below',
    here: 'each epoch has an order of its own, as in the PyTorch line',
    testproblems: [...onMnist, ...onCifar10, ...onCifar100, ...onSvhn, 'quadratic_deep', ...twoD],
  },
  {
    name: 'no validation split',
    from: 'TensorFlow',
    there: '1.1 trains on the whole training file; of SVHN on the first 64,000 images',
    here: 'the split of the PyTorch line, where there is none that of the later TensorFlow line',
    testproblems: [...onMnist, ...onCifar10, ...onCifar100, ...onSvhn, 'tolstoi_char_rnn', 'quadratic_deep'],
  },
  {
    name: 'normalisation of images',
    from: 'TensorFlow',
    there: 'each image by its own mean and deviation; brightness is added, by practically nothing',
    here: "by the channels' means and deviations, brightness is a factor: as in the PyTorch line",
    testproblems: [...onCifar10, ...onCifar100, ...onSvhn],
  },
  {
    name: 'label in the image',
    from: 'TensorFlow',
    there: 'an image of CIFAR-100 begins one byte too early, with its label as the first pixel',
    here: 'not copied',
    testproblems: onCifar100,
  },
  {
    name: 'order of flattened axes',
    from: 'TensorFlow',
    there: 'rows, columns, channels',
    here: 'channels, rows, columns, as in the PyTorch line: the inputs of a dense layer are permuted',
    testproblems: flattened,
  },
  {
    name: 'Hessian of the quadratic',
    from: 'PyTorch',
    there: '1.2.0-beta: another rotation for each test problem made in a process; later develop: a loss of 2/100 of it',
    here: 'the one of 1.1 and of the published runs',
    testproblems: ['quadratic_deep'],
  },
  {
    name: 'padding of transposed convolutions',
    from: 'TensorFlow',
    there: 'cuts one row before the image and two after it',
    here: 'two before and one after, as in the PyTorch line; `--variant tf` does as TensorFlow',
    testproblems: vaes,
  },
  {
    name: 'third dropout of the decoder',
    from: 'TensorFlow',
    there: 'none',
    here: 'there is one, as in the PyTorch line; not with `--variant tf`',
    testproblems: vaes,
  },
  {
    name: 'running statistics',
    from: 'TensorFlow',
    there: 'the newest batch counts 0.1',
    here: "0.9, the PyTorch line's slip, with which its results were published; 0.1 with `--variant tf`",
    testproblems: wides,
  },
  {
    name: 'running variance',
    from: 'TensorFlow',
    there: 'divided by N, or by N − 1 where TensorFlow chooses its fused kernel',
    here: 'divided by N − 1, as in PyTorch, in both variants',
    testproblems: wides,
  },
  {
    name: 'truncated kernels',
    from: 'TensorFlow',
    there: 'kernels are drawn from a truncated normal distribution',
    here: 'a plain one, as in the PyTorch line; truncated with `--variant tf`',
    testproblems: [...onCifar10, 'svhn_3c3d', 'cifar100_3c3d', 'cifar100_allcnnc', 'cifar100_vgg16', 'cifar100_vgg19'],
  },
  {
    name: 'early shortcuts',
    from: 'PyTorch',
    there: 'an early version takes the shortcut of further blocks after normalisation and ReLU',
    here: 'from the input of the block, as its later version and TensorFlow do',
    testproblems: wides,
  },
  {
    name: 'cannot be evaluated there',
    from: 'PyTorch',
    there: 'the function that groups the regularised parameters returns nothing',
    here: 'it can be evaluated',
    testproblems: ['cifar100_wrn404'],
  },
  {
    name: 'resizing and L2 term of VGG',
    from: 'TensorFlow',
    there: 'pixel i of 224 from place 32 i / 224; the term has the kernels only',
    here: 'corners aligned, all weights, as in the PyTorch line; as there with `--variant tf`',
    testproblems: vggs,
  },
  {
    name: 'batch size and epochs',
    from: 'both',
    there: 'none set',
    here: "128 and 100 (cifar100_3c3d), 32 and 100 (VGG), 100 and 100 (two_d): this project's choice",
    testproblems: ['cifar100_3c3d', ...vggs, ...twoD],
  },
  {
    name: 'recurrent network of the PyTorch line',
    from: 'PyTorch',
    there: 'an open proposal: two biases, other initial values and dropout, an L2 term; nothing was published with it',
    here: "the TensorFlow line's network only",
    testproblems: ['tolstoi_char_rnn'],
  },
];
