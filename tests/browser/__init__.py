"""Pages in Debian's Chromium: what an operator does, at two widths, in two languages, with JavaScript and without."""
