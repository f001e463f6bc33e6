export type Command = 'run or pause' | 'step' | 'reset';

const commands: Readonly<Record<string, Command>> = { ' ': 'run or pause', s: 'step', r: 'reset' };

/** What of the element with the focus decides whose key it is. */
export interface Focused {
  readonly tagName: string;
  /** The type of an input: `radio`, `number`, … */
  readonly type?: string;
}

/** What a key press asks for; null: it is for the field or button that has the focus, for the browser, or for none. */
export function commandOf(
  { key, ctrlKey, metaKey, altKey, repeat }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'repeat'>,
  focused: Focused | null,
): Command | null {
  const command = commands[key.toLowerCase()];
  if (command === undefined || ctrlKey || metaKey || altKey || (repeat && command !== 'step')) return null;
  if (!focused) return command;
  const toggles = focused.tagName === 'INPUT' && (focused.type === 'radio' || focused.type === 'checkbox');
  if (!toggles && ['INPUT', 'SELECT', 'TEXTAREA'].includes(focused.tagName)) return null;
  // A space presses the button, ticks the box or opens the summary that has the focus.
  const pressedBySpace = toggles || ['BUTTON', 'SUMMARY', 'A'].includes(focused.tagName);
  return pressedBySpace && command === 'run or pause' ? null : command;
}
