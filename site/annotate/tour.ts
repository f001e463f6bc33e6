/** A page of the tour. */
export interface Stop {
  /** Its page: `0`, `1`, …, or a name for what comes after. */
  readonly slug: string;
  readonly number?: number;
  readonly title: string;
  readonly minutes?: number;
  /** Markdown. */
  readonly text: string;
  readonly question?: string;
  /** What stands behind the question on its line. */
  readonly hint?: string;
  readonly answer?: string;
  /** Questions with their answers, for a page that is a list of them. */
  readonly list?: readonly { readonly question: string; readonly answer: string }[];
  /** Files and folders that it names, in their order. */
  readonly files: readonly string[];
}

export interface Tour {
  readonly title: string;
  /** Markdown, before the first stop. */
  readonly intro: string;
  readonly stops: readonly Stop[];
  /** Paths that are not there. */
  readonly missing: readonly { readonly path: string; readonly line: number }[];
}

const heading = /^\*\*(\d+)\. (.+?) \((\d+) min\):\*\*\s*/;

/** Reads `docs/reading.md`; `has` says which paths exist. */
export function readTour(markdown: string, has: (path: string) => boolean): Tour {
  const [first = '', ...sections] = markdown.split(/\n(?=## )/);
  const paragraphs = first.split(/\n{2,}/);
  const title = paragraphs[0]?.replace(/^# /, '') ?? '';
  const start = paragraphs.findIndex((one) => heading.test(one));
  const stops = stopsOf(paragraphs.slice(start), has);
  return {
    title,
    intro: paragraphs.slice(1, start).join('\n\n'),
    stops: [...stops, ...sections.map((section) => sectionOf(section, has))],
    missing: missingIn(markdown, has),
  };
}

function stopsOf(paragraphs: readonly string[], has: (path: string) => boolean): Stop[] {
  const stops: Stop[] = [];
  for (const paragraph of paragraphs) {
    const last = stops.at(-1);
    if (heading.test(paragraph)) stops.push(stopOf(paragraph, has));
    else if (last && /^Answer: /.test(paragraph))
      stops[stops.length - 1] = { ...last, answer: paragraph.replace(/^Answer: /, '') };
    else if (last) {
      const text = `${last.text}\n\n${paragraph.trim()}`;
      stops[stops.length - 1] = { ...last, text, files: [...new Set([...last.files, ...filesIn(paragraph, has)])] };
    }
  }
  return stops;
}

function stopOf(paragraph: string, has: (path: string) => boolean): Stop {
  const [, number = '', title = '', minutes = ''] = heading.exec(paragraph) ?? [];
  const body = paragraph.replace(heading, '').trim();
  const [, before = body, question, hint = ''] = /^([\s\S]*?)(?:^|\s)_([^_]+\?)_\s*([\s\S]*)$/.exec(body) ?? [];
  return {
    slug: number,
    number: Number(number),
    title,
    minutes: Number(minutes),
    text: before.trim(),
    ...(question === undefined ? {} : { question: question.replaceAll('\n', ' ') }),
    ...(hint === '' ? {} : { hint }),
    files: filesIn(paragraph, has),
  };
}

/** A section behind the stops is a page of its own; a numbered list of questions is folded. */
function sectionOf(section: string, has: (path: string) => boolean): Stop {
  const [, title = '', body = ''] = /^## (.+)\n([\s\S]*)$/.exec(section.trim()) ?? [];
  const asked = Array.from(
    body.matchAll(/^\d+\. _([^_]+\?)_\s+([\s\S]*?)(?=\n\d+\. _|\n\n|$(?![\s\S]))/gm),
    ([, question = '', answer = '']) => ({ question, answer: answer.replaceAll(/\n {2,}/g, '\n') }),
  );
  const list = asked.length > 1 ? asked : undefined;
  const text = list ? body.replaceAll(/^\d+\. _[\s\S]*?(?=\n\d+\. _|\n\n|$(?![\s\S]))\n?/gm, '') : body;
  const slug = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return { slug, title, text: text.trim(), ...(list ? { list } : {}), files: filesIn(section, has) };
}

const path = /`((?:src|kernels|docs|test|examples|bench)\/[^`\s]*)`/g;

function filesIn(markdown: string, has: (path: string) => boolean): string[] {
  return [...new Set(Array.from(markdown.matchAll(path), ([, found = '']) => found))].filter(has);
}

function missingIn(markdown: string, has: (path: string) => boolean): { path: string; line: number }[] {
  return Array.from(markdown.matchAll(path)).flatMap(({ 1: found = '', index }) =>
    has(found) ? [] : [{ path: found, line: markdown.slice(0, index).split('\n').length }],
  );
}
