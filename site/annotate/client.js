// n and p, or the arrows, go on and back; / goes to the filter of the page of all rooms.
const follow = (rel) => document.querySelector(`a[rel=${rel}]`)?.click();
const keys = {
  n: () => follow('next'),
  p: () => follow('prev'),
  ArrowRight: () => follow('next'),
  ArrowLeft: () => follow('prev'),
  '/': () => document.querySelector('#filter')?.focus(),
};
document.addEventListener('keydown', (event) => {
  if (event.target.closest('input, ol, .ex, .eq, .rows') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
// A box that scrolls sideways can be reached by keyboard.
for (const box of document.querySelectorAll('.c ol, .ex, .eq, .rows, .wide, .p')) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

const field = document.querySelector('#filter');
if (field) {
  const found = document.querySelector('#found');
  const everything = window.sourceNames.flatMap(([path, page, ...names]) => [
    { text: path, page, small: '' },
    ...names.map(([name, line]) => ({ text: name, page: `${page}#L${line}`, small: path })),
  ]);
  let chosen = 0;
  const choose = (n) => {
    const links = [...found.querySelectorAll('a')];
    links[chosen]?.classList.remove('on');
    chosen = Math.max(0, Math.min(links.length - 1, n));
    links[chosen]?.classList.add('on');
    links[chosen]?.scrollIntoView({ block: 'nearest' });
  };
  const rank = ({ text, page }, words) => {
    const name = text.toLowerCase();
    if (!words.every((word) => name.includes(word))) return -1;
    return (
      (name === words[0] ? 0 : name.startsWith(words[0]) ? 1 : 2) * 1000 +
      name.length +
      (page.startsWith('src/') ? 0 : 0.5)
    );
  };
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = words.length === 0 ? [] : everything.map((one) => [rank(one, words), one]).filter(([n]) => n >= 0);
    const items = fits
      .sort((a, b) => a[0] - b[0])
      .slice(0, 30)
      .map(([, { text, page, small }]) => {
        const [item, link, note] = ['li', 'a', 'small'].map((tag) => document.createElement(tag));
        link.href = page;
        link.textContent = text;
        note.textContent = small;
        link.append(note);
        item.append(link);
        return item;
      });
    found.replaceChildren(...items);
    choose(0);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') choose(chosen + 1);
    else if (event.key === 'ArrowUp') choose(chosen - 1);
    else if (event.key === 'Enter') found.querySelector('a.on')?.click();
    else if (event.key === 'Escape') field.blur();
    else return;
    event.preventDefault();
  });
}
