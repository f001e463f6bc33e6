// The methods: one line each.

export { type ApolloMiniOptions, type ApolloOptions, apollo, apolloMini } from './apollo';
export { type CoapOptions, coap } from './coap';
export { type GaloreOptions, galore } from './galore';
export { type LdadamOptions, ldadam } from './ldadam';
export { type SubtrackOptions, subtrack } from './subtrack';
