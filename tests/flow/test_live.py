#!/usr/bin/python3
"""/ws/history: whoever watches is told of every change of the history, here and elsewhere; who may not watch is not."""
import os
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.hostile.watch import cpu_seconds, descriptors, memory        # noqa: E402
from tests.hostile.websocket import BINARY, CLOSE, PATIENCE, PING, PONG, TEXT, Gone, Silence, Wire, frame, upgrade   # noqa: E402
from tests.site import tap                                  # noqa: E402
from tests.site.page import Browser                         # noqa: E402
from tests.site.people import add_user, ctl                 # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402
from tests.site.watcher import PATH, Refused, Watcher, shake        # noqa: E402

OFFICE, STRANGER = "https://office.example", "127.0.0.2"
OPTIONS = ["--trust-edges", "none", "--trust-edges", "127.0.0.1", "--trust-admin", "none", "--trust-admin", "127.0.0.1",
           "--trust-admin", "127.0.0.8/29", "--cors-origin", OFFICE]
CROWD = ["127.0.0.%d" % number for number in range(8, 12)]      # programs, each at an address of its own
WATCHERS, SHARE, SILENT_S = 64, 16, 30
GOING_AWAY, POLICY, TRY_LATER = 1001, 1008, 1013


def refused(status, central, **how):
    """Is this handshake answered so?"""
    try:
        Watcher(central, **how).close()
    except Refused as e:
        assert e.status == status, (status, how, e)
    else:
        raise AssertionError("it may watch: %s" % how)


def at_socket(central):
    """As nginx comes, past it: what it buffers is not between."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE)
    sock.connect(os.path.join(central.dir, "live.sock"))
    wire = Wire(sock)
    wire.send_raw(upgrade(80, PATH, protocol=None))
    shake(wire)
    return wire


class One:
    """A central with a viewer who is logged in."""

    def __init__(self, ground):
        self.c = ground.central(options=OPTIONS).start()
        add_user(self.c, "vy", "viewer")
        self.browser = Browser(self.c)
        self.browser.log_in("vy")
        self.origin = "http://127.0.0.1:%d" % self.c.api_port
        self.plates = iter(range(10000, 99999))

    def cookie(self, browser=None):
        return "; ".join("%s=%s" % one for one in (browser or self.browser).cookies.items())

    def enter(self):
        """A car comes -> its event_id"""
        return self.c.enter("edge-1", "29A%d" % next(self.plates))["event_id"]


# ---- what is told

def test_an_entry_is_told_as_the_list_has_it(ground):
    one = One(ground)
    watcher = Watcher(one.c)
    event_id = one.enter()
    frame = watcher.next()
    assert list(frame) == ["type", "data"] and frame["type"] == "history_update", frame
    row = one.c.good("GET", "/api/parking/history?limit=1")["history"][0]
    assert row["event_id"] == event_id and list(row.items()) == list(frame["data"].items()), (row, frame)


def test_everything_that_happens_to_a_stay(ground):
    one = One(ground)
    c, watcher = one.c, Watcher(one.c)
    told = c.enter("edge-1", "30G11111")
    watcher.until(told["event_id"], status="IN", plate_id="30G11111", confirmed_ts=None)
    c.close("edge-1", "30G11111")
    assert watcher.until(told["event_id"], status="IN")["confirmed_ts"] > 0
    number = c.rows.value("SELECT id FROM history WHERE event_id = ?", told["event_id"])
    c.good("PUT", "/api/parking/history/%d" % number, {"plate_id": "30G22222", "plate_view": "30G-222.22", "why": "misread"})
    watcher.until(told["event_id"], status="IN", plate_id="30G22222")
    c.leave("edge-2", "30G22222")
    assert watcher.until(told["event_id"], status="OUT")["exit_ts"] > 0
    c.good("DELETE", "/api/parking/history/%d" % number, {"why": "a test"})
    watcher.until(told["event_id"], status="VOID")


def test_in_the_order_in_which_it_happened(ground):
    one = One(ground)
    watcher = Watcher(one.c)
    done = [one.enter() for _ in range(40)]
    assert [watcher.next()["data"]["event_id"] for _ in done] == done


def test_many_watch(ground):
    """All of them are told; one more is not taken, and does not disturb; whoever goes makes room."""
    one = One(ground)
    crowd = [Watcher(one.c, source=CROWD[number % len(CROWD)]) for number in range(WATCHERS)]
    wait_for(lambda: descriptors(one.c.pid("p2pd")) > WATCHERS, what="all of them to be there")
    assert Watcher(one.c).code() == TRY_LATER
    event_id = one.enter()
    for watcher in crowd:
        watcher.until(event_id)
    crowd[0].close()
    wait_for(lambda: _is_taken(one.c), what="the place to be free")
    for watcher in crowd:
        watcher.close()


def test_nobody_takes_all_places(ground):
    """Neither a program's address, nor a person with many windows, logged in twice."""
    one = One(ground)
    again = Browser(one.c)
    again.log_in("vy")
    programs = [Watcher(one.c) for _ in range(SHARE)]
    windows = [Watcher(one.c, Cookie=one.cookie(browser), Origin=one.origin)
               for browser in (one.browser, again) for _ in range(SHARE // 2)]
    assert Watcher(one.c).code() == TRY_LATER
    assert Watcher(one.c, Cookie=one.cookie(again), Origin=one.origin, X_Parkmesh_Watcher="address 192.0.2.7").code() == TRY_LATER
    other = Watcher(one.c, source=CROWD[0])
    event_id = one.enter()
    for watcher in [other, *programs, *windows]:
        watcher.until(event_id)
        watcher.close()


def _is_taken(central):
    watcher = Watcher(central)
    try:
        watcher.wire.frame(1)
    except Silence:
        return True
    except Gone:
        pass
    finally:
        watcher.close()
    return False


def test_who_does_not_read_is_ended_and_nobody_else(ground):
    one = One(ground)
    slow, watcher, told, done = at_socket(one.c), Watcher(one.c), [], threading.Event()
    reading = threading.Thread(target=_answer, args=(watcher.wire, told), daemon=True)
    reading.start()
    threads = [threading.Thread(target=_enter_until, args=(one, done)) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: len(told) >= 400, what="many frames to be sent")
        sent = len(told)
        texts, code = _until_ended(slow)
        assert code == TRY_LATER and 0 < texts < sent, (texts, code, sent)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert reading.is_alive(), "who reads stays"


def _enter_until(one, done):
    while not done.is_set():
        one.enter()


def _until_ended(wire):
    """-> how many frames of text were on their way, and the code by which it was ended."""
    texts = 0
    try:
        while True:
            _, opcode, payload = wire.frame(5)
            if opcode == CLOSE:
                return texts, int.from_bytes(payload[:2], "big")
            texts += opcode == TEXT
    except Gone:
        return texts, TRY_LATER        # too full even for the close frame
    except Silence:
        return None


# ---- who may

def test_programs_by_their_address(ground):
    one = One(ground)
    Watcher(one.c).close()
    refused(403, one.c, source=STRANGER)
    refused(403, one.c, X_Forwarded_For="192.0.2.7")
    refused(403, one.c, Sec_Fetch_Site="cross-site")
    refused(401, one.c, Authorization="Bearer 0123456789abcdef")
    refused(403, one.c, Authorization="Bearer " + _token(one.c))


def _token(central):
    ctl(central, "edge", "add", "edge-1")
    return ctl(central, "edge", "token", "edge-1")


def test_people_from_our_pages(ground):
    one = One(ground)
    cookie = one.cookie()
    Watcher(one.c, source=STRANGER, Cookie=cookie, Origin=one.origin).close()
    Watcher(one.c, source=STRANGER, Cookie=cookie, Origin=OFFICE).close()
    for where in (STRANGER, "127.0.0.1"):
        refused(403, one.c, source=where, Cookie=cookie)
        refused(403, one.c, source=where, Cookie=cookie, Origin="http://127.0.0.1:%d" % (one.c.api_port + 1))
        refused(403, one.c, source=where, Cookie=cookie, Origin="null")
        refused(401, one.c, source=where, Origin=one.origin)
        refused(401, one.c, source=where, Origin=OFFICE)
        refused(401, one.c, source=where, Origin=one.origin, Cookie="parkmesh-session-%d=%s" % (one.c.api_port, "0" * 64))


def test_a_log_in_that_is_over(ground):
    one = One(ground)
    add_user(one.c, "binh", "viewer")
    browser = Browser(one.c)
    browser.log_in("binh")
    cookie = one.cookie(browser)
    open_still, other = (Watcher(one.c, Cookie=cookies, Origin=one.origin) for cookies in (cookie, one.cookie()))
    browser.get("/account").press("Đăng xuất")
    refused(401, one.c, Cookie=cookie, Origin=one.origin)
    assert open_still.code() == POLICY      # not only when its five minutes are over
    other.until(one.enter())
    ctl(one.c, "user", "passwd", "vy", stdin="another good password\n")
    assert other.code() == POLICY


def test_what_is_no_websocket(ground):
    one = One(ground)
    for method, headers, status in (("GET", {}, 426), ("GET", {"Upgrade": "h2c", "Connection": "Upgrade"}, 426), ("POST", {}, 405),
                                    ("DELETE", {"Upgrade": "websocket", "Connection": "Upgrade"}, 405)):
        answer = one.c.raw(method, PATH, None, headers)
        assert answer.status == status and answer.json["success"] is False, (method, headers, answer)
    for path in (PATH + "/allowed", PATH + "/", "/ws", "/live"):
        assert one.c.raw("GET", path).status == 404, path
    handshake = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "x" * 3000, "Sec-WebSocket-Version": "13"}
    assert one.c.raw("GET", PATH, None, handshake).status in (400, 503)
    assert one.c.healthy()


# ---- what watchers say

def test_hostile_frames_end_their_sender_alone(ground):
    one = One(ground)
    pid, watcher = one.c.pid("p2pd"), Watcher(one.c)
    before = memory(pid, "VmRSS")
    for bad in (frame(b"x" * 70000), frame(b"", announce=1 << 62), frame(b"\xff\xfe", TEXT) * 40000, frame(b"x" * 60000, BINARY) * 2,
                frame(b"x", 3), frame(b"x", rsv=4), frame(b"x" * 200, PING), frame(b"", CLOSE, announce=130), b"\x00" * 100000,
                frame(b"part", fin=False) + frame(b"another", TEXT)):
        one_more = Watcher(one.c)
        try:
            one_more.wire.send_raw(bad)
            assert one_more.wire.closed(10) or bad[0] & 15 in (TEXT, BINARY), bad[:20]
        except Gone:
            pass
        one_more.close()
    assert one.c.pid("p2pd") == pid and memory(pid, "VmRSS") - before < 48 << 20
    watcher.until(one.enter())


def test_who_talks_much_is_ended(ground):
    one = One(ground)
    talker, watcher = Watcher(one.c), Watcher(one.c)
    talker.wire.send('{"type":"ping"}')      # as some dashboards do
    talker.until(one.enter())
    for _ in range(66):         # 64 KiB in all; more would be lost on the way, and the reason with it
        talker.wire.send("x" * 1000)
    assert talker.code() == POLICY
    watcher.until(one.enter())


def test_many_pings(ground):
    one = One(ground)
    flood, watcher = Watcher(one.c), Watcher(one.c)
    before = cpu_seconds(one.c.pid("p2pd"))
    drain = threading.Thread(target=_answer, args=(flood.wire,), daemon=True)
    drain.start()
    for _ in range(200):
        flood.wire.send_raw(frame(b"x", PING) * 100)
    watcher.until(one.enter())
    flood.wire.send("x" * 65000)      # all before it was read when it is ended for this
    flood.wire.send("x" * 65000)
    drain.join(PATIENCE)
    assert not drain.is_alive()
    tap.note("20 000 pings took p2pd %.2f s" % (cpu_seconds(one.c.pid("p2pd")) - before))


# ---- processes that end

def test_p2pd_starts_again(ground):
    one = One(ground)
    watcher, victim = Watcher(one.c), one.c.kill("p2pd")
    assert watcher.wire.closed()
    one.c.wait_back("p2pd", victim)
    again = wait_for(lambda: _try(one.c), what="watching again")
    again.until(one.enter())
    again.close()


def _try(central):
    try:
        return Watcher(central)
    except (Refused, Gone):
        return None


def test_it_ends_in_good_order(ground):
    c = ground.central().start()
    watcher = Watcher(c)
    begin = time.monotonic()
    assert c.stop() == 0
    assert watcher.code() == GOING_AWAY
    tap.note("it took %.1f s with somebody watching" % (time.monotonic() - begin))


# ---- several centrals

def test_what_happens_elsewhere_is_told(ground):
    """In both directions; and that a central is gone."""
    a, b = ground.site(2).start()
    here, there = Watcher(a), Watcher(b)
    for central, other, plate in ((a, there, "29A10001"), (b, here, "29A10002")):
        event_id = central.enter("edge-1", plate)["event_id"]
        assert other.until(event_id)["source_central"] == central.id
        (b if central is a else a).leave("edge-2", plate)
        assert other.until(event_id, status="OUT")["exit_central"] != central.id
    b.stop()
    while here.next()["type"] != "mesh_update":
        pass
    b.start()
    while here.next()["type"] != "mesh_update":
        pass


def test_a_catch_up_is_told_by_its_newest(ground):
    """Thousands of rows at once: a bounded number of frames, word that some were left out, and the last row in the end."""
    a, b = ground.site(2).start()
    b.stop()
    threads = [threading.Thread(target=lambda k=k: [a.enter("edge-%d" % k, "29A%d%04d" % (k, n)) for n in range(250)]) for k in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    b.start()
    watcher, begin, frames = Watcher(b), time.monotonic(), []
    wait_for(lambda: b.rows.value("SELECT count(*) FROM history") == 2000, what="all rows to be there")
    last = b.enter("edge-9", "30A99999")["event_id"]
    while not frames or frames[-1]["data"].get("event_id") != last:
        frames.append(watcher.next())
    took = time.monotonic() - begin
    assert len(frames) < 50 + 50 * (took + 1) + 10, (len(frames), took)
    tap.note("2000 rows caught up: %d frames in %.1f s, of which %d say that rows were left out"
             % (len(frames), took, sum(one["type"] == "history_reload" for one in frames)))


def test_who_answers_no_ping_is_ended(ground):
    """And those who do answer cost nothing while nothing happens."""
    one = One(ground)
    answering = [threading.Thread(target=_answer, args=(Watcher(one.c, source=CROWD[k % len(CROWD)]).wire,), daemon=True)
                 for k in range(WATCHERS - 1)]
    for thread in answering:
        thread.start()
    mute, pid, begin = at_socket(one.c), one.c.pid("p2pd"), time.monotonic()
    before = cpu_seconds(pid)
    assert mute.closed(SILENT_S + PATIENCE), "it is still there"
    assert all(thread.is_alive() for thread in answering), "who answers stays"
    tap.note("%d idle watchers: p2pd took %.2f s in %.0f s" % (WATCHERS, cpu_seconds(pid) - before, time.monotonic() - begin))


def _answer(wire, told=None):
    while True:
        try:
            _, opcode, payload = wire.frame(3 * SILENT_S)
        except Gone:
            return
        if told is not None and opcode == TEXT:
            told.append(payload)
        if opcode == PING:
            wire.send(payload, PONG)


if __name__ == "__main__":
    tap.run(globals())
