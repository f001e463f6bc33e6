declare module 'virtual:recorded' {
  /** What docs/benchmarks.md has when the page is built. */
  export const recorded: import('./report/recorded').Recorded;
}
