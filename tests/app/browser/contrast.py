"""How well text stands out from its ground in a page, by WCAG 2.2 (success criterion 1.4.3, level AA)."""

from __future__ import annotations

from typing import Any

# Every piece of visible text with the ratio of luminances that it has and the one that it needs. Controls that are
# switched off are exempt; so is text behind a layer or scrolled out of a box, which nobody sees.
_SCRIPT = """() => {
  const parse = color => {
    const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = element => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.push(parse(getComputedStyle(one).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const isSeen = element => {
    const {left, top, width, height} = element.getBoundingClientRect();
    if (!width || !height || element.closest('[disabled], [aria-disabled=true]')) return false;
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    return hit && (element.contains(hit) || hit.contains(element));
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName) || !isSeen(element)) continue;
    const style = getComputedStyle(element), below = ground(element);
    const color = parse(style.color);
    for (let one = element; one; one = one.parentElement) color[3] *= Number(getComputedStyle(one).opacity);
    const [light, dark] = [luminance(over(color, below)), luminance(below)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize), isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    found.push([text, (light + 0.05) / (dark + 0.05), isLarge ? 3 : 4.5]);
  }
  return found;
}"""


def too_faint(page: Any) -> list[str]:
    """The texts of a page that do not stand out enough, with their ratio; fails where there is no text at all."""
    found = page.evaluate(_SCRIPT)
    assert len(found) > 5, "there is text to look at"
    return [f"{text[:40]}: {ratio:.2f}" for text, ratio, needed in found if ratio < needed]
