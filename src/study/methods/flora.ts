import { flora } from '../../compress/flora';
import { gaussian } from '../../compress/projectors/gaussian';
import { adam } from '../../optim/optimizers/adam';
import type { Method } from './method';
import { roundTrip } from './projected';

/** Flora, with and without its momentum at a refresh, and the dense Adam that all are measured against. */
export const floraMethods = {
  flora: {
    label: 'Flora',
    paper: 'Hao, Cao and Mou, ICML 2024, arXiv 2402.03293',
    keeps: 'the compressed momentum, and the row and column means of Adafactor',
    floats: 'r·M + n + m',
    file: 'src/compress/flora.ts',
    use: 'flora({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.064,
    core: roundTrip(gaussian, 1),
    make: flora,
  },
  floraReset: {
    label: 'Flora that forgets its momentum',
    paper: 'Hao, Cao and Mou, ICML 2024, arXiv 2402.03293, without its transfer',
    keeps: 'the compressed momentum, from zero at each refresh, and the row and column means of Adafactor',
    floats: 'r·M + n + m',
    file: 'src/compress/flora.ts',
    use: "flora({ learningRate: 0.01, rank: 16, onRefresh: 'reset' })",
    ranked: true,
    learningRate: 0.064,
    core: roundTrip(gaussian, 1),
    make: (settings) => flora({ ...settings, onRefresh: 'reset' }),
  },
  adam: {
    label: 'Adam',
    paper: 'Kingma and Ba, ICLR 2015, arXiv 1412.6980',
    keeps: 'the mean of the gradient and of its square',
    floats: '2·n·m',
    file: 'src/optim/optimizers/adam.ts',
    use: 'adam({ learningRate: 0.01 })',
    ranked: false,
    learningRate: 0.004,
    make: ({ learningRate }) => adam({ learningRate }),
  },
} as const satisfies Readonly<Record<string, Method>>;
