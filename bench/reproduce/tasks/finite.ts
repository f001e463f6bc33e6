import { StateError } from '../../../src/index';

/** What a training comes to, or null where its loss stops being a number. Other errors are errors. */
export async function finite(train: () => Promise<number>): Promise<number | null> {
  try {
    const loss = await train();
    return Number.isFinite(loss) ? loss : null;
  } catch (error) {
    if (error instanceof StateError && error.code === 'trainer/non-finite-loss') return null;
    throw error;
  }
}
