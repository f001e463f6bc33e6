import { greater } from './compare';
import { unary } from './unary';
import { where } from './where';

/** max(x, 0); the derivative at 0 is 0. */
export const relu = unary('relu', (g, x) => where(greater(x, 0), g, 0));
