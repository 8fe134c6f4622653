"""A page as a person without JavaScript uses it: read its words, fill its form in, press one of its buttons."""
import re
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

from tests.site.people import ADMIN, PASSWORD, add_user

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
MARKED = ("button", "a", "h1", "h2", "h3")


class _Reader(HTMLParser):
    """inputs: those of forms, textareas and lists too, as attributes with "value"; each knows its "form", by number."""

    def __init__(self):
        super().__init__()
        self.words, self.inputs, self.buttons, self.links, self.headings, self.forms = [], [], [], [], [], []
        self.open, self.astray, self._form, self._text_of, self._area, self._list = [], [], None, None, None, None
        self.title, self.language = "", None

    def _input(self, attributes):
        self.inputs.append(dict(attributes, form=self._form))
        return self.inputs[-1]

    def handle_starttag(self, tag, pairs):
        attributes = {name: "" if value is None else value for name, value in pairs}
        if tag not in VOID:
            self.open.append(tag)
        if tag == "html":
            self.language = attributes.get("lang")
        elif tag == "form":
            self.forms.append(attributes)
            self._form = len(self.forms) - 1
        elif tag == "input":
            self._input(attributes)
        elif tag == "textarea":
            self._area = self._input(dict(attributes, value=""))
        elif tag == "select":
            self._list = self._input(dict(attributes, value=None, options=[]))
        elif tag == "option" and self._list is not None:
            self._list["options"].append(attributes["value"])
            if self._list["value"] is None or "selected" in attributes:
                self._list["value"] = attributes["value"]
        elif tag in MARKED:
            self._text_of = {"tag": tag, "attributes": dict(attributes, form=self._form), "text": ""}

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.astray.append(tag)
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._list = None
        if self._text_of and self._text_of["tag"] == tag:
            ended, self._text_of = self._text_of, None
            kind = {"button": self.buttons, "a": self.links}.get(tag, self.headings)
            kind.append((" ".join(ended["text"].split()), ended["attributes"]))

    def handle_data(self, data):
        if self._area is not None:
            self._area["value"] += data
            return
        if self.open[-2:] == ["head", "title"]:
            self.title += data
        self.words.append(data)
        if self._text_of:
            self._text_of["text"] += data


class Page:
    """What came for a GET or a POST, after following redirects. path: where that was."""

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
    def title(self):
        return self._read.title

    @property
    def language(self):
        return self._read.language

    @property
    def headings(self):
        return [text for text, _ in self._read.headings]

    @property
    def links(self):
        """{text: href}"""
        return {text: attributes["href"] for text, attributes in self._read.links}

    def values(self, name):
        """Values of all inputs of that name, in order."""
        return [one.get("value", "") for one in self._read.inputs if one.get("name") == name]

    def wrong(self, name):
        """Which of them are marked as wrong, by their class."""
        return ["is-invalid" in one.get("class", "").split() for one in self._read.inputs if one.get("name") == name]

    def said_of(self, name, number=0):
        """What stands at the input that is marked as wrong, by its aria-describedby."""
        inputs = [one for one in self._read.inputs if one.get("name") == name]
        ids = inputs[number]["aria-describedby"].split()
        return " ".join(re.search(r'id="%s"[^>]*>(.*?)<' % re.escape(id), self.answer.text, re.S).group(1).strip() for id in ids)

    def press(self, label, fill=None, where=0):
        """Submit the form by the button with that label. fill: {name: value, or {number: value} of several of a name; True and
        False for boxes}. where: which of several such buttons. -> the page that comes"""
        button = [attributes for text, attributes in self._read.buttons if text == label][where]
        fill = {name: dict(value) if isinstance(value, dict) else {0: value} for name, value in (fill or {}).items()}
        fields, seen = [], {}
        for one in self._read.inputs:
            name = one.get("name")
            if not name or one["form"] != button["form"]:
                continue
            number = seen[name] = seen.get(name, -1) + 1
            value = fill.get(name, {}).pop(number, None)
            if one.get("type") in ("checkbox", "radio"):
                if value if value is not None else "checked" in one:
                    fields.append((name, one.get("value", "on")))
            else:
                fields.append((name, one.get("value") or "" if value is None else value))
        assert not any(fill.values()), "there are no such inputs: %s" % fill
        if button.get("name"):
            fields.append((button["name"], button.get("value", "")))
        form = self._read.forms[button["form"]]
        return self.browser.post(urljoin(self.path, button.get("formaction") or form["action"]), fields)

    def follow(self, label, where=0):
        """Go where the link with that text leads."""
        link = [attributes for text, attributes in self._read.links if text == label][where]
        return self.browser.get(urljoin(self.path, link["href"]))


class Browser:
    """Asks one central as a browser does, and keeps its cookies. source: a client.Client that calls from another address."""

    def __init__(self, central, source=None):
        self._central, self._client, self.cookies = central, source or central.client, {}

    def _own(self):
        return "http://%s:%d" % (self._client.host, self._central.api_port)

    def log_in(self, name=ADMIN, password=PASSWORD):
        """As somebody who has an account -> the page that comes"""
        return self.get("/login").press("Đăng nhập", {"name": name, "password": password})

    def get(self, path):
        return self._land(path, self._raw("GET", path, None, {"Sec-Fetch-Site": "none"}))

    def post(self, path, fields):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self._own(), "Sec-Fetch-Site": "same-origin"}
        return self._land(path, self._raw("POST", path, urlencode(fields).encode(), headers))

    def _raw(self, method, path, body, headers):
        if self.cookies:
            headers = dict(headers, Cookie="; ".join("%s=%s" % one for one in self.cookies.items()))
        answer = self._client.raw(method, path, body, headers)
        for line in answer.cookies:
            name, value = line.split(";")[0].split("=", 1)
            self.cookies.pop(name, None)
            if "Max-Age=0" not in line:
                self.cookies[name] = value
        return answer

    def _land(self, path, answer):
        if answer.status in (302, 303):
            return self.get(urljoin(path, answer.headers["location"]))
        return Page(self, path, answer)


def administrator(central):
    """A browser at which an administrator, made if need be, is logged in."""
    if ADMIN not in central.rows.values("SELECT name FROM users"):
        add_user(central, ADMIN, "admin")
    browser = Browser(central)
    browser.log_in()
    return browser
