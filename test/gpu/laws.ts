import type { Backend } from '../../src/backend/backend';
import { backendLaws } from '../../src/laws/backend-laws';
import type { Law } from '../../src/laws/law';
import { longProducts } from './products';

/** What the GPU backend owes on every driver, in Node and in pages. */
export function gpuLaws(create: () => Backend): Law[] {
  return [...backendLaws(create), ...longProducts(create)];
}
