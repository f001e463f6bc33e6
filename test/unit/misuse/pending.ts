/** Public functions that have no row yet. Empty it: what is here may do anything with a wrong argument. */
export const pending: readonly string[] = [];

const abstract = 'abstract: what is made are its subclasses, which have rows';
const errors = 'made by the library; exported for instanceof';

/** Public functions that need no row, with the reason. */
export const exempt: Readonly<Record<string, string>> = {
  'new Adapter': abstract,
  'new LowRankAdapter': abstract,
  'new Module': abstract,
  'new BackendError': errors,
  'new FileError': errors,
  'new OptionError': errors,
  'new ShapeError': errors,
  'new StateError': errors,
};
