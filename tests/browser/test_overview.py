#!/usr/bin/python3
"""The overview as seen in a browser: figures, mesh, charts, newest events, what needs attention."""
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.browser.screen import run                        # noqa: E402
from tests.site.people import ADMIN, add_user               # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

MINUTE = 60 * 1000


def drive(central, count=40):
    """Cars that came over the last two days, two in three of which have left."""
    now = int(time.time() * 1000)
    for i in range(count):
        plate, came = "%dA%05d" % (29 + i % 3, 12345 + 7 * i), now - (2 + i * i) * MINUTE
        assert central.open("edge-1", plate, "ENTRY", at=came)[0] == 200
        if i % 3:
            assert central.open("edge-2", plate, "EXIT", at=came + (now - came) * 2 // 3)[0] == 200


def words_fit(screen):
    """Texts of the mesh that stand over each other or beyond the picture's edge."""
    return screen.driver.execute_script("""
        const frame = document.querySelector("svg.mesh").getBoundingClientRect();
        const texts = [...document.querySelectorAll("svg.mesh > text")].map(t => [t.textContent, t.getBoundingClientRect()]);
        const found = [];
        texts.forEach(([a, r], i) => {
            if (r.left < frame.left - 1 || r.right > frame.right + 1 || r.top < frame.top - 1 || r.bottom > frame.bottom + 1)
                found.push(a + " is cut");
            texts.slice(i + 1).forEach(([b, s]) => {
                if (r.left < s.right - 1 && s.left < r.right - 1 && r.top < s.bottom - 4 && s.top < r.bottom - 4)
                    found.push(a + " over " + b);
            });
        });
        return found""")


def test_an_empty_central(ground, show):
    central = ground.central().start()
    add_user(central, ADMIN, "admin")
    screen = show(central)
    screen.log_in()
    assert screen.path == "/" and screen.title == "Tổng quan · parkmesh", (screen.path, screen.title)
    assert "Chưa có xe nào vào hay ra." in screen.text and "Không có gì bất thường." in screen.text, screen.text
    screen.check("overview-empty")


def test_a_day_and_a_peer(ground, show):
    site = ground.site(2).start()
    a = site[0]
    drive(a)
    add_user(a, ADMIN, "admin")
    screen = show(a)
    screen.log_in()
    assert "Không có gì bất thường." in screen.text, screen.text
    screen.check("overview")
    site[1].stop()
    wait_for(lambda: not a.connected("central-2"), what="the peer to be gone")
    screen.open("/")
    assert "Mất kết nối với central-2." in screen.text, screen.text
    screen.check("overview-peer-down")
    screen.switch_language()
    assert "Not connected: central-2." in screen.text, screen.text
    screen.check("overview")
    screen.follow("Previous day")
    assert "?day=" in screen.path, screen.path
    screen.follow("Next day")
    screen.fill(day="")
    screen.press("Show this day")
    assert screen.wrong("day") == "", screen.text


def test_it_is_live(ground, show):
    a = ground.central().start()
    add_user(a, ADMIN, "admin")
    screen = show(a)
    screen.log_in()
    assert a.open("edge-1", "29A98765", "ENTRY")[0] == 200
    if not screen.script:
        assert "29A-987.65" not in screen.text
        screen.open("/")
    wait_for(lambda: "29A-987.65" in screen.text, what="the entry to be shown")
    inside = screen.driver.find_element("css selector", ".figures dd").text
    assert inside == "1", inside
    drawn = screen.driver.find_element("css selector", "#hours svg rect")
    assert drawn.size["height"] > 50, "what was drawn since is drawn as a picture, not as unknown elements"


def test_twelve_centrals(ground, show):
    site = ground.site(2)
    a, ports = site[0], free_ports(10)
    for number, port in enumerate(ports, 3):
        a.peers["central-%d" % number] = ("127.0.0.1", port)
    site[0].start()
    site[1].start()
    wait_for(lambda: a.connected("central-2"), what="the peer to be connected")
    add_user(a, ADMIN, "admin")
    screen = show(a)
    screen.log_in()
    screen.check("overview-twelve")
    for width in (360, 1280):
        screen.width(width)
        assert not words_fit(screen), (width, words_fit(screen))


if __name__ == "__main__":
    run(globals())
