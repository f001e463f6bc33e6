import { compress } from '../../compress/compress';
import { apollo, apolloMini } from '../../compress/methods/apollo';
import { coap } from '../../compress/methods/coap';
import { coapProjector } from '../../compress/methods/coap-projector';
import { galore } from '../../compress/methods/galore';
import { ldadam } from '../../compress/methods/ldadam';
import { subtrack } from '../../compress/methods/subtrack';
import type { Projection, Projector } from '../../compress/projector';
import { geodesic } from '../../compress/projectors/geodesic';
import { svd } from '../../compress/projectors/svd';
import { identity } from '../../optim/combinators/identity';
import type { LinearCore, Method } from './method';

/** The round trip of a projector, which is all that is linear in a method around it. */
function roundTrip<P extends Projection>(projector: Projector<P>, gain: LinearCore['gain']): LinearCore {
  return {
    gain,
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
    learningRate: 0.01,
    core: roundTrip(svd, 'biased'),
    make: galore,
  },
  apollo: {
    label: 'APOLLO',
    paper: 'Zhu et al., MLSys 2025, arXiv 2412.05270',
    keeps: 'Adam’s moments of the compressed gradient, and the norm of the last update',
    floats: '2·r·M + 1',
    file: 'src/compress/methods/apollo.ts',
    use: 'apollo({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.01,
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
    learningRate: 0.01,
    make: ({ rank: _, ...settings }) => apolloMini(settings),
  },
  ldadam: {
    label: 'LDAdam',
    paper: 'Robert et al., ICLR 2025, arXiv 2410.16103',
    keeps: 'Adam’s moments of the compressed gradient, the projection, and what projections dropped',
    floats: '2·r·M + r·μ + n·m',
    file: 'src/compress/methods/ldadam.ts',
    use: 'ldadam({ learningRate: 0.01, rank: 16 })',
    ranked: true,
    learningRate: 0.01,
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
    learningRate: 0.01,
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
    learningRate: 0.01,
    core: roundTrip<Projection>(coapProjector(1), 'biased'),
    make: coap,
  },
} as const satisfies Readonly<Record<string, Method>>;
