/**
 * Draws the views one after another, each at most once in `pause` milliseconds and one in a frame, so that curves of four
 * trainings never hold the page up for long.
 */
export class Redraw {
  readonly #views = new Set<{ readonly draw: () => void; dirty: boolean; drawn: number }>();
  #asked = false;

  constructor(
    readonly pause = 200,
    readonly frame: (then: (now: number) => void) => unknown = (then) => requestAnimationFrame(then),
  ) {}

  /** `draw` is called once soon, and again after each `mark`. Returns how to stop that. */
  add(draw: () => void): () => void {
    const view = { draw, dirty: true, drawn: Number.NEGATIVE_INFINITY };
    this.#views.add(view);
    this.#ask();
    return () => this.#views.delete(view);
  }

  /** There is something new to see. */
  mark(): void {
    for (const view of this.#views) view.dirty = true;
    this.#ask();
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.frame((now) => {
      this.#asked = false;
      this.#next(now);
    });
  }

  /** The one that waits longest. */
  #next(now: number): void {
    const waiting = [...this.#views].filter((view) => view.dirty).sort((a, b) => a.drawn - b.drawn);
    const first = waiting[0];
    if (first === undefined) return;
    if (now - first.drawn >= this.pause) {
      first.dirty = false;
      first.drawn = now;
      first.draw();
    }
    if (waiting.some((view) => view.dirty)) this.#ask();
  }
}
