import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvParse } from 'd3-dsv';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { csvOf } from '../../../../src/cli/figures/csv';
import { checkFiguresFolder, recordOf, writeFigures } from '../../../../src/cli/figures/folder';
import { renderFigures } from '../../../../src/cli/figures/render';
import { textWidth } from '../../../../src/cli/figures/text-width';
import { darkOf, themed } from '../../../../src/cli/figures/themed';
import { studyPage } from '../../../../src/cli/report/study-page';
import { curvesFigure, type Figure } from '../../../../src/study';
import { workFolder } from '../captured';

const cwd = workFolder();
const figure = (name: string): Figure =>
  curvesFigure({
    name,
    title: `Error & "bias" of ${name}`,
    caption: 'A caption <with> signs.',
    x: { title: 'rank', log: true },
    y: { title: 'error', log: true },
    curves: [
      { label: 'gaussian', points: [4, 16, 64].map((x) => ({ x, y: 16 / x, low: 15 / x, high: 18 / x })) },
      { label: 'haar', points: [4, 16, 64].map((x) => ({ x, y: 16 / x - 0.25 })), theory: [{ x: 4, y: 3.75 }] },
    ],
    levels: [{ label: 'nothing learned', y: 1 }],
  });
const figures = ['first', 'second'].map(figure);

/** The program as the build makes it, of the sources as they are. */
let program = '';
let svgs: readonly string[] = [];

const bundled = (entry: string, outfile: string, platform: 'node' | 'neutral'): Promise<unknown> =>
  build({
    entryPoints: [entry],
    bundle: true,
    platform,
    mainFields: ['module', 'main'],
    format: 'esm',
    target: 'es2022',
    external: ['gpu.js'],
    outfile,
    logLevel: 'error',
  });

beforeAll(async () => {
  program = join(cwd, 'render-figure.mjs');
  await bundled('src/cli/figures/render-figure.ts', program, 'neutral');
  svgs = await renderFigures(figures, program);
}, 120_000);

describe('renderFigures', () => {
  it('gives the same bytes in every process', () => {
    const alone = execFileSync(process.execPath, [program], { input: JSON.stringify(figures[1]), encoding: 'utf8' });
    expect(alone).toBe(svgs[1]);
  });

  it('writes one svg with every symbol, label and level, and says what it shows', () => {
    const [svg] = svgs as [string];
    expect(svg.match(/<svg\b/g)).toHaveLength(1);
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    expect(texts).toEqual(
      expect.arrayContaining(['rank', 'error', '4', '16', '64', 'gaussian', 'haar', 'nothing learned']),
    );
    expect(svg).toMatch(/role="img" aria-label="Error &amp; &quot;bias&quot; of first"/);
    expect(svg).toContain('<desc>A caption &lt;with&gt; signs.');
  });

  it('has a colour for the dark for every colour of the light', () => {
    const [svg] = svgs as [string];
    const used = [...svg.matchAll(/(?:fill|stroke)="(#[^"]*)"/g)].map(([, colour]) => colour as string);
    expect(used.length).toBeGreaterThan(10);
    expect([...new Set(used)].filter((colour) => !(colour in darkOf))).toEqual([]);
    for (const colour of new Set(used)) expect(svg).toContain(`"${colour}"]{`);
  });

  it('has the colours of the pages around it', () => {
    const style = readFileSync('src/report/style.css', 'utf8');
    const colours = [...style.matchAll(/--[\w-]+: (#\w{6});/g)].map(([, colour]) => colour as string);
    const [light, dark] = [colours.slice(0, colours.length / 2), colours.slice(colours.length / 2)];
    for (const [day, night] of Object.entries(darkOf)) expect(dark[light.indexOf(day)]).toBe(night);
  });

  it('gives no id twice in a page of several figures', () => {
    const ids = svgs.flatMap((svg) => [...svg.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id));
    expect(ids.length).toBeGreaterThanOrEqual(2);
    expect(new Set(ids).size).toBe(ids.length);
    const made = themed(
      '<svg width="2" height="1" viewBox="0 0 2 1"><clipPath id="c"/><g clip-path="url(#c)"/></svg>',
      {
        ...(figures[0] as Figure),
      },
    );
    expect(made).toContain('<clipPath id="first-0"/><g clip-path="url(#first-0)"/>');
  });

  it.each([
    ['a specification that is none', { ...figure('bad'), spec: { $schema: 'x', mark: 7 } }, /figure bad: /],
    [
      'data from elsewhere',
      {
        ...figure('far'),
        spec: { $schema: 'x', data: { url: 'http://localhost/a.json' }, mark: 'point', encoding: {} },
      },
      /figure far: .*localhost/,
    ],
  ])('refuses %s', async (_, wrong, message) => {
    await expect(renderFigures([wrong as unknown as Figure], program)).rejects.toThrow(message);
  });

  it.skipIf(process.platform === 'win32')(
    'draws in a process group that a Ctrl-C at the terminal does not reach',
    async () => {
      const leader = join(cwd, 'leader.mjs');
      writeFileSync(leader, 'process.kill(-process.pid, 0); process.stdout.write("leads its group");');
      expect(await renderFigures(figures, leader)).toEqual(['leads its group', 'leads its group']);
    },
  );

  it('says so when a process dies', async () => {
    const dying = join(cwd, 'dying.mjs');
    writeFileSync(dying, 'process.kill(process.pid, "SIGKILL");');
    await expect(renderFigures(figures, dying)).rejects.toThrow(
      /^\[cli\/figure\] cannot draw the figure (first|second): ended by SIGKILL/,
    );
  });
});

describe('reportIfEnded', () => {
  it.skipIf(process.platform === 'win32')(
    'draws and writes what there is on a Ctrl-C, which ends the process',
    async () => {
      const [script, page] = [join(cwd, 'ended.mjs'), join(cwd, 'partial.html')];
      await bundled('test/unit/cli/figures/ended-process.ts', script, 'node');
      const child = spawn(process.execPath, [script, page, program], {
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      const ended = new Promise<number | null>((resolve) => {
        child.on('close', resolve);
      });
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        const first = said === '';
        said += text;
        if (first) process.kill(-(child.pid as number), 'SIGINT'); // to its whole group, as a terminal does
      });
      expect(await ended).toBe(130);
      expect(readFileSync(page, 'utf8')).toMatch(/^page with <svg .*id="so-far"/);
      expect(said).toContain('partial.html, of what there is so far');
    },
  );
});

describe('widths of texts', () => {
  it('grow with the letters and the size', () => {
    expect(textWidth({ fontSize: 10 }, 'mm')).toBeCloseTo(19);
    expect(textWidth({ fontSize: 20 }, 'il')).toBeLessThan(textWidth({ fontSize: 20 }, 'ab'));
    expect(textWidth({}, null)).toBe(0);
  });
});

describe('csvOf', () => {
  const rows = [
    { name: 'a "quoted", one', value: 0.1 + 0.2, errors: [1e-300, null], deep: { er: true } },
    { name: 'two\nlines', value: null, errors: [], later: -1.7976931348623157e308 },
  ];

  it('gives back every number with all its digits, lists as columns, and nothing for null', () => {
    const [first, second] = csvParse(csvOf(rows));
    expect(first).toEqual({
      name: 'a "quoted", one',
      value: '0.30000000000000004',
      'errors.0': '1e-300',
      'errors.1': '',
      'deep.er': 'true',
      later: '',
    });
    expect(second?.name).toBe('two\nlines');
    expect(second?.value).toBe('');
    expect(Number(second?.later)).toBe(-Number.MAX_VALUE);
  });
});

describe('writeFigures', () => {
  const found = { question: 'error', command: 'floragrad study', seed: 3, rows: [{ rank: 4, error: 0.5 }] };

  it('writes drawings, specifications and rows, and the same bytes each time but for the timings', async () => {
    const folder = join(cwd, 'new', 'folder');
    await checkFiguresFolder(folder);
    expect(readdirSync(cwd)).not.toContain('new');
    const write = (seconds: number) => writeFigures(folder, { ...found, figures, svgs, timings: { seconds } });
    const names = await write(1);
    expect(readdirSync(folder).sort()).toEqual([...names].sort());
    const read = () => names.map((name) => readFileSync(join(folder, name), 'utf8'));
    const before = read();
    await write(2);
    const after = read();
    expect(names.filter((_, i) => before[i] !== after[i])).toEqual(['timings.json']);
    expect(JSON.parse(readFileSync(join(folder, 'first.vl.json'), 'utf8'))).toEqual(figures[0]?.spec);
    expect(Object.keys(recordOf(found))).toEqual(['question', 'command', 'seed', 'versions', 'rows']);
  });

  it('says before the work that the folder is a file', async () => {
    writeFileSync(join(cwd, 'file'), '');
    await expect(checkFiguresFolder(join(cwd, 'file'))).rejects.toThrow(/^\[file\/write\]/);
  });

  it('leaves an older file when a new one cannot be written', async () => {
    const folder = join(cwd, 'old');
    mkdirSync(join(folder, 'second.svg'), { recursive: true });
    writeFileSync(join(folder, 'rows.csv'), 'older');
    await expect(writeFigures(folder, { ...found, figures, svgs })).rejects.toThrow(/second\.svg: it is a directory/);
    expect(readFileSync(join(folder, 'rows.csv'), 'utf8')).toBe('older');
  });
});

describe('studyPage', () => {
  const page = (svg: string | null): string =>
    studyPage({
      title: 'A question',
      partial: 'Interrupted after 1 of 2 rows.',
      lead: 'Lead.',
      figures: [{ figure: figures[0] as Figure, svg }],
      table: { caption: 'All', columns: [{ heading: 'rank', cell: (row) => String(row.rank) }], rows: [{ rank: 4 }] },
      notes: ['A <note>.'],
      command: 'floragrad study --projector gaussian,haar --rank 4,16',
    });

  it('holds the drawing, its numbers, and files to save that are what they say', () => {
    const html = page(svgs[0] as string);
    const files = [...html.matchAll(/download="([^"]+)" href="data:[^"]*;base64,([^"]*)"/g)].map(
      ([, name, bytes]) => [name, Buffer.from(bytes as string, 'base64').toString('utf8')] as const,
    );
    expect(files.map(([name]) => name)).toEqual([
      'first.svg',
      'first.csv',
      'first.json',
      'first.vl.json',
      'rows.csv',
      'rows.json',
    ]);
    const text = Object.fromEntries(files);
    expect(text['first.svg']).toBe(svgs[0]);
    expect(JSON.parse(text['first.vl.json'] as string)).toEqual(figures[0]?.spec);
    expect(csvParse(text['first.csv'] as string)).toHaveLength(8);
    expect(text['rows.csv']).toBe('rank\n4\n');
    expect(html).toContain('Interrupted after 1 of 2 rows.');
    expect(html).toContain('gaussian,<wbr>haar --rank 4,16');
    expect(html).toContain('A &lt;note&gt;.');
    expect(html).not.toMatch(/<script|uPlot|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  });

  it('says so where a figure was not drawn in time', () => {
    expect(page(null)).toMatch(/there was no time to draw this figure/);
    expect(page(null)).not.toContain('download="first.svg"');
  });
});
