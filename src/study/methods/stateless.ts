import { adamw } from '../../optim/optimizers/adamw';
import { muon } from '../../optim/optimizers/muon';
import { sinkGD } from '../../optim/optimizers/sink-gd';
import { swan } from '../../optim/optimizers/swan';
import type { Schedule } from '../../optim/schedules';
import type { Method } from './method';

/** Methods that keep no second moment of a matrix, and no first one but for Muon. */
export const statelessMethods = {
  muon: {
    label: 'Muon',
    paper: 'Jordan et al., 2024',
    keeps: 'the momentum of each matrix',
    floats: 'n·m',
    file: 'src/optim/optimizers/muon.ts',
    use: 'muon({ learningRate: 0.02 })',
    ranked: false,
    learningRate: 0.016,
    make: ({ learningRate, filter }) =>
      // What is no matrix takes Adam's steps, a tenth of Muon's, through the whole schedule.
      muon({
        learningRate,
        filter,
        otherwise: adamw({ learningRate: times(0.1, learningRate), weightDecay: 0 }),
      }),
  },
  swan: {
    label: 'SWAN',
    paper: 'Ma et al., 2024, arXiv 2412.13148',
    keeps: 'nothing of a matrix',
    floats: '0',
    file: 'src/optim/optimizers/swan.ts',
    use: 'swan({ learningRate: 0.001 })',
    ranked: false,
    learningRate: 0.008,
    make: ({ learningRate, filter }) => swan({ learningRate, filter }),
  },
  sinkGD: {
    label: 'SinkGD',
    paper: 'Scetbon et al., 2025, arXiv 2502.06742',
    keeps: 'nothing of a matrix',
    floats: '0',
    file: 'src/optim/optimizers/sink-gd.ts',
    use: 'sinkGD({ learningRate: 0.001 })',
    ranked: false,
    learningRate: 0.004,
    make: ({ learningRate, filter }) => sinkGD({ learningRate, filter }),
  },
} as const satisfies Readonly<Record<string, Method>>;

/** A learning rate, or a schedule of it, by a factor. */
function times(factor: number, learningRate: number | Schedule): number | Schedule {
  return typeof learningRate === 'function' ? (step) => factor * learningRate(step) : factor * learningRate;
}
