/**
 * Which dimension of a gradient G [n, m] a projection A compresses.
 * - `right`: down(G) = G·Aᵀ [n, r], A [r, m], compresses m
 * - `left`:  down(G) = A·G [r, m], A [r, n], compresses n
 * - `both`:  something of both, see the projector
 */
export type Side = 'left' | 'right' | 'both';
