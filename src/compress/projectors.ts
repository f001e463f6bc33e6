import { coordinates } from './coordinates';
import { explicit } from './explicit';
import { gaussian } from './gaussian';
import { haar } from './haar';
import { rademacher } from './rademacher';

/** The projectors by name. A new one is a file and a row here. */
export const projectors = {
  gaussian,
  rademacher,
  haar,
  coordinates,
  /** Given matrices in place of random ones, one for each refresh. */
  explicit,
};
