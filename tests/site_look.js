// What test_site.py asks of an open page. Run in the browser; returns plain data.
judgeColours => {
  const article = document.querySelector('main');
  const attribute = (element, name) => (element.getAttribute(name) || '').trim();
  const start = element => element.outerHTML.slice(0, 120);

  // TeX that nothing has set
  const texts = document.createTreeWalker(article, NodeFilter.SHOW_TEXT, node =>
    node.parentElement.closest('pre, code, script, style, .katex') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const rawTeX = [];
  while (texts.nextNode())
    if (/\$\$|\\begin\{|\\\(|\\frac/.test(texts.currentNode.data)) rawTeX.push(texts.currentNode.data);

  // Text that is hard to read: contrast below 4.5, as WCAG 2 (level AA) computes it
  const channels = colour => {  // red, green, blue in 0..1, and opacity
    const [r, g, b, opacity = 1] = colour.match(/[\d.]+/g).map(Number);
    return [...[r, g, b].map(v => colour.startsWith('color') ? v : v / 255), opacity];
  };
  const over = (top, bottom) => top.slice(0, 3).map((v, i) => v * top[3] + bottom[i] * (1 - top[3]));
  const known = new Map([[null, [1, 1, 1]]]);
  const behind = element => {
    if (!known.has(element))
      known.set(element, over(channels(getComputedStyle(element).backgroundColor), behind(element.parentElement)));
    return known.get(element);
  };
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const contrast = (element, property) => {
    const paper = behind(element), ink = over(channels(getComputedStyle(element)[property]), paper);
    const [dark, light] = [luminance(paper), luminance(ink)].sort((a, b) => a - b);
    return (light + .05) / (dark + .05);
  };
  const faint = (selector, property) => [...article.querySelectorAll(selector)]
    .filter(element => element.textContent.trim() && contrast(element, property) < 4.5)
    .map(element => `${contrast(element, property).toFixed(2)}: ${start(element)}`);
  const words = 'p, li, td, th, h1, h2, h3, a:not(.headerlink), code, pre span, .katex, figcaption';

  // Images that say nothing to those who cannot see them
  const undescribed = [...document.querySelectorAll('img, svg:not([aria-hidden=true], .katex svg, button svg)')]
    .filter(image => !['alt', 'aria-label', 'aria-labelledby'].some(name => attribute(image, name))).map(start);

  const link = selector => (document.querySelector(selector) || {}).href || '';
  return {
    width: document.documentElement.scrollWidth,
    undescribed,
    rawTeX,
    refusedTeX: document.querySelectorAll('.katex-error').length,
    faint: judgeColours ? [...faint(words, 'color'), ...faint('.inline-figure > svg', 'fill')] : null,
    notebook: link('.notebook-link a'),
    menu: link('.btn-download-notebook-button'),
    computes: document.querySelector('.cell_input') !== null,
  };
}
