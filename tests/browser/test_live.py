#!/usr/bin/python3
"""Parts of a page that are refreshed in place (static/parkmesh.js), told of changes by /ws/history or by looking every ten seconds."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.browser.screen import run                        # noqa: E402
from tests.site.people import ADMIN, add_user               # noqa: E402
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


if __name__ == "__main__":
    run(globals())
