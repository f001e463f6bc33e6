// The methods: one line each.

export { type ApolloMiniOptions, type ApolloOptions, apollo, apolloMini } from './apollo';
export { type CoapOptions, coap } from './coap';
export { type FiraOptions, fira } from './fira';
export { type FrugalOptions, frugal } from './frugal';
export { type GaloreOptions, galore } from './galore';
export { type GrassOptions, grass } from './grass';
export { type LdadamFeedback, type LdadamOptions, ldadam } from './ldadam';
export { type QGaloreOptions, qGalore } from './q-galore';
export { type AdamSnsmOptions, adamSnsm, type SubspaceMomentumOptions, subspaceMomentum } from './subspace-momentum';
export { type SubtrackOptions, subtrack } from './subtrack';
export { type VlorpFactors, type VlorpOptions, vlorp } from './vlorp';
