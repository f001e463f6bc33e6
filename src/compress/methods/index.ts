// The methods: one line each.

export { type ApolloMiniOptions, type ApolloOptions, apollo, apolloMini } from './apollo';
export { type FrugalOptions, frugal } from './frugal';
export { type GaloreOptions, galore } from './galore';
