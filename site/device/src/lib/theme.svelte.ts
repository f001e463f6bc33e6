export type Theme = 'light' | 'dark';

/** Light or dark: as the system has it, until the visitor says otherwise. */
export class Appearance {
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');
  #system = $state<Theme>(this.#dark.matches ? 'dark' : 'light');
  #chosen = $state<Theme | null>(null);
  readonly theme: Theme = $derived(this.#chosen ?? this.#system);

  constructor() {
    this.#dark.addEventListener('change', ({ matches }) => {
      this.#system = matches ? 'dark' : 'light';
    });
  }

  toggle(): void {
    this.#chosen = this.theme === 'dark' ? 'light' : 'dark';
  }
}
