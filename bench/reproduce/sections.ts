import { firstDifference, sectionsOf } from './page';

/** A page that is made of sections, each under a heading and after a mark that the page is read by. */
interface SectionedPage<Name extends string> {
  readonly introduction: readonly string[];
  /** The headings by name, in their order. */
  readonly titles: Readonly<Record<Name, string>>;
  /** Sections that a second run does not repeat, such as times. */
  readonly unchecked?: readonly NoInfer<Name>[];
}

/** What a program that writes such a page needs. */
export function sectioned<Name extends string>({ introduction, titles, unchecked = [] }: SectionedPage<Name>) {
  const names = Object.keys(titles) as Name[];

  function sectionOf(name: Name, lines: readonly string[]): string {
    return [`<!-- section ${name} -->`, '', `## ${titles[name]}`, '', ...lines].join('\n').trimEnd();
  }

  /** The sections of which there are lines. */
  function made(lines: Partial<Record<Name, readonly string[]>>): Map<Name, string> {
    return new Map(
      names.flatMap((name) => {
        const found = lines[name];
        return found ? [[name, sectionOf(name, found)] as const] : [];
      }),
    );
  }

  function pageOf(sections: ReadonlyMap<string, string>): string {
    return `${[introduction.join('\n'), ...names.flatMap((name) => sections.get(name) ?? [])].join('\n\n')}\n`;
  }

  /** Where a page differs from sections that were made anew: lines for a person, none where it does not. */
  function differences(page: string, sections: ReadonlyMap<string, string>): string[] {
    const written = sectionsOf(page);
    const uncheckedNames: readonly string[] = unchecked;
    return [
      ...names.filter((name) => !written.has(name)).map((name) => `${name}: the page has no such section`),
      ...[...sections].flatMap(([name, section]) =>
        uncheckedNames.includes(name) ? [] : firstDifference(name, written.get(name), section),
      ),
      ...(pageOf(written) === page ? [] : ['the page is not made of its sections: it was edited']),
    ];
  }

  return { sectionOf, made, pageOf, differences };
}
