/** What people with a keyboard, a screen reader or weak eyes need of a page, looked for in the browser itself. */
import type { Page } from 'playwright-core';

/** Text of at least this ratio to what is behind it; large or bold text may have 3 (WCAG 2.2, 1.4.3). */
const TEXT_RATIO = 4.5;
const LARGE_TEXT_RATIO = 3;

/** Texts on the page whose contrast is too low, computed from the colours that the browser painted. */
export async function contrastProblems(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`(${contrastInPage})(${TEXT_RATIO}, ${LARGE_TEXT_RATIO})`)) as string[];
}

/** Buttons whose edge cannot be told from what is around them (WCAG 2.2, 1.4.11). */
export async function edgeProblems(page: Page): Promise<readonly string[]> {
  return (await page.evaluate(`(${edgesInPage})(${LARGE_TEXT_RATIO})`)) as string[];
}

/** Colours as the browser painted them. */
const COLOURS = `
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const colour = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], alpha };
  };
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((byte) => byte / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let each = element; each !== null; each = each.parentElement) {
      const { rgb, alpha } = colour(getComputedStyle(each).backgroundColor);
      if (alpha === 255) return rgb;
    }
    return [255, 255, 255];
  };
  const contrast = (rgb, other) => {
    const [one, two] = [luminance(rgb), luminance(other)];
    return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  };
`;

const edgesInPage = `(least) => {${COLOURS}
  const buttons = [...document.querySelectorAll('button:not(:disabled)')].filter((one) => one.checkVisibility());
  const problems = buttons.length === 0 ? ['there are no buttons'] : [];
  for (const button of buttons) {
    const ratio = contrast(colour(getComputedStyle(button).borderTopColor).rgb, ground(button.parentElement));
    if (ratio < least) problems.push(button.textContent + ': ' + ratio.toFixed(2));
  }
  return problems;
}`;

const contrastInPage = `(textRatio, largeRatio) => {${COLOURS}
  const problems = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let looked = 0;
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (text === '' || element.closest('script, style') !== null || !element.checkVisibility()) continue;
    looked += 1;
    const style = getComputedStyle(element);
    const ratio = contrast(colour(style.color).rgb, ground(element));
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (element.closest(':disabled') === null && ratio < (large ? largeRatio : textRatio)) problems.push(text.slice(0, 40) + ': ' + ratio.toFixed(2));
  }
  if (looked < 10) problems.push('only ' + looked + ' texts were looked at');
  return problems;
}`;

/** Faults of structure: landmarks, headings, names, tab order and visible focus. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  const structure = (await page.evaluate(`(${structureInPage})()`)) as string[];
  return [...structure, ...(await focusProblems(page))];
}

const structureInPage = `() => {
  const problems = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  if (document.documentElement.lang !== 'en') problems.push('no language');
  for (const landmark of ['header', 'main']) if (all(landmark).length !== 1) problems.push(landmark + ' is not there once');
  let level = 0;
  for (const heading of all('h1, h2, h3, h4')) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) problems.push('heading skips a level: ' + heading.textContent);
    level = next;
  }
  if (all('h1').length !== 1) problems.push('not one h1');
  const ids = all('[id]').map(({ id }) => id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) problems.push('id used twice: ' + id);
  for (const element of all('[aria-labelledby]')) if (document.getElementById(element.getAttribute('aria-labelledby')) === null) problems.push('labelled by nothing');
  for (const link of all('a[href^="#"]')) if (document.getElementById(decodeURIComponent(link.getAttribute('href').slice(1))) === null) problems.push('link to nothing: ' + link.textContent);
  const names = all('button, input, a').map((control) => control.getAttribute('aria-label') || control.closest('label')?.textContent || control.textContent);
  if (names.some((name) => name.trim() === '')) problems.push('a control without a name');
  const buttons = all('button').map((control) => control.getAttribute('aria-label') || control.textContent);
  for (const name of buttons) if (buttons.indexOf(name) !== buttons.lastIndexOf(name)) problems.push('two buttons of one name: ' + name);
  for (const table of all('table')) if (table.caption === null || table.querySelector('th[scope=col]') === null) problems.push('a table without caption or headers');
  if (all('[tabindex]').some(({ tabIndex }) => tabIndex > 0)) problems.push('a tab order of its own');
  return problems;
}`;

/** Goes through the page with the tab key: every control is reached once, in the order of the document, and is seen to have focus. */
async function focusProblems(page: Page): Promise<readonly string[]> {
  const count = Number(
    await page.evaluate(`(() => {
      const controls = [...document.querySelectorAll('a[href], button:not(:disabled), input:not(:disabled), [tabindex="0"]')].filter((one) => one.checkVisibility());
      controls.forEach((one, index) => { one.tabNumber = index; });
      document.activeElement?.blur();
      return controls.length;
    })()`),
  );
  const problems: string[] = [];
  for (let index = 0; index < count; index++) {
    await page.keyboard.press('Tab');
    const found = (await page.evaluate(
      `({ number: document.activeElement.tabNumber, outline: getComputedStyle(document.activeElement).outlineStyle })`,
    )) as { number?: number; outline: string };
    if (found.number !== index) return [...problems, `tab ${index} of ${count} reaches ${found.number}`];
    if (found.outline === 'none') problems.push(`tab ${index} shows no focus`);
  }
  return problems;
}
