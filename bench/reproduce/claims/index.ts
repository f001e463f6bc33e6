import { type Claim, claim } from '../claim';
import { accumulation } from './accumulation';
import { loraProjection } from './lora-projection';
import { lors } from './lors';
import { momentumAdafactor } from './momentum-adafactor';
import { momentumMlp } from './momentum-mlp';
import { momentumSign } from './momentum-sign';
import { periodicLora } from './periodic-lora';
import { rank } from './rank';
import { refreshLinear } from './refresh-linear';
import { refreshText } from './refresh-text';
import { state } from './state';
import { unbiased } from './unbiased';

/** One row a claim, in the order of the page. */
export const claims: readonly Claim[] = [
  claim(unbiased),
  claim(state),
  claim(rank),
  claim(momentumMlp),
  claim(momentumSign),
  claim(momentumAdafactor),
  claim(accumulation),
  claim(refreshLinear),
  claim(refreshText),
  claim(loraProjection),
  claim(periodicLora),
  claim(lors),
];
