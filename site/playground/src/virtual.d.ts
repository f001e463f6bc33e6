declare module 'virtual:formulas' {
  /** MathML of each preset's formula, by the preset's id. */
  export const formulas: Readonly<Record<string, string>>;
}

declare module 'virtual:choices' {
  /** What is known of each method, by what `TrackSetting.method` says. */
  export const methods: Readonly<Record<string, import('./lib/names').MethodWords>>;
  /** What `TrackSetting.projector` may say. */
  export const projectorNames: readonly string[];
}
