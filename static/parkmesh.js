/*
 * Refreshes the parts of a page that are marked, in place. Pages work without it.
 *
 * A part is an element with an id and data-refresh="history" (shows stays: fetched when one changed anywhere) or
 * data-refresh="mesh" (shows the state of programs: fetched when a central comes or goes, and every 10 s). The page is fetched again
 * as it is, and each part made equal to the one with its id there, node by node, so that focus, scrolling, what is selected, opened or
 * being typed stay. Children with an id or data-key are recognised when others come before them. An element with aria-live says by
 * itself what was added.
 *
 * Changes are told by /ws/history, at which any frame but mesh_update is about the history; where that cannot be connected to, all
 * parts are fetched every 10 s. The element "live" says which it is. Nothing is done while the page cannot be seen.
 */
(function () {
	"use strict";

	const POLL_MS = 10000, GAP_MS = 1000, PATIENCE_MS = 15000, GRACE_MS = 5000;
	const RETRY_MS = 1000, RETRY_MAX_MS = 30000, LASTED_MS = 10000;
	const address = location.pathname + location.search;
	const words = document.getElementById("live");
	const parts = () => document.querySelectorAll("[data-refresh][id]");
	const shows = what => document.querySelector("[data-refresh=" + what + "][id]") !== null;
	let socket = null, opened = 0, retry = RETRY_MS, reconnect, grace;
	let fetching = null, wanted = false, due = 0, last = 0, poll = 0;
	let good = Date.now(), ended = good; /* when what is shown was last known to be all, and to be told at once */
	let patient = false;                  /* it has just ended, and may be back before anybody needs to know */
	let tried = false;                    /* to connect, since the page is seen */

	/* --- making one node equal to another --- */

	const key = node => node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "";
	const alike = (old, fresh) => old.nodeName === fresh.nodeName && key(old) === key(fresh);

	function typed(node) {
		if (!/^(INPUT|TEXTAREA|SELECT)$/.test(node.nodeName))
			return false;
		if (node === document.activeElement)
			return true;
		if (node.nodeName === "SELECT")
			return Array.from(node.options).some(one => one.selected !== one.defaultSelected);
		return node.value !== node.defaultValue || node.checked !== node.defaultChecked;
	}

	function copyAttributes(old, fresh) {
		for (const one of Array.from(old.attributes))
			if (!fresh.hasAttribute(one.name) && !(one.name === "open" && old.nodeName === "DETAILS"))
				old.removeAttribute(one.name);
		for (const one of Array.from(fresh.attributes))
			if (old.getAttribute(one.name) !== one.value)
				old.setAttribute(one.name, one.value);
	}

	function copyChildren(old, fresh) {
		const held = new Map(), kept = new Set(Array.from(fresh.childNodes, key));
		for (const child of Array.from(old.childNodes)) {
			if (key(child) && !kept.has(key(child)))
				child.remove();
			else if (key(child))
				held.set(key(child), child);
		}
		let at = old.firstChild;
		for (const child of Array.from(fresh.childNodes)) {
			let same = key(child) ? held.get(key(child)) : at;
			if (!same || !alike(same, child))
				same = null;
			if (!same)
				old.insertBefore(document.importNode(child, true), at);
			else if (same === at)
				at = at.nextSibling;
			else
				old.insertBefore(same, at);
			if (same)
				become(same, child);
		}
		while (at) {
			const next = at.nextSibling;
			at.remove();
			at = next;
		}
	}

	function become(old, fresh) {
		if (old.isEqualNode(fresh) || typed(old))
			return;
		if (old.nodeType !== Node.ELEMENT_NODE) {
			old.data = fresh.data;
			return;
		}
		copyAttributes(old, fresh);
		copyChildren(old, fresh);
	}

	/* --- fetching the page again --- */

	function show(text) {
		const page = new DOMParser().parseFromString(text, "text/html"), focus = document.activeElement;
		for (const part of parts()) {
			const fresh = page.getElementById(part.id);
			if (fresh && fresh.dataset.refresh)
				become(part, fresh);
		}
		if (focus && focus !== document.activeElement && focus.isConnected)
			focus.focus({preventScroll: true});
	}

	/* A redirect leads to the log-in; it, and a page that is no longer to be had, are shown instead. */
	async function take(answer) {
		if (answer.type === "opaqueredirect" || [401, 403, 404, 410].includes(answer.status)) {
			stop();
			location.replace(address);
		} else if (answer.status === 405) {
			stop();
		} else if (answer.ok) {
			show(await answer.text());
			good = last;
		}
		return answer.ok;
	}

	async function refresh() {
		if (fetching) {
			wanted = true;
			return;
		}
		const control = fetching = new AbortController(), patience = setTimeout(() => control.abort(), PATIENCE_MS);
		let done = false;
		wanted = false;
		last = Date.now();
		try {
			done = await take(await fetch(address,
				{redirect: "manual", cache: "no-store", credentials: "same-origin", signal: control.signal}));
		} catch {
			done = false;
		}
		clearTimeout(patience);
		if (fetching !== control)
			return; /* stopped meanwhile */
		fetching = null;
		if (!live() && !patient)
			say(done ? "polled" : "lost");
		if (wanted)
			soon();
	}

	/* Once a second at most, however many changes are told. */
	function soon() {
		if (due || document.hidden)
			return;
		due = setTimeout(() => {
			due = 0;
			refresh();
		}, Math.max(50, last + GAP_MS - Date.now()));
	}

	function tick() {
		if (!live() || shows("mesh"))
			refresh();
	}

	/* --- what is told --- */

	const live = () => socket !== null && socket.readyState === WebSocket.OPEN;

	function say(what) {
		if (!words)
			return;
		if (words.dataset.state !== what) {
			words.dataset.since = new Date((what === "lost" ? good : ended) + words.dataset.offset * 60000).toISOString().slice(11, 16);
			words.dataset.state = what;
		}
		const text = words.dataset[what].replace("{time}", words.dataset.since);
		if (words.textContent !== text)
			words.textContent = text;
		if (words.hidden)
			words.hidden = false;
		else
			words.setAttribute("role", "status"); /* what it says first need not be read out */
	}

	function hear(frame) {
		if (shows(frame.data.startsWith('{"type":"mesh_update"') ? "mesh" : "history"))
			soon();
	}

	function lose() {
		ended = good = Date.now();
		patient = true;
		clearTimeout(grace);
		grace = setTimeout(() => {
			patient = false;
			refresh();
		}, GRACE_MS);
	}

	function connect() {
		const own = socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/ws/history");
		own.onopen = () => {
			opened = Date.now();
			clearTimeout(grace);
			patient = false;
			tried = true;
			say("live");
			refresh(); /* what changed before */
		};
		own.onmessage = hear;
		own.onclose = () => {
			if (own !== socket)
				return;
			socket = null;
			retry = opened && Date.now() - opened > LASTED_MS ? RETRY_MS : Math.min(2 * retry, RETRY_MAX_MS);
			reconnect = setTimeout(connect, Math.random() * retry);
			if (opened)
				lose();
			else if (!tried)
				refresh();
			opened = 0;
			tried = true;
		};
	}

	/* --- beginning and ending --- */

	function stop() {
		for (const timer of [reconnect, grace, due])
			clearTimeout(timer);
		clearInterval(poll);
		due = poll = 0;
		patient = tried = false;
		if (live())
			ended = good = Date.now();
		if (fetching)
			fetching.abort();
		fetching = null;
		const own = socket;
		socket = null;
		if (own)
			own.close();
	}

	function start() {
		if (poll || document.hidden || parts().length === 0)
			return;
		poll = setInterval(tick, POLL_MS);
		connect();
	}

	document.addEventListener("visibilitychange", () => {
		if (document.hidden)
			stop();
		else
			start();
	});
	addEventListener("pagehide", stop);
	addEventListener("pageshow", start);
	start();
})();
