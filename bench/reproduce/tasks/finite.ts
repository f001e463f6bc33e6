import { StateError } from '../../../src/index';

/** What says that numbers have grown beyond float32. */
const endings = ['trainer/non-finite-loss', 'cli/diverged', 'linalg/non-finite', 'linalg/overflow'];

/** What a training comes to, or null where its numbers stop being finite. Other errors are errors. */
export async function finite(train: () => Promise<number>): Promise<number | null> {
  try {
    const loss = await train();
    return Number.isFinite(loss) ? loss : null;
  } catch (error) {
    if (error instanceof StateError && endings.includes(error.code)) return null;
    throw error;
  }
}
