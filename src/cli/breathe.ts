/** Let signals, timers and finalizers run: a loop that only awaits finished work never does. */
export const breathe = (): Promise<void> => new Promise((resume) => setImmediate(resume));
