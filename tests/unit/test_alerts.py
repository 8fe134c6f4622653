#!/usr/bin/python3
"""packaging/prometheus and packaging/grafana: promtool takes the rules, each alert is raised by what it is about and by nothing else, and
the dashboard is one that can be read. That they name only what there is, is tests/flow/test_metrics.py."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

import yaml                                         # noqa: E402

from tests.unit import findings                     # noqa: E402

SOURCE = os.environ.get("PARKMESH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
FOLDER = os.path.join(SOURCE, "packaging", "prometheus")
RULES = os.path.join(FOLDER, "parkmesh-alerts.yml")
DASHBOARD = os.path.join(SOURCE, "packaging", "grafana", "parkmesh-dashboard.json")
WHO = 'job="parkmesh",instance="10.0.0.1:8000"'
CENTRAL = {"job": "parkmesh", "instance": "10.0.0.1:8000", "central": "central-1"}
WELL = {                    # what a central says that is well: the first minute, and what is added in each after it
    "up": "1", "parkmesh_central_info{central=\"central-1\"}": "1", "parkmesh_database_writable": "1",
    "parkmesh_database_readable": "1", "parkmesh_writer_busy_seconds": "0", "parkmesh_p2pd_running": "1",
    "parkmesh_disk_free_bytes": "500+0", "parkmesh_disk_size_bytes": "1000", "parkmesh_database_wal_bytes": "4194304",
    "parkmesh_conflicts_open": "0", "parkmesh_records_unreadable": "0", "process_start_time_seconds": "1000",
    'parkmesh_login_failures_total{reason="wrong"}': "0+0",
    'parkmesh_http_requests_total{code="200",route="/api/stats",method="GET"}': "0+600",
    'parkmesh_http_requests_total{code="503",route="/api/stats",method="GET"}': "0+1",
    'parkmesh_http_request_duration_seconds_bucket{route="/api/edge/barrier/open",le="0.5"}': "0+60",
    'parkmesh_http_request_duration_seconds_bucket{route="/api/edge/barrier/open",le="1"}': "0+60",
    'parkmesh_http_request_duration_seconds_bucket{route="/api/edge/barrier/open",le="+Inf"}': "0+60",
    'parkmesh_peer_connected{peer="central-2"}': "1", 'parkmesh_peer_configured{peer="central-2"}': "1",
    'parkmesh_peer_state{peer="central-2",state="refused"}': "0", 'parkmesh_peer_behind_records{peer="central-2"}': "900",
    'parkmesh_peer_ahead_records{peer="central-2"}': "900", 'parkmesh_peer_clock_offset_seconds{peer="central-2"}': "-59",
    **{'parkmesh_condition{condition="%s"}' % name: "0" for name in ("disk_low", "backup_old", "unwritable", "peer_down", "future")},
    **{'parkmesh_warnings{code="%s"}' % code: "0" for code in ("rolled_back", "fork", "two_centrals")},
}
PEER, OPEN = {"peer": "central-2"}, "/api/edge/barrier/open"
# Alert -> (what is not well, after how long it is raised, its labels beside those of the central, its summary). Until a moment
# before, and while all is well, it is not.
BAD = {
    "ParkmeshNoScrape": ({"up": "0"}, "2m", {}, "10.0.0.1:8000 does not answer"),
    "ParkmeshNoTargets": (None, "10m", {}, "No central is scraped"),
    "ParkmeshDatabaseUnwritable": ({"parkmesh_database_writable": "0"}, "1m", {}, "central-1 cannot write its database"),
    "ParkmeshDatabaseUnreadable": ({"parkmesh_database_readable": "0"}, "1m", {}, "central-1 cannot read its database"),
    "ParkmeshWriterStuck": ({"parkmesh_writer_busy_seconds": "6"}, "1m", {}, "Gates of central-1 wait for the database"),
    "ParkmeshDiskLow": ({'parkmesh_condition{condition="disk_low"}': "1"}, "1m", {"condition": "disk_low"},
                        "The disk of central-1 is nearly full"),
    "ParkmeshDiskFilling": ({"parkmesh_disk_free_bytes": "290-0.05"}, "62m", {}, "The disk of central-1 will be full within a week"),
    "ParkmeshBackupOld": ({'parkmesh_condition{condition="backup_old"}': "1"}, "1h", {"condition": "backup_old"},
                          "central-1 has no recent backup"),
    "ParkmeshWalLarge": ({"parkmesh_database_wal_bytes": "268435457"}, "30m", {},
                         "The write-ahead log of central-1 does not shrink"),
    "ParkmeshRequestsFail": ({'parkmesh_http_requests_total{code="503",route="/api/stats",method="GET"}': "0+200"}, "6m", {},
                             "central-1 fails 25% of the requests"),
    "ParkmeshBarriersSlow": ({'parkmesh_http_request_duration_seconds_bucket{route="%s",le="0.5"}' % OPEN: "0+30"}, "11m", {},
                             "Barriers of central-1 take 990ms"),
    "ParkmeshRestarts": ({"process_start_time_seconds": "1000+1"}, "4m", {}, "parkmesh.fcgi of central-1 is started again and again"),
    "ParkmeshPasswordsGuessed": ({'parkmesh_login_failures_total{reason="wrong"}': "0+2.1"}, "15m", {},
                                 "Somebody guesses passwords at central-1"),
    "ParkmeshConflictsWaiting": ({"parkmesh_conflicts_open": "3"}, "1d", {}, "3 conflicts wait at central-1"),
    "ParkmeshRecordsUnreadable": ({"parkmesh_records_unreadable": "7"}, "10m", {}, "central-1 cannot read 7 records"),
    "ParkmeshCondition": ({'parkmesh_condition{condition="future"}': "1"}, "10m", {"condition": "future"}, "central-1: future"),
    "ParkmeshP2pdDown": ({"parkmesh_p2pd_running": "0", 'parkmesh_peer_connected{peer="central-2"}': "0"}, "1m", {},
                         "p2pd of central-1 does not run"),
    "ParkmeshPeerDown": ({'parkmesh_peer_connected{peer="central-2"}': "0"}, "5m", PEER, "central-1 is not connected with central-2"),
    "ParkmeshPeerRefused": ({'parkmesh_peer_connected{peer="central-2"}': "0",
                             'parkmesh_peer_state{peer="central-2",state="refused"}': "1"}, "5m", {**PEER, "state": "refused"},
                            "central-1 and central-2 refuse each other"),
    "ParkmeshPeerBehind": ({'parkmesh_peer_behind_records{peer="central-2"}': "1001"}, "15m", PEER,
                           "central-2 lacks 1001 records of central-1"),
    "ParkmeshPeerAhead": ({'parkmesh_peer_ahead_records{peer="central-2"}': "1001"}, "15m", PEER,
                          "central-1 lacks 1001 records of central-2"),
    "ParkmeshClockOff": ({'parkmesh_peer_clock_offset_seconds{peer="central-2"}': "-61"}, "5m", PEER,
                         "Clocks of central-1 and central-2 are 1m 1s apart"),
    "ParkmeshRolledBack": ({'parkmesh_warnings{code="rolled_back"}': "1"}, "0m", {"code": "rolled_back"},
                           "central-1 knows of a database that is older than what it has told"),
    "ParkmeshFork": ({'parkmesh_warnings{code="fork"}': "1"}, "0m", {"code": "fork"}, "central-1 knows of two versions of one log"),
    "ParkmeshWarning": ({'parkmesh_warnings{code="two_centrals"}': "1"}, "0m", {"code": "two_centrals"},
                        "central-1 warns: two_centrals"),
}


def rules():
    with open(RULES, encoding="utf-8") as f:
        return yaml.safe_load(f)


def alerts():
    return [rule for group in rules()["groups"] for rule in group["rules"]]


def promtool(*words):
    """-> what it complained of"""
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).strip().split("\n")


def tested(tests):
    """promtool's tests of the rules -> what failed"""
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as f:
        yaml.safe_dump({"rule_files": [RULES], "evaluation_interval": "1m", "tests": tests}, f)
        f.flush()
        return promtool("test", "rules", f.name)


def series(well, minutes):
    """As promtool wants them, for so long; the labels of the scrape are added."""
    def named(name):
        inner = re.search(r"\{(.*)\}", name)
        return "%s{%s}" % (name.split("{")[0], ",".join(([inner.group(1)] if inner else []) + [WHO]))
    return [{"series": named(name), "values": "%sx%d" % (values, minutes)} for name, values in well.items()]


def expected(name, labels, summary):
    rule = next(rule for rule in alerts() if rule["alert"] == name)
    of = {"ParkmeshNoScrape": {"job": "parkmesh", "instance": "10.0.0.1:8000"}, "ParkmeshNoTargets": {"job": "parkmesh"}}
    return {"exp_labels": {**of.get(name, CENTRAL), **labels, "severity": rule["labels"]["severity"]},
            "exp_annotations": {"summary": summary, "description": rule["annotations"]["description"]}}


def when_bad(name):
    """Raised when it is time, not a minute before, and no other alert with it that is not about the same."""
    bad, after, labels, summary = BAD[name]
    minutes = {"m": 1, "h": 60, "d": 1440}[after[-1]] * int(after[:-1])
    tests = [{"eval_time": after, "alertname": name, "exp_alerts": [expected(name, labels, summary)]}]
    if minutes > 1:
        tests.append({"eval_time": "%dm" % (minutes - 2), "alertname": name, "exp_alerts": []})
    if name == "ParkmeshP2pdDown":      # of peers nothing is known then
        tests.append({"eval_time": "%dm" % (minutes + 8), "alertname": "ParkmeshPeerDown", "exp_alerts": []})
    if name == "ParkmeshPeerRefused":
        tests.append({"eval_time": "%dm" % (minutes + 8), "alertname": "ParkmeshPeerDown", "exp_alerts": []})
    return {"interval": "1m", "input_series": [] if bad is None else series({**WELL, **bad}, minutes + 10), "alert_rule_test": tests}


def test_promtool_takes_rules_and_example():
    yield from promtool("check", "rules", RULES)
    yield from promtool("check", "config", os.path.join(FOLDER, "prometheus.yml"))


def test_each_alert_says_what_to_do():
    for rule in alerts():
        name = rule["alert"]
        if not re.fullmatch(r"Parkmesh[A-Z][A-Za-z0-9]+", name) or rule.get("labels", {}).get("severity") not in ("critical", "warning", "info"):
            yield "%s: a name or a severity that is none" % name
        said = rule.get("annotations", {})
        if set(said) != {"summary", "description"} or not said["description"].endswith("."):
            yield "%s has to say what it is and what to do: %s" % (name, said)
    names = [rule["alert"] for rule in alerts()]
    yield from ("%s is not tested" % name for name in names if name not in BAD)
    yield from ("%s is tested and not there" % name for name in BAD if name not in names)
    if len(names) != len(set(names)):
        yield "an alert is there twice"


def test_each_is_raised_by_what_it_is_about():
    yield from tested([when_bad(name) for name in BAD])


def test_none_is_raised_while_all_is_well():
    quiet = [{"eval_time": time, "alertname": rule["alert"], "exp_alerts": []} for rule in alerts() for time in ("5m", "3h")]
    yield from tested([{"interval": "1m", "input_series": series(WELL, 190), "alert_rule_test": quiet}])


def test_every_condition_and_warning_has_its_alert():
    """By the alert that is about it, or by the one for all others: what is taken out of that one is what others are about."""
    text = open(RULES, encoding="utf-8").read()
    for group, label, source in (("parkmesh_condition", "condition", "conditions.c"), ("parkmesh_warnings", "code", "warnings.c")):
        out = re.search(r'%s\{%s!~"([^"]*)"\}' % (group, label), text).group(1).split("|")
        with open(os.path.join(SOURCE, "lib", "domain", source), encoding="utf-8") as f:
            known = set(re.findall(r'\[(?:CONDITION|WARNING)_\w+\] = \{? ?"(\w+)"', f.read()))
        if len(known) < 5:
            yield "these are not the words of %s: %s" % (source, known)
        yield from ("%s leaves out %s, which is not there" % (group, name) for name in out if name not in known)


def dashboard():
    with open(DASHBOARD, encoding="utf-8") as f:
        return json.load(f)


def test_the_dashboard_can_be_read():
    """Panels with a unit, that lie side by side in the grid of 24 columns and not upon each other."""
    panels, taken = dashboard()["panels"], {}
    if len(panels) < 20 or len({panel["id"] for panel in panels}) != len(panels):
        yield "too few panels, or an id that is there twice"
    for panel in panels:
        at = panel["gridPos"]
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            if cell in taken or cell[0] >= 24:
                yield "%s lies upon %s or beside the grid at %s" % (panel["title"], taken.get(cell), cell)
                break
            taken[cell] = panel["title"]
        if panel["type"] != "row" and not (panel["fieldConfig"]["defaults"].get("unit") and panel["targets"]):
            yield "%s has no unit or asks for nothing" % panel["title"]


def test_the_dashboard_asks_what_prometheus_understands():
    asked = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    asked = [expr.replace("$__rate_interval", "5m").replace("$central", ".*") for expr in asked]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as f:
        yaml.safe_dump({"groups": [{"name": "panels", "rules": [{"record": "panel:%d" % number, "expr": expr}
                                                                for number, expr in enumerate(asked)]}]}, f)
        f.flush()
        yield from promtool("check", "rules", f.name)
    yield from ("%s has a variable that is not there" % expr for expr in asked if "$" in expr)


if __name__ == "__main__":
    findings.run(globals())
