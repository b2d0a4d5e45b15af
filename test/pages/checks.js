// What a reader would stumble over, as a list of sentences. It is evaluated in the page; the page itself has no script.
(() => {
	const wrong = [];
	const name = (e) => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""} "${e.textContent.trim().slice(0, 30)}"`;
	const width = innerWidth;
	if (document.documentElement.scrollWidth > width) wrong.push(`the page is ${document.documentElement.scrollWidth} wide, the screen ${width}`);

	const channel = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	const color = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
	const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = color(getComputedStyle(e).backgroundColor);
			if (c.length && (c[3] ?? 1) > 0) return c;
		}
		return [255, 255, 255];
	};
	const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);

	// Words: large enough, with contrast, and on the screen (in a table that scrolls they may be beside it).
	for (const e of document.body.querySelectorAll("*")) {
		if (e.closest("svg") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
		const box = e.getBoundingClientRect(), style = getComputedStyle(e);
		if (box.width === 0 || style.display === "none") continue;
		if (parseFloat(style.fontSize) < 11) wrong.push(`${name(e)} has letters of ${style.fontSize}`);
		const c = contrast(color(style.color), behind(e));
		if (c < 4.5) wrong.push(`${name(e)} has a contrast of ${c.toFixed(2)}`);
		if (!e.closest(".scroll") && (box.left < -0.5 || box.right > width + 0.5)) wrong.push(`${name(e)} is cut off: ${box.left} to ${box.right}`);
	}

	// Words of an axis do not lie on each other.
	for (const axis of document.querySelectorAll(".x, .y, .ratios .head .c5")) {
		const words = [...axis.children].map((e) => [e, e.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
		words.forEach(([a, p], i) => words.slice(i + 1).forEach(([b, q]) => {
			if (p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom) wrong.push(`${name(a)} lies on ${name(b)}`);
		}));
	}

	// What is drawn stands out from the card, and has a size.
	for (const e of document.querySelectorAll("svg .line, svg .dot, .heat path.l1, .heat path.l8")) {
		const style = getComputedStyle(e), paint = e.classList.contains("line") ? style.stroke : style.fill;
		const c = contrast(color(paint), behind(e.closest(".card")));
		if (c < (e.matches(".l1") ? 1.1 : 2.5)) wrong.push(`${name(e)} ${paint} has a contrast of ${c.toFixed(2)}`);
		const box = e.getBoundingClientRect();
		if (box.width + box.height < 1) wrong.push(`${name(e)} has no size`);
	}
	for (const e of document.querySelectorAll(".area, .row:not(.head) .c5")) {
		const box = e.getBoundingClientRect();
		if (box.width < 200 || box.height < 20) wrong.push(`${name(e)} is ${box.width} by ${box.height}`);
	}
	return wrong;
})()
