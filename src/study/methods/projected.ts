import { compress } from '../../compress/compress';
import { apollo, apolloMini } from '../../compress/methods/apollo';
import { coap } from '../../compress/methods/coap';
import { coapProjector } from '../../compress/methods/coap-projector';
import { fira } from '../../compress/methods/fira';
import { frugal } from '../../compress/methods/frugal';
import { galore } from '../../compress/methods/galore';
import { grass } from '../../compress/methods/grass';
import { ldadam } from '../../compress/methods/ldadam';
import { qGalore } from '../../compress/methods/q-galore';
import { subtrack } from '../../compress/methods/subtrack';
import { vlorp } from '../../compress/methods/vlorp';
import type { Projection, Projector } from '../../compress/projector';
import { gaussian } from '../../compress/projectors/gaussian';
import { geodesic } from '../../compress/projectors/geodesic';
import { quantised } from '../../compress/projectors/quantised';
import { svd } from '../../compress/projectors/svd';
import { topCoordinates } from '../../compress/projectors/top-coordinates';
import { identity } from '../../optim/combinators/identity';
import type { LinearCore, Method } from './method';

/** The round trip of a projector, which is all that is linear in a method around it. */
export function roundTrip<P extends Projection>(projector: Projector<P>, gain: LinearCore['gain']): LinearCore {
  return {
    gain,
    projector,
    make: ({ rank, seed }) =>
      compress({ projector, rank, inner: identity, refreshEvery: Infinity, onRefresh: 'keep', seed }),
  };
}

/** Methods that step in a subspace, or by what they see in one. */
export const projectedMethods = {
  galore: {
    label: 'GaLore',
    paper: 'Zhao et al., ICML 2024, arXiv 2403.03507',
    keeps: 'Adam’s moments of the compressed gradient, and the projection',
    floats: '2·r·M + r·μ',
    file: 'src/compress/methods/galore.ts',
    use: 'galore({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.064,
    core: roundTrip(svd, 'biased'),
    make: galore,
  },
  qGalore: {
    label: 'Q-GaLore',
    paper: 'Zhang et al., 2024, arXiv 2407.08296',
    keeps: 'Adam’s moments of the compressed gradient, the projection in 4 bits, and its first singular vector',
    floats: '2·r·M + ⌈r·μ/8⌉ + 2·r + μ',
    file: 'src/compress/methods/q-galore.ts',
    use: 'qGalore({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.032,
    core: { gain: 'biased', make: roundTrip(quantised(svd), 'biased').make }, // rounded: no theory
    make: qGalore,
  },
  apollo: {
    label: 'APOLLO',
    paper: 'Zhu et al., MLSys 2025, arXiv 2412.05270',
    keeps: 'Adam’s moments of the compressed gradient, and the norm of the last update',
    floats: '2·r·M + 1',
    file: 'src/compress/methods/apollo.ts',
    use: 'apollo({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.016,
    make: apollo,
  },
  apolloMini: {
    label: 'APOLLO-Mini',
    paper: 'Zhu et al., MLSys 2025, arXiv 2412.05270',
    keeps: 'Adam’s moments of one coordinate of each channel, and the norm of the last update',
    floats: '2·M + 1',
    file: 'src/compress/methods/apollo.ts',
    use: 'apolloMini({ learningRate: 0.01 })',
    ranked: false,
    learningRate: 0.016,
    make: ({ rank: _, ...settings }) => apolloMini(settings),
  },
  fira: {
    label: 'Fira',
    paper: 'Chen et al., 2024, arXiv 2410.01623',
    keeps: 'Adam’s moments of the compressed gradient, the projection, and the norm of the last rest',
    floats: '2·r·M + r·μ + 1',
    file: 'src/compress/methods/fira.ts',
    use: 'fira({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.016,
    core: roundTrip(svd, 'biased'),
    make: fira,
  },
  frugal: {
    label: 'FRUGAL',
    paper: 'Zmushko et al., 2024, arXiv 2411.07837',
    keeps:
      'Adam’s moments of the compressed gradient, and the projection; nothing of the rest, which moves by its sign',
    floats: '2·r·M + r·μ',
    file: 'src/compress/methods/frugal.ts',
    use: 'frugal({ learningRate: 0.001, rank: 16 })',
    ranked: true,
    learningRate: 0.008,
    core: roundTrip(svd, 'biased'),
    make: frugal,
  },
  grass: {
    label: 'GRASS',
    paper: 'Muhamed et al., EMNLP 2024, arXiv 2406.17660',
    keeps: 'Adam’s moments of the selected rows, and which they are',
    floats: '2·r·M + 2·r',
    file: 'src/compress/methods/grass.ts',
    use: 'grass({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.016,
    core: roundTrip(topCoordinates, 'biased'),
    make: grass,
  },
  vlorp: {
    label: 'VLoRP',
    paper: 'arXiv 2505.01744, 2025',
    keeps: 'the momentum of the compressed gradient, and the row and column sums of the squared round trip',
    floats: 'r·M + n + m',
    file: 'src/compress/methods/vlorp.ts',
    use: 'vlorp({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.008,
    core: roundTrip(gaussian, 1),
    make: vlorp,
  },
  ldadam: {
    label: 'LDAdam',
    paper: 'Robert et al., ICLR 2025, arXiv 2410.16103',
    keeps: 'Adam’s moments of the compressed gradient, the projection, and what projections dropped',
    floats: '2·r·M + r·μ + n·m',
    file: 'src/compress/methods/ldadam.ts',
    use: 'ldadam({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.008,
    core: roundTrip(svd, 'biased'),
    make: ({ refreshEvery: _, ...settings }) => ldadam(settings), // its subspace turns in every step
  },
  subtrack: {
    label: 'SubTrack++',
    paper: 'Rajabi et al., NeurIPS 2025, arXiv 2502.01586',
    keeps: 'Adam’s moments of the compressed gradient, the projection, and the norm of what was recovered last',
    floats: '2·r·M + r·μ + 1',
    file: 'src/compress/methods/subtrack.ts',
    use: 'subtrack({ learningRate: 0.01, rank: 16, stepSize: 10 })',
    ranked: true,
    learningRate: 0.008,
    core: roundTrip(geodesic(), 'biased'),
    make: (settings) => subtrack({ stepSize: 10, ...settings }),
  },
  coap: {
    label: 'COAP',
    paper: 'Xiao et al., CVPR 2025, arXiv 2412.00071',
    keeps: 'Adam’s moments of the compressed gradient, and the projection',
    floats: '2·r·M + r·μ',
    file: 'src/compress/methods/coap.ts',
    use: 'coap({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.008,
    core: roundTrip<Projection>(coapProjector(1), 'biased'),
    make: coap,
  },
} as const satisfies Readonly<Record<string, Method>>;
