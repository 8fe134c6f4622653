"""One machine from the first installation to the purge."""
import csv
import io
import os
import re

from machine import Failed
from place import DAEMONS, SERVICES, UNITS, end_load, lost_nothing
from tests.site.wait import wait_for

SECRETS, MAIN_JOB = "/root/autopkgtest", "/root/main-job"
THRESHOLD = "20"    # tenths
# path: mode, owner, group
FILES = {
    "/usr/lib/parkmesh/parkmesh.fcgi": "755 root root", "/usr/sbin/p2pd": "755 root root", "/usr/bin/parkmeshctl": "755 root root",
    "/usr/bin/parkmesh-central": "755 root root", "/usr/lib/parkmesh/nginx-site": "755 root root",
    "/usr/share/parkmesh/templates/login.html": "644 root root", "/usr/share/parkmesh/static/parkmesh.css": "644 root root",
    "/usr/share/parkmesh/nginx/server.conf": "644 root root", "/etc/nginx/sites-available/parkmesh": "644 root root",
    "/etc/parkmesh/parkmesh.conf": "640 root parkmesh", "/etc/parkmesh/nginx-edges.conf": "644 root root",
    "/var/lib/parkmesh": "700 parkmesh parkmesh", "/var/lib/parkmesh/parkmesh.db": "600 parkmesh parkmesh",
    "/run/parkmesh": "2750 parkmesh www-data", "/run/parkmesh/fcgi.sock": "660 parkmesh www-data",
    "/run/parkmesh/live.sock": "660 parkmesh www-data", "/run/parkmesh/notify": "600 parkmesh parkmesh",
}


def test_it_installs_and_serves(s):
    m = s["m"] = s["place"].machine("life")
    told = m.install(s["place"].deb)
    assert "sudo parkmeshctl setup-link" in told, told
    m.serves()
    for unit in UNITS:
        assert m.unit(unit, "ActiveState") == "active" and m.unit(unit, "UnitFileState") == "enabled", m.run("systemctl", "status", unit, check=False)


def test_the_main_job(s):
    source = os.path.join(os.path.dirname(__file__), "../debian/tests/main-job")
    s["m"].put(source, MAIN_JOB, 0o755)
    s["m"].run("mkdir", "-p", SECRETS)
    told = s["m"].run("env", "AUTOPKGTEST_TMP=" + SECRETS, MAIN_JOB)
    assert "The main job is done." in told, told


def test_modes_and_owners(s):
    told = s["m"].run("stat", "-c", "%n:%a %U %G", *FILES)
    held = dict(line.split(":") for line in told.split("\n") if line)
    assert held == FILES, {path: (held.get(path), wanted) for path, wanted in FILES.items() if held.get(path) != wanted}
    others = s["m"].sh("find /var/lib/parkmesh /run/parkmesh -perm /007 ! -type l").strip()
    assert not others, "others may get at %s" % others


def test_only_nginx_reaches_the_sockets(s):
    m = s["m"]
    for socket in ("fcgi.sock", "live.sock"):
        reach = ["curl", "-s", "-m", "2", "--unix-socket", "/run/parkmesh/" + socket, "http://localhost/"]
        refused = m.sh("runuser -u nobody -- %s; echo $?" % " ".join(reach)).strip()
        reached = m.sh("runuser -u www-data -- %s >/dev/null; echo $?" % " ".join(reach)).strip()
        assert refused == "7" and reached != "7", (socket, refused, reached)
    assert not m.works("runuser", "-u", "nobody", "--", "cat", "/var/lib/parkmesh/parkmesh.db")
    assert not m.works("runuser", "-u", "www-data", "--", "ls", "/var/lib/parkmesh")


def test_no_secret_in_journal_or_process_list(s):
    m = s["m"]
    secrets = m.sh("cat %s/secrets" % SECRETS).split()
    assert len(secrets) >= 4, secrets
    seen = m.sh("journalctl --no-pager -o export; cat /var/log/nginx/* /var/log/apt/*; for p in /proc/[0-9]*; do "
                "tr '\\0' ' ' <$p/cmdline; tr '\\0' ' ' <$p/environ; done 2>/dev/null", check=False)
    assert len(seen) > 5000 and "event=started" in seen, "there is nothing to look through"
    found = [number for number, secret in enumerate(secrets) if secret in seen]
    assert not found, "secrets number %s of those the main job made can be read" % found


def test_a_webhook_is_set(s):
    """What is told there is looked at further below: it takes half a minute before anything is."""
    m = s["m"]
    assert m.unit("parkmesh-watch", "ActiveState") == "inactive" and m.unit("parkmesh-watch", "Result") == "success", "nothing is set"
    s["hook"] = m.start_in_network("hook.py", "7777")
    m.ctl("peer", "add", "central-9=192.0.2.99:9000")
    m.sh("echo 'webhook_url = http://127.0.0.1:7777/' >>/etc/parkmesh/parkmesh.conf; systemctl restart parkmesh-watch")
    assert m.unit("parkmesh-watch", "ActiveState") == "active", m.journal("-u", "parkmesh-watch")


def test_a_backup_in_its_sandbox(s):
    m = s["m"]
    m.run("systemctl", "start", "parkmesh-backup")
    made = m.sh("ls /var/lib/parkmesh/backup").split()
    assert len(made) >= 1, m.journal("-u", "parkmesh-backup")
    path = "/var/lib/parkmesh/backup/" + made[0]
    assert m.run("stat", "-c", "%a %U", path).strip() == "600 parkmesh", m.run("ls", "-la", "/var/lib/parkmesh/backup")


def test_the_sandbox_of_each_service(s):
    said = []
    for service in SERVICES:
        told = s["m"].run("systemd-analyze", "security", "--no-pager", "--threshold=" + THRESHOLD, service)
        said.append(re.search(r"Overall exposure.*", told).group(0))
    return "\n".join(said)


def test_killed_services_come_back(s):
    m = s["m"]
    for service in DAEMONS:
        for _ in range(8):      # more than the limit that systemd has by default
            pid = m.unit(service, "MainPID")
            m.run("systemctl", "kill", "--kill-who=main", "-s", "KILL", service)
            wait_for(lambda: m.unit(service, "MainPID") not in ("0", pid) and m.unit(service, "ActiveState") == "active", seconds=20,
                     what="another %s" % service)
    m.serves()
    wait_for(lambda: m.get("/api/p2p/status")["running"], what="p2pd to tell that it runs")


def test_a_service_that_cannot_start_is_tried_for_ever(s):
    """Whose database is away for a while; a request that waits in the socket does not make a busy loop of it."""
    m = s["m"]
    m.sh("systemctl stop parkmesh-p2pd; mkdir /root/away; mv /usr/share/parkmesh/templates /root/away/; "
         "systemctl kill --kill-who=main -s KILL parkmesh-fcgi")
    began = int(m.unit("parkmesh-fcgi", "NRestarts"))
    m.sh("for i in $(seq 5); do curl -s -m 8 http://127.0.0.1:8000/healthz >/dev/null & done; wait")
    restarts = m.sh("journalctl --no-pager -u parkmesh-fcgi -o cat --since -8s | grep -c event=not_started").strip()
    m.sh("mv /root/away/templates /usr/share/parkmesh/; systemctl start parkmesh-p2pd")
    m.serves()
    assert m.unit("parkmesh-fcgi.socket", "ActiveState") == "active", m.journal("-u", "parkmesh-fcgi.socket")
    assert 4 <= int(restarts) <= 60, "tried %s times in 8 s (%d before)" % (restarts, began)
    return "tried %s times in 8 s" % restarts


def test_a_stopped_p2pd_that_holds_the_lock_is_ended(s):
    """In the place and sandbox of p2pd's unit, something that takes the lock and is stopped: parkmesh.fcgi has to see that and end it."""
    m, override = s["m"], "/etc/systemd/system/parkmesh-p2pd.service.d/stopped.conf"
    m.write(override, "[Service]\nExecStart=\nExecStart=/bin/sh -c 'exec 9<>/var/lib/parkmesh/parkmesh.db-lock; flock 9; kill -STOP $$$$'\n")
    m.sh("systemctl daemon-reload; systemctl restart parkmesh-p2pd")
    pid = m.unit("parkmesh-p2pd", "MainPID")
    wait_for(lambda: ") T " in m.sh("cat /proc/%s/stat" % pid), seconds=10, what="it to be stopped")
    m.sh("rm %s; systemctl daemon-reload" % override)
    answer = m.post("/api/edge/barrier/open", {"edge_id": "edge-1", "plate_id": "30A99999"})
    assert answer["success"] and answer["action"] == "ENTRY", answer
    assert "event=holder_ended pid=%s" % pid in m.journal("-u", "parkmesh-fcgi"), m.journal()
    wait_for(lambda: m.unit("parkmesh-p2pd", "MainPID") not in ("0", pid), seconds=20, what="p2pd to be started again")


def test_a_restart_under_load_loses_no_request(s):
    m = s["m"]
    load = m.start_load("51R")
    for _ in range(5):
        m.sh("sleep 0.3; systemctl restart parkmesh-fcgi")
    return lost_nothing(m, end_load(load))


def test_a_crash_of_p2pd_under_load_loses_no_request(s):
    m = s["m"]
    load = m.start_load("51C")
    for _ in range(3):
        m.run("systemctl", "kill", "--kill-who=main", "-s", "KILL", "parkmesh-p2pd")
        wait_for(lambda: m.unit("parkmesh-p2pd", "ActiveState") == "active" and m.unit("parkmesh-p2pd", "MainPID") != "0", what="p2pd")
    return lost_nothing(m, end_load(load))


def test_a_reinstallation_under_load_loses_no_request(s):
    m = s["m"]
    load = m.start_load("51I")
    m.apt("install", "--reinstall", "/root/parkmesh.deb")
    return lost_nothing(m, end_load(load))


def test_the_webhook_was_told_in_its_sandbox(s):
    told = s["hook"].stdout.readline()
    s["hook"].stdin.close()
    assert s["hook"].wait(timeout=20) == 0 and "central-9" in told, told


def programs(m):
    """What runs as the central's user."""
    return m.sh("find /proc -maxdepth 1 -user parkmesh -name '[0-9]*' -exec readlink {}/exe \\;").split("\n")[:-1]


def held(m):
    """What a site would miss."""
    m.ctl("verify")
    stays = csv.DictReader(io.StringIO(m.run("curl", "-s", "http://127.0.0.1:8000/api/parking/history?format=csv").lstrip("\ufeff")))
    return {"stays": {stay["event_id"]: (stay["status"], stay["entry_time"], stay["exit_time"], stay["fee"]) for stay in stays},
            "edges": m.ctl("--json", "edge", "list"), "people": m.ctl("--json", "user", "list")}


def test_a_reboot_keeps_all(s):
    m = s["m"]
    s["held"] = held(m)
    assert len(s["held"]["stays"]) > 100, s["held"]
    m.reboot()
    m.serves()
    assert held(m) == s["held"], "something else is held after the reboot"
    test_modes_and_owners(s)
    wait_for(lambda: m.get("/api/p2p/status")["running"], what="p2pd to tell that it runs")


def test_removing_keeps_the_data_and_nginx(s):
    m = s["m"]
    m.write("/etc/parkmesh/p2p_config.json", "{}\n")
    assert len(programs(m)) >= 2, programs(m)
    m.apt("remove", "parkmesh")
    wait_for(lambda: m.status() == "000", what="nginx to leave the port")
    assert m.works("nginx", "-t") and m.unit("nginx", "ActiveState") == "active"
    assert not programs(m), programs(m)
    assert m.works("test", "-e", "/var/lib/parkmesh/parkmesh.db") and not m.works("test", "-e", "/run/parkmesh")
    assert m.works("test", "-e", "/etc/nginx/sites-available/parkmesh") and not m.works("test", "-e", "/etc/nginx/sites-enabled/parkmesh")


def test_installing_it_again_brings_all_back(s):
    m = s["m"]
    m.install(s["place"].deb)
    m.serves()
    assert held(m) == s["held"], "something else is held than before the removal"


def test_a_site_that_was_disabled_stays_so(s):
    m = s["m"]
    m.run("/usr/lib/parkmesh/nginx-site", "disable")
    wait_for(lambda: m.status() == "000", what="nginx to leave the port")
    m.apt("install", "--reinstall", "/root/parkmesh.deb")
    assert m.status() == "000" and not m.works("test", "-e", "/etc/nginx/sites-enabled/parkmesh")
    m.run("/usr/lib/parkmesh/nginx-site", "enable")
    m.serves()


def test_purging_leaves_nothing(s):
    m = s["m"]
    m.apt("purge", "parkmesh")
    left = m.sh("find / -xdev \\( -path /proc -o -path /root -o -path /var/log -o -path /var/cache/apt \\) -prune -o "
                "\\( -name '*parkmesh*' -o -user parkmesh -o -group parkmesh \\) -print; ls -d /run/parkmesh 2>/dev/null || true").strip()
    assert not left, left
    assert m.works("getent", "passwd", "parkmesh"), "the user stays, so that its number is nobody else's"
    assert m.run("systemctl", "--failed", "--no-legend", "--plain").strip() == ""
    assert m.unit("nginx", "ActiveState") == "active" and m.works("nginx", "-t")


def test_it_installs_after_a_purge_as_on_a_fresh_machine(s):
    m = s["m"]
    m.install(s["place"].deb)
    m.serves()
    assert m.get("/api/parking/history")["history"] == []
    try:
        m.ctl("user", "list")
    except Failed as e:
        raise AssertionError("parkmeshctl as root: %s" % e) from e
