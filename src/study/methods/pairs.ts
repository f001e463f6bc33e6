import { chain } from '../../optim/combinators/chain';
import { adam } from '../../optim/optimizers/adam';
import { altLora, altLoraPlus } from '../../optim/pairs/alt-lora';
import { loraPlus } from '../../optim/pairs/lora-plus';
import { loraRite } from '../../optim/pairs/lora-rite';
import { preconditionPairs } from '../../optim/pairs/precondition-pairs';
import type { Method } from './method';

/** Methods that train the factors of adapters; floats are of the state of a pair A [r, m], B [n, r]. */
export const pairMethods = {
  loraPlus: {
    label: 'LoRA+',
    paper: 'Hayou, Ghosh and Yu, ICML 2024, arXiv 2402.12354',
    keeps: 'Adam’s moments of both factors',
    floats: '2·r·n + 2·r·m',
    file: 'src/optim/pairs/lora-plus.ts',
    use: 'loraPlus({ learningRate: 0.001 })',
    ranked: false,
    trains: 'adapters',
    learningRate: 0.001,
    make: ({ learningRate }) => loraPlus({ learningRate }),
  },
  riemannian: {
    label: 'Riemannian LoRA',
    paper: 'Zhang and Pilanci, ICML 2024, arXiv 2402.02347',
    keeps: 'Adam’s moments of the preconditioned gradients of both factors',
    floats: '2·r·n + 2·r·m',
    file: 'src/optim/pairs/precondition-pairs.ts',
    use: 'chain(preconditionPairs(), adam({ learningRate: 0.004 }))',
    ranked: false,
    trains: 'adapters',
    learningRate: 0.004,
    make: ({ learningRate }) => chain(preconditionPairs(), adam({ learningRate })),
  },
  loraRite: {
    label: 'LoRA-RITE',
    paper: 'Yen et al., ICLR 2025, arXiv 2410.20625',
    keeps: 'a mean and a small mean square of each factor’s gradient, and the basis of the other factor',
    floats: '2·r·n + 2·r·m + 2·r·r',
    file: 'src/optim/pairs/lora-rite.ts',
    use: 'loraRite({ learningRate: 0.004 })',
    ranked: false,
    trains: 'adapters',
    learningRate: 0.004,
    make: ({ learningRate }) => loraRite({ learningRate }),
  },
  altLora: {
    label: 'AltLoRA',
    paper: 'Yu et al., 2025, arXiv 2505.12455',
    keeps: 'a mean of the fitted gradients of both factors, and the last B',
    floats: '2·r·n + r·m',
    file: 'src/optim/pairs/alt-lora.ts',
    use: 'altLora({ learningRate: 0.1, beta1: 0.9 })',
    ranked: false,
    trains: 'adapters',
    learningRate: 0.1,
    make: ({ learningRate }) => altLora({ learningRate, beta1: 0.9 }).transform,
  },
  altLoraPlus: {
    label: 'AltLoRA+',
    paper: 'Yu et al., 2025, arXiv 2505.12455',
    keeps: 'Adam’s moments of the fitted gradients of both factors, and the last B',
    floats: '3·r·n + 2·r·m',
    file: 'src/optim/pairs/alt-lora.ts',
    use: 'altLoraPlus({ learningRate: 0.004, beta1: 0.9 })',
    ranked: false,
    trains: 'adapters',
    learningRate: 0.004,
    make: ({ learningRate }) => altLoraPlus({ learningRate, beta1: 0.9 }).transform,
  },
} as const satisfies Readonly<Record<string, Method>>;
