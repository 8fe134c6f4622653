"""A person before a screen: Chromium, driven by Debian's python3-selenium."""
import base64
import os
import re
import subprocess
import urllib.error
import urllib.request

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from tests.browser import axe
from tests.site import tap
from tests.site.build import find_build
from tests.site.people import ADMIN, PASSWORD
from tests.site.wait import wait_for

WIDTHS = {360: 740, 1280: 800}      # a phone, and a monitor in a gate house: width -> height
FLAGS = ("--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --force-prefers-reduced-motion").split()
# tidy 5.6 of Debian does not know that a <dl> may have its pairs in a <div>, and more that HTML has allowed for years.
PAIR = re.compile(rb"<div[^>]*>(\s*<dt>.*?</dd>\s*)</div>", re.S)
TIDY_IS_WRONG = re.compile(r"trimming empty|<(main|nav|section|header)> |proprietary attribute \"(inputmode|autocomplete|aria-current)\"")
_number = [0]


class Screen:
    """One window with cookies of its own at one central. script: False turns JavaScript off. shots: what pictures' names begin with."""

    def __init__(self, ground, central, script=True):
        _number[0] += 1
        self.central, self.script = central, script
        self.shots = os.path.join(find_build(), "browser", "shots")
        os.makedirs(self.shots, exist_ok=True)
        options = webdriver.ChromeOptions()
        for flag in FLAGS + ["--user-data-dir=" + ground.path("chromium-%d" % _number[0])]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not script:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(60)
        self.width(1280)
        self.driver.get("data:text/html,<title>off</title><script>document.title = 'on'</script>")
        assert self.driver.title == ("on" if script else "off"), "JavaScript is " + self.driver.title

    def close(self):
        self.driver.quit()

    def width(self, width):
        """As on a screen of so many CSS pixels."""
        self._width = width
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": WIDTHS[width], "deviceScaleFactor": 1, "mobile": width < 600})

    # ---- what is done

    def open(self, path):
        self.driver.get(self.central.url.rstrip("/") + path)

    def log_in(self, name=ADMIN, password=PASSWORD):
        self.open("/login")
        self.fill(name=name, password=password)
        self._leave(self.driver.find_element(By.CSS_SELECTOR, "main form button[type=submit]"))

    def _leave(self, element):
        """Click, and wait for the page that comes."""
        old = self.driver.find_element(By.TAG_NAME, "html")
        element.click()
        wait_for(lambda: self._is_gone(old) and self.driver.execute_script("return document.readyState") == "complete",
                 what=lambda: "another page than %s" % self.path)

    @staticmethod
    def _is_gone(element):
        try:
            return element.get_attribute("lang") is None
        except WebDriverException:
            return True

    def _shown(self, how, what, number=0):
        found = [one for one in self.driver.find_elements(how, what) if one.is_displayed() and one.size["width"] > 1]
        assert len(found) > number, "there is no %s on %s" % (what, self.path)
        return found[number]

    def fill(self, number=0, **values):
        """Type into the fields of these names; of a list choose the value; number: which, where there are several of a name."""
        for name, value in values.items():
            field = self._shown(By.NAME, name, number)
            if field.tag_name == "select":
                Select(field).select_by_value(value)
            elif field.get_attribute("type") == "checkbox":
                if field.is_selected() != value:
                    field.click()
            else:
                field.clear()
                field.send_keys(value)

    def press(self, text, number=0):
        """The button with that text."""
        self._leave(self._shown(By.XPATH, "//button[normalize-space(.)='%s']" % text, number))

    def follow(self, text, number=0):
        """The link with that text."""
        self._leave(self._shown(By.XPATH, "//a[normalize-space(.)='%s']" % text, number))

    def switch_language(self):
        self._leave(self._shown(By.CSS_SELECTOR, "header a[hreflang]"))

    # ---- what is seen

    @property
    def path(self):
        return self.driver.current_url[len(self.central.url.rstrip("/")):]

    @property
    def title(self):
        return self.driver.title

    @property
    def text(self):
        return " ".join(self.driver.find_element(By.TAG_NAME, "body").text.split())

    @property
    def language(self):
        return self.driver.find_element(By.TAG_NAME, "html").get_attribute("lang")

    def value(self, name, number=0):
        return self._shown(By.NAME, name, number).get_attribute("value")

    def wrong(self, name, number=0):
        """What stands beside the field; "" nothing."""
        field = self._shown(By.NAME, name, number)
        if field.get_attribute("aria-invalid") != "true":
            return ""
        return self.driver.find_element(By.ID, field.get_attribute("aria-describedby").split()[0]).text

    def focused(self):
        """The name of the field that has the focus; None without."""
        return self.driver.switch_to.active_element.get_attribute("name")

    # ---- whether the page is good

    def check(self, name):
        """All of what follows, at both widths; pictures go to the build folder as NAME-LANGUAGE-WIDTH.png."""
        found = self.tidy() + self.complaints()
        for width in WIDTHS:
            self.width(width)
            self.picture("%s-%s-%d" % (name, self.language, width))
            found += ["at %d px: %s" % (width, line) for line in self.too_wide() + self.axe()]
        assert not found, "%s (%s):\n%s" % (name, self.path, "\n".join(found))

    def picture(self, name):
        path = os.path.join(self.shots, name + ("" if self.script else "-noscript") + ".png")
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": {
            "x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1}})
        with open(path, "wb") as f:
            f.write(base64.b64decode(shot["data"]))

    def too_wide(self):
        """A page that has to be pushed sideways. (A phone's innerWidth grows with what is too wide.)"""
        wide = self.driver.execute_script("return document.documentElement.scrollWidth")
        return ["it is %d px wide" % wide] if wide > self._width else []

    def complaints(self):
        """What Chromium says of it: files that are missing, what the CSP forbids, errors of scripts. An answer that tells of a mistake
        is none."""
        return ["Chromium: " + line["message"] for line in self.driver.get_log("browser")
                if line["level"] == "SEVERE" and "the server responded with a status of 4" not in line["message"]
                or "Content Security Policy" in line["message"]]

    def axe(self):
        if not self.script:
            return []
        try:
            self.driver.execute_script(axe.script(find_build()))
        except axe.NoAxe as e:
            skipped.add(str(e))
            return []
        result = self.driver.execute_async_script(
            "const done = arguments[1]; axe.run(document, arguments[0]).then(done, e => done({violations: [], failed: String(e)}))", axe.RULES)
        assert "failed" not in result, result["failed"]
        return ["axe: " + line for line in axe.told(result["violations"])]

    def tidy(self):
        """The page as it was sent (asked for again, as GET), checked by Debian's tidy."""
        cookies = "; ".join("%s=%s" % (one["name"], one["value"]) for one in self.driver.get_cookies() if "flash" not in one["name"])
        request = urllib.request.Request(self.driver.current_url, headers={"Cookie": cookies})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                html = answer.read()
        except urllib.error.HTTPError as e:
            html = e.read()
        done = subprocess.run(["tidy", "-quiet", "-errors", "-utf8", "--drop-empty-elements", "no"], input=PAIR.sub(rb"\1", html), capture_output=True,
                              timeout=60, check=False)
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        return ["tidy: " + line for line in lines if line.strip() and not TIDY_IS_WRONG.search(line)]


skipped = set()     # why checks were left out


def run(namespace):
    """run(globals()): like tap.run, but each test gets (ground, show) and is run twice. show(central) opens a Screen that ends with the
    test: with JavaScript the first time, without the second."""
    def made(test, script):
        def one(ground):
            screens = []

            def show(central):
                screens.append(Screen(ground, central, script))
                return screens[-1]
            try:
                test(ground, show)
            finally:
                for screen in screens:
                    screen.close()
        one.__name__ = test.__name__ + ("" if script else "_without_javascript")
        return one

    tests = [thing for name, thing in namespace.items() if name.startswith("test_")]
    try:
        tap.run({one.__name__: one for test in tests for one in (made(test, True), made(test, False))})
    finally:
        for why in sorted(skipped):
            print("# SKIP axe-core: " + why, flush=True)
