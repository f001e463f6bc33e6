import { yieldToEventLoop } from 'floragrad';
import type { FromTrack, Look, Reading, Setting, ToTrack } from './contract';
import type { Said, Track } from './track';

/** What a conversation needs of the world around it. */
export interface Around {
  /** Opens the backend, says what it is, and opens the track. */
  open(setting: Setting, track: number): Promise<{ readonly backend: string; readonly track: Track }>;
  post(message: FromTrack): void;
  /** Milliseconds. */
  now(): number;
}

/** Milliseconds between two messages with readings: ten a second. */
const pause = 100;

/**
 * A track's side of its conversation with a page: returns what hears a message. Between two steps the event loop has its
 * turn, so that a pause is heard; how often that is, and when messages go out, changes no number.
 */
export function conversation({ open, post, now }: Around): (message: ToTrack) => void {
  let loaded = false;
  let track: Track | null = null;
  /** Steps to take before the next pause. */
  let wanted = 0;
  let busy = false;
  let readings: Reading[] = [];
  let looks: Look[] = [];
  let last = Number.NEGATIVE_INFINITY;

  const flush = (): void => {
    if (readings.length > 0) post({ kind: 'readings', readings, looks });
    [readings, looks, last] = [[], [], now()];
  };
  const note = ({ reading, look, text }: Said): void => {
    readings.push(reading);
    if (look) looks.push(look);
    if (text !== null) post({ kind: 'text', step: reading.step, text });
    if (now() - last >= pause) flush();
  };
  /** What fails is said, and nothing goes on after it. */
  const trying = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      flush();
      track = null;
      post({ kind: 'failed', ...failure(error) });
    }
  };
  const go = (): Promise<void> =>
    trying(async () => {
      if (!track || busy) return; // a loop that runs sees what is wanted
      busy = true;
      let step = 0;
      while (wanted > 0 && !track.done) {
        wanted--;
        const said = await track.advance();
        note(said);
        step = said.reading.step;
        await yieldToEventLoop();
      }
      busy = false;
      flush();
      if (!track.done) return;
      track = null;
      post({ kind: 'done', step });
    });
  const load = (setting: Setting, number: number): Promise<void> =>
    trying(async () => {
      if (loaded) throw new Error('a track is loaded once: start another worker for another one');
      loaded = true;
      const opened = await open(setting, number);
      track = opened.track;
      post({ kind: 'start', start: { ...track.start, backend: opened.backend } });
      await go();
    });

  return (message) => {
    if (message.kind === 'load') void load(message.setting, message.track);
    else {
      wanted = { run: Infinity, step: 1, pause: 0 }[message.kind];
      void go();
    }
  };
}

function failure(error: unknown): { readonly code: string; readonly message: string } {
  const { code = 'playground/unknown', message = String(error) } = error as { code?: string; message?: string };
  return { code, message };
}
