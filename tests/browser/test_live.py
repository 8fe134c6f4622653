#!/usr/bin/python3
"""Parts of a page that are refreshed in place (static/parkmesh.js), told of changes by /ws/history or by looking every ten seconds."""
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.browser.screen import run                        # noqa: E402
from tests.hostile.watch import descriptors                 # noqa: E402
from tests.site.people import ADMIN, PASSWORD, add_user, ctl    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402


def test_the_state_of_the_mesh_keeps_up(ground, show):
    """/settings/p2p shows a peer that comes and goes; what is being typed stays, and so does the focus."""
    a, b = ground.site(2).start()
    add_user(a, ADMIN, "admin")
    screen = show(a)
    screen.log_in()
    screen.open("/settings/p2p")
    if not screen.script:
        assert screen.driver.find_elements("id", "live")[0].text == "", "nothing is said to be live"
        return
    screen.fill(central_ip="10.1.2.3")
    typed = screen.driver.switch_to.active_element
    b.stop()
    wait_for(lambda: "Mất kết nối" in screen.text, what="the page to show that the peer is gone")
    assert screen.value("central_ip") == "10.1.2.3"
    assert screen.driver.switch_to.active_element == typed
    b.start()
    wait_for(lambda: "Mất kết nối" not in screen.text, what="the page to show that the peer is back")
    screen.check("live-p2p")


def viewer(central, show):
    add_user(central, ADMIN, "viewer")
    screen = show(central)
    screen.log_in()
    return screen


def remember(screen):
    """So that a page that is loaded anew is told from one that is refreshed in place."""
    screen.driver.execute_script("window.remembered = true")


def remembered(screen):
    return screen.driver.execute_script("return window.remembered === true")


def said(screen):
    """What the page says of being live."""
    return screen.driver.find_element("id", "live").text


def is_live(screen):
    return said(screen) == "Trực tiếp"


def test_entries_and_exits_appear_by_themselves(ground, show):
    """Here and elsewhere; what is being typed and the focus stay; p2pd may start anew meanwhile."""
    a, b = ground.site(2).start()
    a.enter("edge-1", "29A11111")
    screen = viewer(a, show)
    screen.open("/history")
    assert "29A-111.11" in screen.text
    if not screen.script:
        assert said(screen) == ""
        return
    wait_for(lambda: is_live(screen), what="the page to be live")
    remember(screen)
    screen.fill(search="30G")
    a.enter("edge-1", "29A22222")
    wait_for(lambda: "29A-222.22" in screen.text, what="the second entry")
    b.enter("edge-1", "29A33333")
    wait_for(lambda: "29A-333.33" in screen.text, what="an entry at the other central")
    assert screen.text.index("29A-333.33") < screen.text.index("29A-222.22") < screen.text.index("29A-111.11"), "newest first"
    assert screen.value("search") == "30G" and screen.focused() == "search" and remembered(screen)
    row = screen.driver.find_element("xpath", "//li[contains(., '29A-222.22')]")
    row.find_element("css selector", "a").send_keys("")     # the focus goes there
    before = row.text
    b.leave("edge-2", "29A22222")
    wait_for(lambda: row.text != before, what="the exit in the same row")
    focus = screen.driver.switch_to.active_element
    assert focus == row.find_element("css selector", "a"), "the focus stays at its car"
    victim = a.kill("p2pd")
    a.wait_back("p2pd", victim)
    a.enter("edge-1", "29A44444")
    wait_for(lambda: "29A-444.44" in screen.text, what="an entry after p2pd started anew")
    wait_for(lambda: is_live(screen), what="the page to be live again")
    assert remembered(screen)
    screen.check("live-history")


def test_where_the_socket_cannot_be_had(ground, show):
    """The page looks every ten seconds, says so, and is live once it can."""
    c = ground.central().start()
    c.enter("edge-1", "29A11111")
    screen = viewer(c, show)
    if not screen.script:
        return
    c.pause("p2pd")
    screen.open("/history")
    remember(screen)
    c.enter("edge-1", "29A22222")
    wait_for(lambda: "29A-222.22" in screen.text, what="the second entry")
    since = re.match(r"Không trực tiếp từ (\d\d):(\d\d)", said(screen))
    ago = (time.time() / 60 + 7 * 60 - int(since.group(1)) * 60 - int(since.group(2))) % 1440
    assert 0 <= ago < 10 and remembered(screen), "it is said in the time of the site: %s" % said(screen)
    screen.check("live-polled")
    c.resume("p2pd")
    wait_for(lambda: is_live(screen), what="the page to be live")
    c.kill("fcgi")
    wait_for(lambda: c.healthy(), what="parkmesh.fcgi again")
    c.enter("edge-1", "29A33333")
    wait_for(lambda: "29A-333.33" in screen.text, what="the third entry")
    assert remembered(screen)


def test_a_log_in_that_ends_takes_the_page_away(ground, show):
    c = ground.central().start()
    c.enter("edge-1", "29A11111")
    screen = viewer(c, show)
    screen.open("/history")
    if not screen.script:
        return
    wait_for(lambda: is_live(screen), what="the page to be live")
    ctl(c, "user", "passwd", ADMIN, stdin="another " + PASSWORD + "\n")
    c.enter("edge-1", "29A22222")
    wait_for(lambda: screen.path.startswith("/login"), what="the log-in")
    assert "29A" not in screen.text


def test_a_page_that_nobody_sees_rests(ground, show):
    c = ground.central().start()
    screen = viewer(c, show)
    screen.open("/history")
    if not screen.script:
        return
    wait_for(lambda: is_live(screen), what="the page to be live")
    with_it, first = descriptors(c.pid("p2pd")), screen.driver.current_window_handle
    screen.driver.switch_to.new_window("tab")
    wait_for(lambda: descriptors(c.pid("p2pd")) < with_it, what="it not to watch any more")
    c.enter("edge-1", "29A22222")
    screen.driver.close()
    screen.driver.switch_to.window(first)
    wait_for(lambda: "29A-222.22" in screen.text, what="what happened meanwhile")


if __name__ == "__main__":
    run(globals())
