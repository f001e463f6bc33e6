import type { Screen } from '../terminal/io';

/**
 * Shows a text as it grows, until the words that end it: they are not part of it, so what may be their beginning is held
 * back. A terminal gets every character at once, anything else whole lines.
 */
export class TextWriter {
  /** What was added, without the words that end it. */
  text = '';
  /** The words that end it have come. */
  stopped = false;
  readonly #out: Screen;
  readonly #stop: string;
  #shown = 0;
  #line = '';

  constructor(out: Screen, stop = '') {
    this.#out = out;
    this.#stop = stop;
  }

  /** Show what is no part of the text, such as a prompt. */
  show(words: string): void {
    this.#line += words;
    const ready = this.#out.stream.isTTY ? this.#line.length : this.#line.lastIndexOf('\n') + 1;
    this.#out.text(this.#line.slice(0, ready));
    this.#line = this.#line.slice(ready);
  }

  /** Add to the text; true when it has come to its end. */
  add(piece: string): boolean {
    this.text += piece;
    this.stopped = this.#stop !== '' && this.text.endsWith(this.#stop);
    if (this.stopped) this.text = this.text.slice(0, -this.#stop.length);
    else this.#showUntil(this.text.length - this.#held());
    return this.stopped;
  }

  /** Show what is left, and end the line. */
  end(): void {
    this.#showUntil(this.text.length);
    this.show('\n');
  }

  #showUntil(end: number): void {
    this.show(this.text.slice(this.#shown, end));
    this.#shown = end;
  }

  /** The length of the longest end of the text that is a beginning of the words that end it. */
  #held(): number {
    let length = Math.max(0, this.#stop.length - 1);
    while (!this.text.endsWith(this.#stop.slice(0, length))) length--;
    return length;
  }
}
