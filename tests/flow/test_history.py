#!/usr/bin/python3
"""GET /api/parking/history from outside: every filter, walking by cursor while rows are added, CSV against JSON, wrong input."""
import contextlib
import csv
import http.client
import io
import os
import signal
import socket
import sqlite3
import sys
import urllib.parse
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import process, tap                         # noqa: E402
from tests.site.central import now_ms                       # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

SECOND, MINUTE, HOUR, DAY = 1000, 60 * 1000, 3600 * 1000, 24 * 3600 * 1000
HISTORY, STATE = "/api/parking/history", "/api/parking/state"
VIETNAM = timezone(timedelta(hours=7))
NASTY = '<b>\'"--; DROP TABLE history; =1+1'


def local(ms, shape="%Y-%m-%d %H:%M:%S"):
    return datetime.fromtimestamp(ms // 1000, VIETNAM).strftime(shape)


def path(**query):
    return HISTORY + "?" + urllib.parse.urlencode(query)


def get(c, **query):
    return c.good("GET", path(**query))


def plates(c, **query):
    """Of the rows of one page, newest first."""
    return [row["plate_id"] for row in get(c, **query)["history"]]


def get_csv(c, **query):
    """-> (answer, rows as dicts of texts)"""
    answer = c.raw("GET", path(format="csv", **query))
    assert answer.status == 200, answer
    text = answer.body.decode("utf-8-sig")
    return answer, list(csv.DictReader(io.StringIO(text, newline="")))


def walk(c, limit, between=None, **query):
    """-> event_ids of all rows, by following next"""
    found, after = [], None
    while True:
        page = get(c, limit=limit, **(dict(query, after=after) if after else query))
        assert page["count"] == len(page["history"]) <= limit, page
        found += [row["event_id"] for row in page["history"]]
        if page["next"] is None:
            return found
        assert page["count"] == limit, "only the last page may be short: %s" % page
        after = page["next"]
        if between:
            between()


def filled(ground):
    """Ten days of 30 stays each, some still inside, one void, one superseded, one exit without entry; plates 51A000xx."""
    c = ground.central().start()
    c.begin = now_ms() // 1000 * 1000 - 10 * DAY
    for i in range(30):
        at = c.begin + i * 8 * HOUR
        c.enter("edge-%d" % (i % 3), "51A%05d" % i, at, plate_view="51A-%05d" % i)
        if i % 5:
            c.leave("edge-9", "51A%05d" % i, at + HOUR)
    c.enter("edge-5", "60C00001", c.begin + DAY)
    c.enter("edge-6", "60C00001", c.begin + DAY + 5 * MINUTE, force=True)
    c.open("edge-6", "60C00002", "EXIT", c.begin + DAY, force=True)
    c.enter("edge-5", "60C00003", c.begin + DAY)
    row = c.rows.history(plate_id="60C00003")[0]["id"]
    c.good("DELETE", "%s/%d" % (HISTORY, row))
    return c


# ---- filters

def test_newest_first_with_limit_and_offset(c):
    everything = get(c, limit=1000)
    begins = [row["entry_ts"] or row["exit_ts"] for row in everything["history"]]
    assert begins == sorted(begins, reverse=True) and len(begins) == everything["count"] == everything["total"], everything
    assert everything["total_exact"] is True and everything["next"] is None, everything
    assert set(everything["stats"]) == {"vehicles_in_parking", "entries_today", "exits_today", "revenue_today"}, everything
    ids = [row["id"] for row in everything["history"]]
    page = get(c, limit=7, offset=3)
    assert [row["id"] for row in page["history"]] == ids[3:10] and page["total"] == len(ids), page
    page = get(c, limit=7, offset=len(ids) + 5)
    assert (page["history"], page["total"], page["next"]) == ([], len(ids), None), page
    held = {row["id"] for row in c.rows.history() if row["status"] in ("IN", "OUT")}
    assert set(ids) == held, "default: IN and OUT"


def test_search(c):
    for text in ("51A00007", "51a-000.07", "51 A 00007", "a00007", "1a0000-7"):
        assert plates(c, search=text) == ["51A00007"], text
    assert len(plates(c, search="51A")) == 30
    assert plates(c, search="51A9") == [] and plates(c, search="%") == [] and plates(c, search=" -.") == plates(c)
    assert plates(c, search="_1A00007") == ["51A00007"]
    status, answer = c.ask("GET", path(search="A" * 17))
    assert (status, answer["code"], answer["field"]) == (400, "invalid_value", "search"), answer


def test_status(c):
    inside = [row["plate_id"] for row in get(c, limit=1000)["history"] if row["status"] == "IN"]
    assert inside and plates(c, in_parking_only=1, limit=1000) == inside == plates(c, status="IN", limit=1000)
    out = get(c, status="OUT", limit=1000)["history"]
    assert out and {row["status"] for row in out} == {"OUT"} and len(out) + len(inside) == len(plates(c, limit=1000))
    assert plates(c, status="VOID") == ["60C00003"] and plates(c, status="SUPERSEDED") == []
    status, answer = c.ask("GET", path(status="BOUND"))
    assert (status, answer["field"]) == (400, "status"), answer


def test_entries_only(c):
    assert "60C00002" in plates(c, limit=1000) and "60C00002" not in plates(c, entries_only="true", limit=1000)
    assert len(plates(c, entries_only=1, limit=1000)) == len(plates(c, limit=1000)) - 1


def test_flagged(c):
    rows = get(c, flagged=1, limit=1000)["history"]
    assert sorted((row["plate_id"], row["flags"]) for row in rows) == [("60C00001", "missed"), ("60C00002", "no_entry")], rows
    assert plates(c, flagged=1, search="60C00002") == ["60C00002"] and plates(c, flagged=1, status="IN") == []


def test_central_and_edge(c):
    assert plates(c, central="central-1", limit=1000) == plates(c, limit=1000) and plates(c, central="central-2") == []
    came = {row["plate_id"] for row in get(c, edge="edge-1", limit=1000)["history"]}
    assert came == {"51A%05d" % i for i in range(1, 30, 3)}, came
    left = get(c, edge="edge-9", limit=1000)["history"]
    assert len(left) == 24 and all(row["exit_edge"] == "edge-9" for row in left), left


def test_times(c):
    at = c.begin + 12 * 8 * HOUR
    same = {"from": at, "to": at}
    for query in (same, {"from": at // 1000, "to": at // 1000}, {"from": local(at), "to": local(at)},
                  {"from": local(at, "%Y-%m-%dT%H:%M:%S"), "to": local(at, "%Y-%m-%d %H:%M")}):
        if len(str(query["to"])) == 16:
            query["from"] = local(at, "%Y-%m-%d %H:%M")
        assert plates(c, **query) == ["51A00012"], query
    assert plates(c, **{"from": at + 1, "to": at + HOUR}) == []
    day = local(at, "%Y-%m-%d")
    expected = ["51A%05d" % i for i in range(30) if local(c.begin + i * 8 * HOUR, "%Y-%m-%d") == day]
    assert sorted(plates(c, search="51A", **{"from": day, "to": day})) == expected and len(expected) == 3
    for name in ("from", "to"):
        for wrong in ("yesterday", "2026-02-30", "2026-13-01", "2026-01-01 24:00:00", "-5", "1e9", "2026-1-1", "2026-01-01Z"):
            status, answer = c.ask("GET", path(**{name: wrong}))
            assert (status, answer["code"], answer["field"]) == (400, "invalid_value", name), (wrong, answer)


def test_today_only(c):
    c.enter("edge-1", "70A00001")
    today = plates(c, today_only=1)
    assert "70A00001" in today and "51A00000" not in today, today
    assert plates(c, today_only=1, to=c.begin) == []


def test_filters_together(c):
    assert plates(c, search="51A0000", edge="edge-2", status="OUT", to=c.begin + 6 * 8 * HOUR) == ["51A00002"]


# ---- walking

def test_a_walk_gives_every_row_once(c):
    everything = [row["event_id"] for row in get(c, limit=1000)["history"]]
    for limit in (1, 7, len(everything) - 1, len(everything), 1000):
        assert walk(c, limit) == everything, limit
    assert walk(c, 3, search="51A0001") == [row["event_id"] for row in get(c, search="51A0001")["history"]]
    assert walk(c, 2, in_parking_only=1) == [row["event_id"] for row in get(c, in_parking_only=1)["history"]]
    assert walk(c, 1, flagged=1) == [row["event_id"] for row in get(c, flagged=1)["history"]]


def test_a_walk_while_rows_are_added(c):
    before = [row["event_id"] for row in get(c, limit=1000)["history"]]
    number = iter(range(1000))

    def add():
        i = next(number)
        c.enter("edge-1", "80A%05d" % i)                             # newest
        c.enter("edge-1", "81A%05d" % i, c.begin + 3 * DAY + i)      # in the middle

    seen = walk(c, 5, between=add)
    assert len(seen) == len(set(seen)), "a row twice"
    assert [event for event in seen if event in set(before)] == before, "each row that was there, once and in order"


def test_rows_that_began_in_the_same_moment(c):
    at = c.begin + 5 * DAY + 1
    for i in range(9):
        c.enter("edge-1", "90A%05d" % i, at)
    seen = walk(c, 2, **{"from": at, "to": at})
    assert len(seen) == len(set(seen)) == 9, seen


def test_wrong_cursors(c):
    for wrong in ("x", "1", "1-", "-1", "1-2-3", "1-x", "99999999999999999999-1", "1 -2"):
        status, answer = c.ask("GET", path(after=wrong))
        assert (status, answer["code"], answer["field"]) == (400, "invalid_value", "after"), (wrong, answer)
    page = get(c, limit=2)
    assert "total" in page and "total" not in get(c, limit=2, after=page["next"]), "a later page counts nothing"


def test_wrong_numbers(c):
    for name, wrong, status in (("limit", "0", 400), ("limit", "1001", 400), ("limit", "x", 422), ("limit", "1.5", 422),
                                ("offset", "-1", 400), ("offset", "x", 422), ("in_parking_only", "maybe", 422),
                                ("format", "xml", 400), ("flagged", "2", 422)):
        seen, answer = c.ask("GET", path(**{name: wrong}))
        assert (seen, answer["success"], answer["field"]) == (status, False, name), (name, wrong, answer)


# ---- CSV

def as_csv(value):
    """A JSON value as its cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return ("'" if value[:1] in ("=", "+", "-", "@", "\t") and value else "") + value
    return "%.15g" % value if isinstance(value, float) else str(value)


def check_csv(c, **query):
    answer, rows = get_csv(c, **query)
    wanted = get(c, **dict({"limit": 1000}, **query))["history"]
    assert len(rows) == len(wanted), (len(rows), len(wanted))
    for row, json_row in zip(rows, wanted):
        assert row == {name: as_csv(value) for name, value in json_row.items()}, (row, json_row)
        assert list(row) == list(json_row), "the same columns in the same order"
    return answer, rows


def test_csv_is_the_same_as_json(c):
    answer, rows = check_csv(c)
    assert len(rows) > 30
    assert answer.body.startswith(b"\xef\xbb\xbfid,event_id,"), answer.body[:40]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8", answer.headers
    name = "attachment; filename=\"parkmesh-history-%s.csv\"" % local(now_ms(), "%Y-%m-%d")
    assert answer.headers["content-disposition"] == name, answer.headers
    assert answer.body.endswith(b"\r\n") and answer.body.count(b"\n") == answer.body.count(b"\r\n") == len(rows) + 1
    check_csv(c, search="51A0000")
    check_csv(c, status="OUT", edge="edge-2")
    check_csv(c, limit=3, offset=4)
    check_csv(c, in_parking_only=1)
    assert get_csv(c, search="ZZZZ99")[1] == []


def test_csv_of_many_pages(c):
    """More than one page of the stream, and rows of the same moment across its border."""
    at = c.begin + 6 * DAY
    for i in range(1100):
        c.enter("edge-4", "88H%05d" % i, at + i // 100)
    _, rows = get_csv(c, search="88H")
    assert sorted(row["plate_id"] for row in rows) == ["88H%05d" % i for i in range(1100)]
    assert [row["event_id"] for row in rows] == walk(c, 300, search="88H")
    assert len(get_csv(c, search="88H", limit=700)[1]) == 700


def test_csv_refusals_are_json(c):
    status, answer = c.ask("GET", path(format="csv", after="x"))
    assert (status, answer["code"]) == (400, "invalid_value"), answer


def test_csv_head(c):
    answer = c.raw("HEAD", path(format="csv"))
    assert answer.status == 200 and answer.body == b"" and answer.headers["content-type"].startswith("text/csv"), answer


def test_a_reader_that_goes_away_ends_the_stream(c):
    for _ in range(3 * 32):
        connection = http.client.HTTPConnection("127.0.0.1", c.api_port, timeout=60)
        connection.request("GET", path(format="csv"))
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read(10)[:3] == b"\xef\xbb\xbf" or answer.status == 503, answer.status
        connection.close()
    wait_for(lambda: c.raw("GET", path(format="csv", search="51A00007")).status == 200, what="a file to be sent again")
    assert get_csv(c, search="51A00007")[1][0]["plate_id"] == "51A00007", "no thread is stuck"


def test_what_is_in_fields_comes_back_as_data(c):
    c.enter(NASTY, "66N00001", plate_view="=HYPERLINK(\"x\",1)")
    c.enter("+edge,1", "66N00002", plate_view="@SUM(1)\"")
    c.enter("-edge", "66N00003", plate_view="<i>ổ</i>")
    row = get(c, search="66N00001")["history"][0]
    assert (row["edge_id"], row["plate_view"]) == (NASTY, "=HYPERLINK(\"x\",1)"), row
    assert plates(c, edge=NASTY) == ["66N00001"] and plates(c, edge="' OR '1'='1") == []
    assert plates(c, search="' OR 1=1 --") == [] and plates(c, central="x' OR 'a'='a") == []
    _, rows = check_csv(c, search="66N")
    assert {row["plate_view"] for row in rows} == {"'=HYPERLINK(\"x\",1)", "'@SUM(1)\"", "<i>ổ</i>"}, rows
    assert {row["edge_id"] for row in rows} == {NASTY, "'+edge,1", "'-edge"}, rows


# ---- files that are longer than what lies between the programs and their reader

def read_slowly(c):
    """A socket on which the whole history was asked for and nothing but the first bytes is read."""
    link = socket.create_connection(("127.0.0.1", c.api_port), timeout=60)
    link.sendall(b"GET %s?format=csv HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % HISTORY.encode())
    return link, link.recv(12)


def test_a_long_file(c):
    """Rows put into the table directly; from here on it has many."""
    c.stop()
    with contextlib.closing(sqlite3.connect(c.rows.path)) as db:
        db.executemany("INSERT INTO history(event_id, plate_id, plate_view, status, sync_status, created_at, updated_at, begin_ts,"
                       " entry_ts, entry_camera_name) VALUES(?, ?, ?, 'OUT', 'LOCAL', '', '', ?, ?, ?)",
                       (("x_%d" % i, "10A%06d" % i, "10A%06d" % i, i, i, "gate " * 40) for i in range(60000)))
        db.commit()
    c.start()
    rows = get_csv(c)[1]
    assert len(rows) == c.rows.value("SELECT count(*) FROM history WHERE status IN ('IN', 'OUT')"), len(rows)
    assert len({row["id"] for row in rows}) == len(rows)
    page = get(c)
    assert (page["total"], page["total_exact"]) == (len(rows), True), page["total"]
    assert plates(c, offset=len(rows) - 2) == [row["plate_id"] for row in rows[-2:]]


def test_a_search_stops_and_goes_on(c):
    """For the only row of an edge, the oldest of all those."""
    with contextlib.closing(sqlite3.connect(c.rows.path)) as db, db:
        db.execute("UPDATE history SET exit_edge = 'edge-77' WHERE plate_id = '10A000000'")
    page = get(c, edge="edge-77")
    assert (page["count"], page["history"], page["stopped"], page["total_exact"]) == (0, [], True, False), page
    page = get(c, edge="edge-77", after=page["next"])
    assert ([row["plate_id"] for row in page["history"]], page["next"]) == (["10A000000"], None) and "stopped" not in page, page
    assert plates(c, edge="edge-77") == ["10A000000"], "where there is none is remembered"
    assert plates(c, search="0A000000") == ["10A000000"] and plates(c, search="0A09") == []


def test_files_leave_threads_to_the_gates(c):
    links = []
    try:
        for _ in range(8):
            links.append(read_slowly(c))
        assert all(first == b"HTTP/1.1 200" for _, first in links), links
        status, answer = c.ask("GET", path(format="csv"))
        assert (status, answer["code"]) == (503, "busy"), answer
        c.enter("edge-1", "71A00001")
    finally:
        for link, _ in links:
            link.close()
    wait_for(lambda: c.raw("GET", path(format="csv", search="71A00001")).status == 200, what="a file to be sent again")


WHOLE = b"\r\n0\r\n\r\n"    # with the end of the chunk before: a row may end in 0, too


def check_cut_off(c, number):
    """The program ends with the signal while it sends a file: its reader must be able to tell that it has not got all."""
    link, first = read_slowly(c)
    assert first == b"HTTP/1.1 200", first
    stopped, end = c.pid("fcgi"), b""
    process.send(stopped, number)
    with link:
        try:
            for piece in iter(lambda: link.recv(1 << 20), b""):
                end = (end + piece)[-len(WHOLE):]
        except ConnectionResetError:
            pass
    assert end != WHOLE, "the last chunk of a whole answer"
    c.wait_back("fcgi", stopped)


def test_a_file_cut_off_by_the_programs_end_looks_so(c):
    check_cut_off(c, signal.SIGTERM)


def test_a_file_cut_off_by_a_crash_looks_so(c):
    check_cut_off(c, signal.SIGKILL)


def test_who_holds_what_is_inside_is_not_sent_it_again(c):
    def ask(held=None):
        answer = c.raw("GET", STATE, headers={} if held is None else {"If-None-Match": held})
        assert answer.status == (304 if not answer.body else 200) and answer.headers["cache-control"] == "no-store", answer
        return answer

    first = ask()
    tag = first.headers["etag"]
    assert tag[0] == tag[-1] == '"' and first.json["success"], "a strong ETag: %s" % tag
    assert ask().headers["etag"] == tag and ask().body == first.body, "it stays while nothing changes"
    for held in (tag, '"other", %s' % tag, "W/" + tag, "*"):
        told = ask(held)
        assert told.status == 304 and told.headers["etag"] == tag, (held, told)
        assert "content-length" not in told.headers, "that would be the whole answer's"
    for held in ('"other"', tag[:-1], tag[1:], tag.strip('"'), ""):
        assert ask(held).body == first.body, held
    assert c.raw("POST", STATE, headers={"If-None-Match": tag, "Content-Length": "0"}).status == 405
    c.enter("edge-1", "51C77701")
    changed = ask(tag)
    assert changed.headers["etag"] != tag and "51C77701" in {row["plate_id"] for row in changed.json["vehicles_in_parking"]}
    c.wait_back("fcgi", c.kill("fcgi"))
    again = ask(changed.headers["etag"])
    assert again.status == 200 and again.headers["etag"] not in (tag, changed.headers["etag"]), "what another run named says nothing"


def test_more_inside_than_one_answer_holds(c):
    """Its last test: the database is told of many that no gate let in, and that it changed, as each transaction tells it."""
    assert "truncated" not in c.good("GET", STATE)
    held = c.good("GET", "/api/stats")["vehicles_in_parking"]
    with contextlib.closing(sqlite3.connect(c.rows.path)) as db, db:
        db.executemany("INSERT INTO history(event_id, plate_id, plate_view, status, sync_status, created_at, updated_at, begin_ts)"
                       " VALUES(?, ?, ?, 'IN', 'LOCAL', '', '', ?)",
                       [("made_%d" % i, "99X%05d" % i, "99X%05d" % i, i) for i in range(8000 - held)])
        db.execute("UPDATE clock SET change = change + 1")
    state = c.good("GET", STATE)
    assert len(state["vehicles_in_parking"]) == 8000 and "truncated" not in state
    with contextlib.closing(sqlite3.connect(c.rows.path)) as db, db:
        db.execute("INSERT INTO history(event_id, plate_id, plate_view, status, sync_status, created_at, updated_at, begin_ts)"
                   " VALUES('made', '99X99999', '99X99999', 'IN', 'LOCAL', '', '', 1)")
        db.execute("UPDATE clock SET change = change + 1")
    state = c.good("GET", STATE)
    assert len(state["vehicles_in_parking"]) == 8000 and state["truncated"] is True
    assert state["stats"]["vehicles_in_parking"] == 8001


if __name__ == "__main__":
    tap.run(globals(), filled)
