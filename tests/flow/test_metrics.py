#!/usr/bin/python3
"""/metrics of two centrals with traffic: counters move as they should, every family is documented, alerts and dashboard name only
what there is, promtool has nothing to say, and nobody reads it who may not."""
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

import yaml                                                 # noqa: E402

from tests.site import metrics, tap                         # noqa: E402
from tests.site.client import Client                        # noqa: E402
from tests.site.page import Browser                         # noqa: E402
from tests.site.people import add_user, ctl                 # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

SOURCE = os.environ.get("PARKMESH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NEAR, FAR = "127.0.0.2", "127.0.0.3"        # one that may administer, and anybody
OPTIONS = ["--trust-admin", "none", "--trust-admin", "127.0.0.1", "--trust-admin", NEAR]
OPEN = {"method": "POST", "route": "/api/edge/barrier/open"}
ROW = re.compile(r"^\| `([a-z0-9_]+)` \| (\w+) \| ([a-z_, –]+) \| (.*) \|$", re.M)
NAME = re.compile(r"\b((?:parkmesh|process)_[a-z0-9_]+)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')


class Played:
    """A site of two, on which each test goes on where the one before it ended."""

    def __init__(self, ground):
        self.site, self.ground = ground.site(2), ground
        self.here, self.there = self.site
        for central in self.site:
            central.options = OPTIONS
        self.site.start()


def source(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as f:
        return f.read()


def wait_until(central, predicate, what):
    """/metrics is kept for a second -> the first that fits"""
    seen = []

    def look():
        seen[:] = [metrics.read(central)]
        return predicate(seen[0])
    wait_for(look, what=lambda: "%s; seen: %s" % (what, {"%s %s" % (n, dict(l)): v for (n, l), v in seen[0].samples.items()
                                                         if not n.endswith("_bucket")}))
    return seen[0]


def from_address(central, address, **headers):
    client = Client("127.0.0.1", central.api_port, source=address)
    try:
        return client.raw("GET", "/metrics", None, {name.replace("_", "-"): value for name, value in headers.items()})
    finally:
        client.close()


def test_requests_and_commits_are_counted(played):
    c, before = played.here, metrics.read(played.here)
    for number in range(5):
        c.enter("edge-1", "29A0000%d" % number)
    assert c.open("edge-1", "29A00001", "ENTRY")[0] == 409
    assert c.open("edge-1", "29A00009", "SIDEWAYS")[0] == 400
    after = wait_until(c, lambda m: m.get("parkmesh_http_requests_total", code="400", **OPEN) == 1, "the refused request")
    assert after.get("parkmesh_http_requests_total", code="200", **OPEN) == 5
    assert after.get("parkmesh_http_requests_total", code="409", **OPEN) == 1
    assert after.get("parkmesh_http_request_duration_seconds_count", **OPEN) == 7
    assert after.get("parkmesh_http_request_duration_seconds_bucket", le="+Inf", **OPEN) == 7
    assert 0 < after.get("parkmesh_http_request_duration_seconds_sum", **OPEN) < 60
    for name in ("parkmesh_commit_jobs_count", "parkmesh_commit_duration_seconds_count"):
        assert after.get(name) >= before.get(name) + 5, name
    assert after.get("parkmesh_commit_jobs_sum") >= after.get("parkmesh_commit_jobs_count")
    assert after.get("parkmesh_commit_failures_total") == 0 and after.get("parkmesh_writer_jobs_waiting") == 0
    assert after.get("parkmesh_request_threads_busy") == 1 and after.get("parkmesh_request_threads") == 32
    assert after.get("parkmesh_central_info", central=c.id) == 1
    assert after.get("parkmesh_database_readable") == 1 == after.get("parkmesh_database_writable")
    assert after.get("process_start_time_seconds") > 1.7e9 and after.get("process_cpu_seconds_total") > 0
    wal = os.path.getsize(os.path.join(c.dir, "parkmesh.db-wal"))
    assert after.get("parkmesh_database_wal_bytes") <= wal and after.get("parkmesh_database_bytes") > 0


def test_strange_paths_and_methods_are_one_series(played):
    c = played.here
    for number in range(40):
        c.raw("GET", "/nothing-%d%%22%%7D%%201%%0Aevil_total%%202" % number)
        c.raw("PUT", "/healthz/%d" % number)
    c.raw("POST", "/api/stats", b"{}")
    c.raw("GET", "/api/parking/history/77/exit")
    after = wait_until(c, lambda m: m.sum("parkmesh_http_requests_total", route="unknown", code="404") == 80, "80 unknown paths")
    assert after.get("parkmesh_http_requests_total", method="OTHER", route="unknown", code="405") == 2
    known = set(re.findall(r'"(/[^"]*)", ACCESS', source("fcgi", "routes.c")))
    assert after.values("parkmesh_http_requests_total", "route") <= known | {"unknown"}
    assert len(after.samples) < 1500, len(after.samples)


def test_records_are_counted_at_every_central(played):
    held = {"type": "VEHICLE_ENTRY_PENDING"}
    played.site.wait_converged()
    here = wait_until(played.here, lambda m: m.get("parkmesh_records_total", origin="own", **held) == 5, "five entries here")
    there = wait_until(played.there, lambda m: m.get("parkmesh_records_total", origin="other", **held) == 5, "the same there")
    assert here.get("parkmesh_records_total", origin="other", **held) is None
    assert there.get("parkmesh_records_total", origin="own", **held) is None
    assert here.get("parkmesh_vehicles_inside") == there.get("parkmesh_vehicles_inside") == 5
    for central in played.site:
        kept = central.rows.query("SELECT type, sum(count) AS count FROM record_counts GROUP BY type ORDER BY type")
        assert kept == central.rows.query("SELECT type, count(*) AS count FROM records GROUP BY type ORDER BY type"), kept


def test_a_peer_goes_and_comes_back(played):
    here, peer = played.here, {"peer": played.there.id}
    well = metrics.read(here)
    assert well.get("parkmesh_peer_connected", **peer) == 1 == well.get("parkmesh_peer_configured", **peer)
    assert well.get("parkmesh_peer_state", state="connected", **peer) == 1
    assert well.sum("parkmesh_peer_state", **peer) == 1
    assert well.get("parkmesh_p2pd_running") == 1 == well.get("parkmesh_p2pd_listening")
    assert all(well.get("parkmesh_mesh_messages_total", direction=way) > 0 for way in ("sent", "received"))
    assert well.get("parkmesh_condition", condition="peer_down") == 0
    wait_until(here, lambda m: m.get("parkmesh_peer_round_trip_seconds", **peer) is not None, "a round trip")
    played.there.stop()
    here.leave("edge-2", "29A00000")
    down = wait_until(here, lambda m: m.get("parkmesh_condition", condition="peer_down") == 1
                      and m.get("parkmesh_peer_behind_records", **peer) == 1, "the peer to be down and a record behind")
    assert down.get("parkmesh_peer_connected", **peer) == 0 == down.get("parkmesh_peer_state", state="connected", **peer)
    assert down.sum("parkmesh_mesh_events_total", kind="closed") >= 1
    assert down.get("parkmesh_peer_last_seen_timestamp_seconds", **peer) > 1.7e9
    played.there.start()
    wait_until(here, lambda m: m.get("parkmesh_condition", condition="peer_down") == 0
               and m.get("parkmesh_peer_behind_records", **peer) == 0, "the peer to be back and to have all")


def test_backups_and_quorum_are_told(played):
    c = played.here
    before = metrics.read(c)
    assert before.get("parkmesh_backup_last_timestamp_seconds") is None and before.get("parkmesh_condition", condition="backup_old") == 0
    ctl(c, "backup", played.ground.path("backup.db"))
    after = wait_until(c, lambda m: m.get("parkmesh_backup_last_timestamp_seconds"), "the backup")
    assert after.get("parkmesh_backup_last_bytes") == os.path.getsize(played.ground.path("backup.db"))
    assert c.ask("POST", "/api/edge/barrier/open?wait=quorum", {"edge_id": "edge-1", "plate_id": "29A00077", "direction": "ENTRY"})[0] == 200
    wait_until(c, lambda m: m.get("parkmesh_quorum_waits_total", result="reached") == 1
               and m.get("parkmesh_records_below", durability="quorum") == 0 == m.get("parkmesh_records_below", durability="all"),
               "all records to be at quorum")


def test_failed_log_ins_are_counted(played):
    c = played.here
    add_user(c, "vy", "viewer")
    for _ in range(2):
        Browser(c).log_in("vy", "no password of hers")
    wait_until(c, lambda m: m.get("parkmesh_login_failures_total", reason="wrong") == 2, "two failed log-ins")


def test_only_those_read_it_who_may(played):
    c = played.here
    assert from_address(c, NEAR).status == 200
    far = from_address(c, FAR)
    assert (far.status, far.json["code"], far.headers["content-type"]) == (403, "address_not_trusted", "application/json"), far
    for header in ({"X_Forwarded_For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"Host": "evil.example"},
                   {"Origin": "https://evil.example"}):
        assert from_address(c, "127.0.0.1", **header).status in (401, 403), header
    browser = Browser(c, Client("127.0.0.1", c.api_port, source=FAR))
    browser.log_in("vy")
    assert browser.get("/metrics").answer.text.startswith("# HELP ")
    assert c.raw("POST", "/metrics", b"").status == 405
    assert c.raw("HEAD", "/metrics").body == b""


def test_a_prometheus_elsewhere_reads_it_through_nginx(played):
    """The example that the documents name, with an address and ports of this test."""
    listen, = free_ports(1)
    folder = played.ground.path("nginx")
    os.makedirs(os.path.join(folder, "tmp"))
    text = source("packaging", "prometheus", "nginx-metrics.conf")
    assert all(there in text for there in ("8000", "9180", "192.0.2.1"))
    text = text.replace("8000", str(played.here.api_port)).replace("9180", str(listen)).replace("192.0.2.1", NEAR)
    text = re.sub(r"listen \[::\].*\n", "", text).replace("listen %d" % listen, "listen 127.0.0.1:%d" % listen)
    config = os.path.join(folder, "nginx.conf")
    with open(config, "w", encoding="utf-8") as f:
        f.write("daemon off;\nmaster_process off;\npid %s/pid;\nerror_log stderr;\nevents {}\nhttp {\n%s\n%s}\n" % (
            folder, "".join("%s_temp_path %s/tmp/%s;\n" % (kind, folder, kind)
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")), text))
    with subprocess.Popen(["nginx", "-p", folder, "-c", config], stderr=subprocess.DEVNULL) as nginx:
        try:
            def ask(path, source_address, method="GET"):
                return Client("127.0.0.1", listen, source=source_address).raw(method, path)

            def answers():
                try:
                    return ask("/metrics", NEAR)
                except OSError:
                    return None
            answer = wait_for(answers, what="nginx to answer")
            assert answer.status == 200 and answer.text.startswith("# HELP parkmesh_build_info"), answer
            assert ask("/metrics", FAR).status == 403
            assert ask("/metrics", NEAR, "POST").status == 403
            assert ask("/api/stats", NEAR).status == 404 == ask("/metrics/", NEAR).status
        finally:
            nginx.terminate()


def test_promtool_has_nothing_to_say(played):
    for central in played.site:
        body = central.raw("GET", "/metrics").body
        done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), done


def test_every_family_is_documented_as_it_is(played):
    seen = metrics.read(played.here)
    rows = ROW.findall(source("doc", "metrics.md"))
    told = {name: (kind, frozenset(re.findall(r"[a-z_]+", labels)), meaning) for name, kind, labels, meaning in rows}
    assert len(told) == len(rows), "a family stands there twice"
    for name, (kind, meaning) in seen.families.items():
        labels = seen.labels(name)
        assert len(labels) == 1, "%s has no samples here, or with several sets of labels: %s" % (name, labels)
        assert told.get(name) == (kind, *labels, meaning), (name, told.get(name), kind, labels, meaning)
    assert not told.keys() - seen.families.keys(), told.keys() - seen.families.keys()


def expressions():
    """(where, expression) of every alert and every panel"""
    for group in yaml.safe_load(source("packaging", "prometheus", "parkmesh-alerts.yml"))["groups"]:
        yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])
    for panel in json.loads(source("packaging", "grafana", "parkmesh-dashboard.json"))["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", []))


# Labels of which every value that can be is there all the time.
ALWAYS = {"parkmesh_condition": "condition", "parkmesh_warnings": "code", "parkmesh_peer_state": "state",
          "parkmesh_cameras": "state", "parkmesh_login_failures_total": "reason", "parkmesh_mesh_messages_total": "direction",
          "parkmesh_records_below": "durability", "parkmesh_quorum_waits_total": "result"}


def test_alerts_and_dashboard_name_what_there_is(played):
    seen, named = metrics.read(played.here), set()
    for where, expression in expressions():
        for name, selector in NAME.findall(expression):
            family = seen.family(name)
            assert family, "%s names %s, which is not there" % (where, name)
            named.add(family)
            for label, how, value in MATCHER.findall(selector):
                assert label in {"job", "instance", "le"}.union(*seen.labels(family)), (where, name, label)
                values = set(value.split("|")) if "~" in how else {value}
                if ALWAYS.get(family) == label:
                    assert values <= seen.values(family, label), (where, name, values - seen.values(family, label))
    assert len(named) > 30, named


if __name__ == "__main__":
    tap.run(globals(), Played)
