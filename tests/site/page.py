"""A page as a person without JavaScript uses it: read its words, fill its form in, press one of its buttons."""
import re
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self.inputs, self.buttons, self.links, self.headings = [], [], [], [], []
        self.form, self.open, self.astray = None, [], []
        self._text_of = None

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "form":
            self.form = attributes
        elif tag == "input":
            self.inputs.append(attributes)
        elif tag in ("button", "a", "h1", "h2", "h3"):
            self._text_of = {"tag": tag, "attributes": attributes, "text": ""}

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.astray.append(tag)
        if self._text_of and self._text_of["tag"] == tag:
            ended, self._text_of = self._text_of, None
            kind = {"button": self.buttons, "a": self.links}.get(tag, self.headings)
            kind.append((" ".join(ended["text"].split()), ended["attributes"]))

    def handle_data(self, data):
        self.words.append(data)
        if self._text_of:
            self._text_of["text"] += data


class Page:
    """What came for a GET or a POST, after following redirects."""

    def __init__(self, browser, path, answer):
        self.browser, self.path, self.answer = browser, path, answer
        self._read = _Reader()
        self._read.feed(answer.text)
        self._read.close()
        assert not self._read.open and not self._read.astray, "tags are not paired: %s, %s" % (self._read.open, self._read.astray)

    @property
    def text(self):
        """All that is to be read, blanks made one."""
        return re.sub(r"\s+", " ", " ".join(self._read.words))

    @property
    def headings(self):
        return [text for text, _ in self._read.headings]

    def values(self, name):
        """Values of all inputs of that name, in order."""
        return [one.get("value", "") for one in self._read.inputs if one.get("name") == name]

    def wrong(self, name):
        """Which of them are marked as wrong, by their class."""
        return ["is-invalid" in one.get("class", "").split() for one in self._read.inputs if one.get("name") == name]

    def said_of(self, name, number=0):
        """What stands at the input that is marked as wrong, by its aria-describedby."""
        inputs = [one for one in self._read.inputs if one.get("name") == name]
        found = re.search(r'id="%s"[^>]*>(.*?)<' % re.escape(inputs[number]["aria-describedby"]), self.answer.text, re.S)
        return found.group(1).strip()

    def press(self, label, fill=None, where=0):
        """Submit the form by the button with that label. fill: {name: value, or {number: value} of several of a name}.
        where: which of several such buttons. -> the page that comes"""
        fill = {name: value if isinstance(value, dict) else {0: value} for name, value in (fill or {}).items()}
        fields, seen = [], {}
        for one in self._read.inputs:
            name = one.get("name")
            if not name:
                continue
            number = seen[name] = seen.get(name, -1) + 1
            fields.append((name, fill.get(name, {}).pop(number, one.get("value", ""))))
        assert not any(fill.values()), "there are no such inputs: %s" % fill
        button = [attributes for text, attributes in self._read.buttons if text == label][where]
        if button.get("name"):
            fields.append((button["name"], button.get("value", "")))
        return self.browser.post(urljoin(self.path, button.get("formaction") or self._read.form["action"]), fields)

    def follow(self, label, where=0):
        """Go where the link with that text leads."""
        link = [attributes for text, attributes in self._read.links if text == label][where]
        return self.browser.get(urljoin(self.path, link["href"]))


class Browser:
    """Asks one central as a browser on the same machine does."""

    def __init__(self, central):
        self._central = central

    def _own(self):
        return "http://127.0.0.1:%d" % self._central.api_port

    def get(self, path):
        return self._land(path, self._central.raw("GET", path, None, {"Sec-Fetch-Site": "none"}))

    def post(self, path, fields):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._own(), "Sec-Fetch-Site": "same-origin"}
        return self._land(path, self._central.raw("POST", path, urlencode(fields).encode(), headers))

    def _land(self, path, answer):
        if answer.status in (302, 303):
            return self.get(urljoin(path, answer.headers["location"]))
        return Page(self, path, answer)
