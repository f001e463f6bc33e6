import { inPage } from './suite-in-page';

inPage('wasm', { isolated: false });
inPage('wasm', { isolated: true });
