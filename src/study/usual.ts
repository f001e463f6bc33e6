import type { Projector } from '../compress/projector';
import { coordinates } from '../compress/projectors/coordinates';
import { gaussian } from '../compress/projectors/gaussian';
import { haar } from '../compress/projectors/haar';
import { rademacher } from '../compress/projectors/rademacher';

/** What is compared where nothing is said: the unbiased projectors that Flora is usually run with. */
export const usualProjectors: readonly Projector[] = [gaussian, rademacher, haar, coordinates];
