import { escapeHtml } from '../../report/escape';
import { backendLine } from '../terminal/format';

/** How to repeat what a page shows, and on what it was computed, where that is known. */
export function repeat(command: string, facts?: Parameters<typeof backendLine>[0]): string {
  const backend = facts && `\n<p class="note">Backend: ${escapeHtml(backendLine(facts))}</p>`;
  return `<h2>Repeat this</h2>\n<pre><code>${escapeHtml(command)}</code></pre>${backend ?? ''}`;
}
