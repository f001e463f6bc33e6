import { activation } from './activation';
import { greater } from './compare';
import { maximum } from './maximum';
import { where } from './where';

/** max(x, 0); the derivative at 0 is 0. */
export const relu = activation('relu', {
  forward: (x) => maximum(x, 0),
  vjp: (g, x) => where(greater(x, 0), g, 0),
});
