import { type Claim, claim } from '../claim';
import { loraProjection } from './lora-projection';
import { rank } from './rank';
import { state } from './state';
import { unbiased } from './unbiased';

/** One row a claim, in the order of the page. */
export const claims: readonly Claim[] = [claim(unbiased), claim(state), claim(rank), claim(loraProjection)];
