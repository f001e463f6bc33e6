import katex from 'katex';

const drawn = new Map<string, string>();

/** LaTeX as MathML, which browsers draw without fonts and styles of ours. */
export function mathML(latex: string, display = false): string {
  const key = `${display}${latex}`;
  const given = drawn.get(key);
  if (given !== undefined) return given;
  const html = katex
    .renderToString(latex, { output: 'mathml', displayMode: display, throwOnError: true, strict: 'error' })
    .replace(/<annotation [^>]*>[\s\S]*?<\/annotation>/, '')
    .replace(/<\/?semantics>/g, '')
    .replace(/^<span class="katex(?:-display)?">(?:<span class="katex">)?/, '')
    .replace(/(?:<\/span>)+$/, '')
    // Norms and bars are brackets here; browsers would space them as relations.
    .replaceAll('<mo stretchy="false">∥</mo>', '<mo lspace="0" rspace="0" stretchy="false">‖</mo>')
    .replaceAll('<mo stretchy="false">∣</mo>', '<mo lspace="0" rspace="0" stretchy="false">|</mo>')
    .replace(' xmlns="http://www.w3.org/1998/Math/MathML"', '');
  drawn.set(key, html);
  return html;
}
