#!/usr/bin/python3
"""The overview, `/`, without JavaScript: its figures are those of the API, warnings come and go, nothing that is shown is taken for
markup, and links lead only where the person may go."""
import contextlib
import os
import re
import sqlite3
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.page import Browser, administrator          # noqa: E402
from tests.site.people import add_user                      # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

MINUTE, HOUR = 60 * 1000, 60 * 60 * 1000
WELL, DOWN = "Không có gì bất thường.", "Mất kết nối với central-2."


def now():
    return int(time.time() * 1000)


def number(text):
    """A number as Vietnamese pages write it."""
    return int(re.sub(r"[.₫\s]", "", text))


def figures(page):
    """The four large figures."""
    return [number(one) for one in re.findall(r"<dd>([^<]*)</dd>", page.answer.text)[:4]]


def table(page, section):
    """Rows of the table of "hours" or "days": [(when, entries, exits, inside, revenue)]"""
    part = page.answer.text.split('<section class="mb-3" id="%s"' % section)[1].split("</section>")[0]
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", part, re.S)
    return [(re.sub(r"<[^>]*>", "", when), *map(number, re.findall(r"<td[^>]*>([^<]*)</td>", cells))) for when, cells in rows]


def titles(page):
    """What stands below "needs attention"."""
    return re.findall(r"<strong>([^<]*)</strong>", page.answer.text.split('id="overview-conditions"')[1].split("</section>")[0])


def test_figures_are_those_of_the_api(ground):
    c = ground.central().start()
    browser = administrator(c)
    for i in range(24):
        came = now() - (i * 3 + 1) * HOUR
        assert c.open("edge-1", "29A%05d" % i, "ENTRY", at=came)[0] == 200
        if i % 2:
            assert c.open("edge-2", "29A%05d" % i, "EXIT", at=came + HOUR)[0] == 200
    assert c.open("edge-1", "30A00001", "ENTRY", at=now() - 50 * MINUTE)[0] == 200
    assert c.open("edge-1", "30A00001", "ENTRY", at=now() - 20 * MINUTE, force=True)[0] == 200   # it was missed on its way out
    assert c.open("edge-2", "30A00009", "EXIT", force=True)[0] == 200                            # and this one on its way in
    stats = c.good("GET", "/api/stats")
    page = browser.get("/")
    wanted = [stats[name] for name in ("vehicles_in_parking", "entries_today", "exits_today", "revenue_today")]
    assert figures(page) == wanted, (figures(page), wanted)
    day = table(page, "days")
    assert len(day) == 30 and list(day[-1][1:]) == [wanted[1], wanted[2], wanted[0], wanted[3]], (day[-1], wanted)
    hours = table(page, "hours")
    assert [sum(row[k] for row in hours) for k in (1, 2, 4)] == wanted[1:], (hours, wanted)
    assert hours[-1][3] == wanted[0], hours[-1]
    assert sum(row[1] for row in day) == 26 and sum(row[2] for row in day) == 14, day
    before = browser.get("/").follow("Ngày trước")
    hours = table(before, "hours")
    assert len(hours) == 24 and [sum(row[k] for row in hours) for k in (1, 2, 4)] == [day[-2][k] for k in (1, 2, 4)], (hours, day[-2])
    assert hours[-1][3] == day[-2][3], "the day's last hour and the day end the same"
    again = before.follow("Ngày sau")
    assert table(again, "hours")[0] == table(page, "hours")[0]


def test_a_day_is_chosen(ground):
    c = ground.central().start()
    browser = administrator(c)
    today = browser.get("/").values("day")[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", today), today
    for wrong in ("2999-01-01", "x", "2024-02-30", "2024-01-01 10:00", "1", "<b>", "2024-01-01'"):
        page = browser.get("/?day=" + wrong.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20").replace("'", "%27"))
        assert page.answer.status == 200 and page.wrong("day") == [True] and page.values("day") == [wrong], (wrong, page.answer)
        assert "không sau hôm nay" in page.said_of("day")
    page = browser.get("/?day=2024-12-03")
    assert page.wrong("day") == [False] and "Theo giờ, ngày 03/12/2024" in page.headings, page.headings
    assert len(table(page, "hours")) == 24
    assert browser.get("/?day=").values("day") == [today]
    assert browser.get("/?day=1970-01-02").answer.status == 200
    assert browser.get("/?other=1").answer.status in (200, 400)


def test_warnings_come_and_go(ground):
    site = ground.site(2).start()
    a, b = site
    browser = administrator(a)
    assert WELL in browser.get("/").text, browser.get("/").text
    page = browser.get("/")
    assert 'class="link connected"' in page.answer.text and "central-2" in page.text
    b.stop()
    wait_for(lambda: DOWN in titles(browser.get("/")), what="the page to say that central-2 is down")
    page = wait_for(lambda: next((page for page in [browser.get("/")] if "Không kết nối được tới central-2" in page.text), None),
                    what="the page to say why")
    assert WELL not in page.text and 'class="link connected"' not in page.answer.text
    assert page.links["Mở trang IP máy chủ central khác"] == "/settings/p2p"
    b.start()
    wait_for(lambda: WELL in browser.get("/").text, what="the page to say that all is well")
    assert 'class="link connected"' in browser.get("/").answer.text


def test_p2pd_that_stands_still(ground):
    c = ground.central().start()
    browser = administrator(c)
    assert WELL in browser.get("/").text
    c.pause("p2pd")
    wait_for(lambda: "Chương trình p2pd trên máy này không chạy." in titles(browser.get("/")), what="the page to say that p2pd is down")
    c.resume("p2pd")
    wait_for(lambda: WELL in browser.get("/").text, what="the page to say that all is well")


def test_a_conflict_is_there_until_somebody_has_looked(ground):
    c = ground.central().start()
    browser = administrator(c)
    assert WELL in browser.get("/").text
    assert c.open("edge-2", "30A00009", "EXIT", force=True)[0] == 200
    page = browser.get("/")
    assert titles(page) == ["Có 1 xung đột chưa ai xem."], titles(page)
    page.follow("Xem các xung đột").press("Đã xem 30A-000.09")
    assert WELL in browser.get("/").text, titles(browser.get("/"))


def test_newest_first_and_links_to_stays(ground):
    c = ground.central().start()
    browser = administrator(c)
    for i in range(15):
        assert c.open("edge-1", "29A%05d" % i, "ENTRY", at=now() - (40 - i) * MINUTE)[0] == 200
    for i in range(10):
        assert c.open("edge-2", "29A%05d" % i, "EXIT", at=now() - (20 - i) * MINUTE)[0] == 200
    page = browser.get("/")
    rows = re.findall(r'<li data-key="(entry|exit)-(\d+)">.*?<a href="([^"]*)">([^<]*)</a>', page.answer.text, re.S)
    wanted = [("exit", "29A-000.%02d" % i) for i in reversed(range(10))] + [("entry", "29A-000.%02d" % i) for i in range(14, 4, -1)]
    assert [(kind, plate) for kind, _, _, plate in rows] == wanted, rows
    stay = page.follow("29A-000.09")
    assert stay.answer.status == 200 and "29A-000.09" in stay.text, stay.answer


def test_several_peers_that_are_down_are_one_warning(ground):
    c = ground.central("central-1", peers={"central-%d" % (i + 2): ("127.0.0.1", port) for i, port in enumerate(free_ports(3))}).start()
    browser = administrator(c)
    wait_for(lambda: titles(browser.get("/")) == ["Mất kết nối với central-2, central-3, central-4."], what="all three to be named")


def test_nothing_shown_is_markup(ground):
    """Names as hostile as gates and cameras may send them, and rows such as only a broken database has."""
    c = ground.central().start()
    browser = administrator(c)
    evil = "<script>alert(1)</script>\"'&"
    c.ask("POST", "/api/edge/barrier/open", {"edge_id": "edge-1", "plate_id": "29A12345", "plate_view": evil, "direction": "ENTRY"})
    c.ask("POST", "/api/edge/barrier/open", {"edge_id": evil, "plate_id": "29A12346", "direction": "ENTRY"})
    assert c.open("edge-1", "29A12347", "ENTRY")[0] == 200 and c.open("edge-2", "29A12347", "EXIT")[0] == 200
    c.stop()
    with contextlib.closing(sqlite3.connect(c.rows.path)) as db, db:
        db.execute("UPDATE history SET plate_view = ?, source_central = ?, edge_id = ?", (evil, evil, evil))
        db.execute("UPDATE exits SET plate_view = ?, central = ?, edge = ?", (evil, evil, evil))
    c.start()
    page = browser.get("/")
    assert page.answer.status == 200 and "<script>alert" not in page.answer.text
    assert page.text.count("<script>alert(1)</script>") >= 9, page.text


def test_who_sees_what(ground):
    c = ground.central("central-1", peers={"central-2": ("127.0.0.1", free_ports(1)[0])}).start()
    admin = administrator(c)
    for role in ("viewer", "operator"):
        add_user(c, role, role)
        page = Browser(c).log_in(role)
        assert page.path == "/" and page.answer.status == 200, page.path
        assert DOWN in titles(page), page.text
        assert "/settings/p2p" not in page.links.values(), "no link to what it may not do"
    assert "/settings/p2p" in admin.get("/").links.values()
    assert Browser(c).get("/").path == "/login?back=%2F"


def test_in_english(ground):
    c = ground.central().start()
    browser = administrator(c)
    assert c.open("edge-1", "29A12345", "ENTRY", at=now() - 5 * HOUR)[0] == 200
    assert c.open("edge-2", "29A12345", "EXIT")[0] == 200
    page = browser.get("/language?to=en&back=/")
    assert page.title == "Overview · parkmesh" and "Nothing is out of order." in page.text, page.text
    taken = c.good("GET", "/api/stats")["revenue_today"]
    assert "{:,} ₫".format(taken) in page.text and taken > 1000, page.text


if __name__ == "__main__":
    tap.run(globals())
