/** Characters of Moby-Dick that are learned from: the first fifth, so that a page has it inside. */
export const mobyDickLength = 260_000;

/** The chapters in the order of their numbers, with a blank line between them, cut to the length above. */
export function mobyDickOf(chapters: Readonly<Record<string, string>>): string {
  const number = (file: string): number => Number(/chapter_(\d+)\.txt/.exec(file)?.[1]);
  const inOrder = Object.keys(chapters).sort((a, b) => number(a) - number(b));
  return inOrder
    .map((file) => chapters[file])
    .join('\n')
    .slice(0, mobyDickLength);
}
