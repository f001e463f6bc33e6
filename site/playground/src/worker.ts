import { textsInPage } from './texts-in-page';
import { openBackend } from './training/backend';
import type { FromTrack, ToTrack } from './training/contract';
import { conversation } from './training/conversation';
import { openTrack } from './training/track';

/** The part of a worker's global scope that is used here: the types of pages know `postMessage` in another form. */
interface WorkerScope {
  postMessage(message: FromTrack): void;
  onmessage: ((event: MessageEvent<ToTrack>) => void) | null;
}

const page = globalThis as unknown as WorkerScope;

const hear = conversation({
  async open(setting, track) {
    // Tracks train beside each other, and the page itself wants a core.
    const threads = Math.max(1, Math.floor((navigator.hardwareConcurrency - 1) / setting.tracks.length));
    const backend = await openBackend(setting.backend, threads);
    return { backend, track: await openTrack(setting, track, textsInPage) };
  },
  post: (message) => page.postMessage(message),
  now: () => performance.now(),
});

page.onmessage = ({ data }) => hear(data);
