#!/usr/bin/python3
"""/history, a stay's page and /conflicts as an operator in a gate house uses them, seen in a browser."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.browser.screen import run                        # noqa: E402
from tests.site.central import now_ms                       # noqa: E402
from tests.site.people import ADMIN, add_user               # noqa: E402
from tests.site.site import write_secret                    # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

MINUTE, DAY = 60 * 1000, 24 * 3600 * 1000


def enter(central, plate, ago=0, **more):
    return central.good("POST", "/api/parking/stays", dict(more, plate_id=plate, entry_time=str(now_ms() - ago)))["history_id"]


def at_work(ground, show):
    central = ground.central().start()
    add_user(central, ADMIN, "operator")
    screen = show(central)
    screen.log_in()
    return central, screen


def test_correct_a_plate(ground, show):
    central, screen = at_work(ground, show)
    screen.open("/history")
    screen.check("history-empty")
    for i, plate in enumerate(("29A-123.45", "30B-999.99", "51F1-234.56")):
        enter(central, plate, (20 - i) * MINUTE, edge_id="edge-%d" % (i + 1), camera_type="car")
    screen.open("/history")
    screen.fill(search="b999")
    screen.press("Lọc")
    assert "30B-999.99" in screen.text and "29A-123.45" not in screen.text and screen.value("search") == "b999", screen.text
    screen.follow("30B-999.99")
    screen.follow("Sửa biển số")
    screen.fill(plate_id="30")
    screen.press("Sửa biển số")
    assert "ít nhất 6" in screen.wrong("plate_id") and screen.value("plate_id") == "30" and screen.focused() == "plate_id"
    screen.check("stay-correct-wrong")
    screen.fill(plate_id="30B-888.88", why="Camera đọc nhầm 8 thành 9")
    screen.press("Sửa biển số")
    assert "Đã sửa biển số thành 30B-888.88." in screen.text and "Camera đọc nhầm" in screen.text, screen.text
    screen.check("stay")
    screen.switch_language()
    assert "30B-999.99 → 30B-888.88" in screen.text and "Plate corrected" in screen.text, screen.text
    screen.check("stay")
    screen.follow("Undo")
    screen.press("Undo")
    assert central.rows.values("SELECT plate_view FROM history ORDER BY id")[1] == "30B-999.99"
    screen.follow("Void the stay")
    screen.check("stay-void")
    screen.fill(why="seen twice")
    screen.press("Void the stay")
    assert "is void" in screen.text and central.rows.values("SELECT status FROM history ORDER BY id")[1] == "VOID"
    screen.check("stay-voided")


def test_two_gates(ground, show):
    """Two centrals let the same car in while they do not hear each other; an operator finds it, and says that it was seen."""
    secret = write_secret(ground.path("secret"))
    a = ground.central("central-1", secret_file=secret).start()
    b = ground.central("central-2", secret_file=secret).start()
    enter(a, "29A-123.45", 8 * MINUTE, edge_id="edge-1")
    enter(b, "29A-123.45", 5 * MINUTE, edge_id="edge-7")
    a.good("POST", "/api/edge/barrier/open", {"plate_id": "51F23456", "edge_id": "edge-2", "direction": "EXIT", "force": True})
    a.good("POST", "/api/p2p/peers", {"id": "central-2", "ip": "127.0.0.1", "p2p_port": b.p2p_port})
    wait_for(lambda: a.rows.values("SELECT count(*) FROM history WHERE status = 'SUPERSEDED'") == [1], what="the conflict")
    add_user(a, ADMIN, "operator")
    screen = show(a)
    screen.log_in()
    screen.open("/conflicts")
    assert "Hai cổng cùng ghi một xe vào" in screen.text and "edge-1 · central-1" in screen.text and "edge-7 · central-2" in screen.text
    screen.check("conflicts")
    screen.switch_language()
    screen.check("conflicts")
    screen.switch_language()
    screen.press("Đã xem 29A-123.45")
    assert "Đã đánh dấu xung đột của 29A-123.45 là đã xem." in screen.text and "Hai cổng" not in screen.text, screen.text
    screen.follow("Tất cả")
    assert "anna đã xem" in screen.text
    screen.check("conflicts-all")
    screen.follow("Xem lượt gửi 29A-123.45")
    assert "central-1" in screen.text and screen.path.startswith("/history/stay?id=")
    screen.check("stay-held")


def test_a_forgotten_stay(ground, show):
    central, screen = at_work(ground, show)
    enter(central, "29A-123.45", 9 * DAY, edge_id="edge-1")
    for i in range(3):
        enter(central, "30B-111.1%d" % i, 5 * DAY)
    enter(central, "51F-222.22", MINUTE)
    screen.open("/history")
    screen.check("history")
    screen.follow("Xe gửi lâu")
    assert "4 xe ở trong bãi lâu hơn 3 ngày" in screen.text, screen.text
    screen.check("history-long")
    screen.follow("29A-123.45")
    screen.follow("Kết thúc lượt gửi")
    screen.fill(fee="nhiều", reason="forced", why="Mất thẻ")
    screen.press("Kết thúc lượt gửi")
    assert "25.000" in screen.wrong("fee") and screen.value("fee") == "nhiều"
    screen.check("stay-end")
    screen.fill(fee="150.000")
    screen.press("Kết thúc lượt gửi")
    assert "Đã kết thúc lượt gửi của 29A-123.45. Phí: 150.000 ₫." in screen.text, screen.text
    screen.open("/history/long")
    screen.follow("Kết thúc tất cả")
    assert "3 xe" in screen.text
    screen.check("history-end-all")
    screen.fill(why="Quên ghi ra")
    screen.press("Kết thúc 3 lượt")
    assert "Đã kết thúc 3 lượt." in screen.text and "Không có xe nào" in screen.text
    assert central.rows.values("SELECT plate_view FROM history WHERE status = 'IN'") == ["51F-222.22"]


def test_enter_by_hand(ground, show):
    central, screen = at_work(ground, show)
    enter(central, "29A-123.45", MINUTE)
    screen.open("/history")
    screen.follow("Ghi xe vào")
    screen.check("enter")
    screen.fill(plate_id="29A-123.45", why="Biển số bị bẩn")
    screen.press("Ghi xe vào")
    assert "đang ở trong bãi từ" in screen.text and screen.value("plate_id") == "29A-123.45", screen.text
    screen.check("enter-inside")
    screen.fill(force=True)
    screen.press("Ghi xe vào")
    assert "Đã ghi xe 29A-123.45 vào bãi." in screen.text, screen.text
    assert central.rows.values("SELECT status FROM history ORDER BY id") == ["OUT", "IN"]


def test_download(ground, show):
    central, screen = at_work(ground, show)
    enter(central, "29A-123.45")
    enter(central, "30B-999.99")
    folder = ground.path("downloads")
    os.makedirs(folder, exist_ok=True)
    screen.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": folder})
    screen.open("/history?search=29A")
    screen.driver.find_element("link text", "Tải CSV").click()
    wait_for(lambda: [name for name in os.listdir(folder) if name.endswith(".csv")], what="the file")
    with open(os.path.join(folder, os.listdir(folder)[0]), encoding="utf-8-sig") as f:
        lines = f.read().splitlines()
    assert len(lines) == 2 and lines[0].startswith("id,event_id,") and "29A-123.45" in lines[1], lines


if __name__ == "__main__":
    run(globals())
