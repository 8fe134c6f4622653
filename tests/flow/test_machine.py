#!/usr/bin/python3
"""A central as it is installed: programs that are told all by parkmesh.conf, the installed site of nginx beside another one, what a
signal has them read again, a first start with the older system's p2p_config.json, parkmeshctl as root in a folder of somebody else."""
import json
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import tap                                  # noqa: E402
from tests.site.client import Client                        # noqa: E402
from tests.site.machine import Machine                      # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.rows import Rows                            # noqa: E402
from tests.site.wait import wait_for                        # noqa: E402

STRANGER, EDGE = "127.0.5.9", "127.0.5.1"
NOBODY = 65534
STATE = "/api/status"
CALLS = 300


def running(ground):
    os.makedirs(ground.path("machine"))
    m = ground.on_end(Machine(ground.path("machine"), conf(EDGE)))
    p2p_port, peer_port = free_ports(2)
    write(m.path("p2p_config.json"), json.dumps({
        "this_central": {"id": "central-7", "ip": "127.0.0.1", "p2p_port": p2p_port, "api_port": m.port},
        "peer_centrals": [{"id": "central-8", "ip": "127.0.0.1", "p2p_port": peer_port}]}))
    m.start()
    m.ground, m.p2p_port = ground, p2p_port
    return m


def conf(edges, more=""):
    return "trust_edges = none %s\ntrust_admin = none 127.0.0.1\n%s" % (edges, more)


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def lines_with(m, words):
    return [line for line in m.said().split("\n") if words in line]


def test_a_new_central_is_who_the_older_systems_file_says(m):
    config = json.loads(m.call("GET", "/api/p2p/config").text)["config"]
    assert config["this_central"]["id"] == "central-7" and config["this_central"]["p2p_port"] == m.p2p_port, config
    assert [peer["id"] for peer in config["peer_centrals"]] == ["central-8"], config
    assert len(lines_with(m, "event=first_configuration ")) == 1


def test_another_site_of_the_same_nginx_is_as_it_was(m):
    other = Client("127.0.0.1", m.other_port).raw("GET", "/api/stats")
    assert other.text == "of-the-other-site\n" and "content-security-policy" not in other.headers, (other, other.headers)
    mine = m.call("GET", "/login", Accept_Encoding="gzip")
    assert mine.status == 200 and "content-encoding" not in mine.headers, mine.headers
    assert "frame-ancestors 'none'" in mine.headers["content-security-policy"]
    assert m.call("GET", "/static/parkmesh.css").status == 200
    assert m.call("GET", "/static/../templates/login.html").status == 404
    assert Client("::1", m.port).raw("GET", "/healthz").status == 200
    with open(m.path("access.log"), encoding="utf-8") as f:
        assert {line.split('"')[1].split()[1] for line in f} <= {"/api/stats"}, "the central's requests are logged"


def test_trusted_edges_of_the_file_are_not_limited(m):
    write_edges(m)
    edge, stranger = Client("127.0.0.1", m.port, source=EDGE), Client("127.0.0.1", m.port, source=STRANGER)
    seen = [[client.raw("GET", STATE).status for _ in range(CALLS)] for client in (edge, stranger)]
    assert set(seen[0]) == {200}, seen[0]
    assert 429 in seen[1] and set(seen[1]) == {401, 429}, seen[1]


def write_edges(m):
    told = m.ctl("nginx-edges", m.path("nginx-edges.conf"))
    assert told.returncode == 0 and "systemctl reload nginx" in told.stdout, told
    with open(m.path("nginx-edges.conf"), encoding="utf-8") as f:
        assert "\t%s/32 1;\n" % EDGE in f.read()


def test_trust_is_read_again_on_a_signal(m):
    assert m.call("GET", STATE, source="127.0.5.2").status == 401
    m.write_conf(conf("127.0.5.0/30", "threads = 5\n"))
    m.signal("fcgi", signal.SIGHUP)
    wait_for(lambda: m.call("GET", STATE, source="127.0.5.2").status == 200, what="127.0.5.2 to be trusted")
    assert lines_with(m, 'event=restart_needed keys="threads"')
    m.write_conf(conf("127.0.5.300"))
    m.signal("fcgi", signal.SIGHUP)
    wait_for(lambda: lines_with(m, "event=configuration_refused"), what="the wrong file to be told of")
    told = lines_with(m, "event=configuration_refused")[0]
    assert "line 7: trust_edges takes" in told and "not '127.0.5.300'" in told, told
    m.signal("fcgi", signal.SIGUSR1)            # whose line comes when it is through with the file
    wait_for(lambda: lines_with(m, "event=state up_s="), what="the line of its state")
    assert [m.call("GET", STATE, source=source).status for source in ("127.0.5.2", "127.0.5.77")] == [200, 401]
    m.write_conf(conf(EDGE))
    m.signal("fcgi", signal.SIGHUP)
    wait_for(lambda: m.call("GET", STATE, source="127.0.5.2").status == 401, what="127.0.5.2 to be trusted no longer")


def test_p2pd_reads_it_again_too(m):
    own, made = 'p2pd event=certificate file="%s"' % m.path("site.crt"), 'p2pd event=certificate file="%s"' % m.path("tls.crt")
    wait_for(lambda: lines_with(m, made), what="the certificate that p2pd made")
    m.write_conf(conf(EDGE, "threads = 5\ntls_certificate = %s\ntls_key = %s\n" % (m.path("site.crt"), m.path("site.key"))))
    m.signal("p2pd", signal.SIGHUP)
    wait_for(lambda: lines_with(m, own), what="p2pd to show the site's certificate")
    assert not [line for line in lines_with(m, "event=restart_needed") if " p2pd " in line]
    m.write_conf(conf(EDGE))
    m.signal("p2pd", signal.SIGHUP)
    wait_for(lambda: len(lines_with(m, made)) == 2, what="p2pd to show the one it made again")


def test_a_signal_has_them_tell_how_they_are(m):
    before = len(lines_with(m, "event=state up_s="))
    m.signal("fcgi", signal.SIGUSR1)
    wait_for(lambda: len(lines_with(m, "event=state up_s=")) > before, what="the line")
    told = lines_with(m, "event=state up_s=")[-1]
    assert " threads=32 " in told and " writable=1 " in told and " trusted_edges=1 " in told and " loopback_trusted=0 " in told, told


def test_cookies_are_for_tls_alone_under_tls(m):
    plain, tls = m.call("GET", "/login").cookies, m.get_tls("/login")
    assert plain and not [cookie for cookie in plain if "secure" in cookie.lower()], plain
    assert " 200 " in tls.split("\r\n")[0], tls
    cookies = [line for line in tls.split("\r\n") if line.lower().startswith("set-cookie:")]
    assert cookies and all("; Secure" in cookie for cookie in cookies), tls


def test_parkmeshctl_is_told_by_the_file(m):
    told = m.ctl("status")
    assert told.returncode == 0 and "central-7" in told.stdout, told
    told = m.ctl("conf", "database")
    assert told.stdout == m.path("parkmesh.db") + "\n", told
    told = json.loads(m.ctl("--json", "conf").stdout)
    assert told["trust_edges"] == "none %s/32" % EDGE and told["threads"] == "32", told
    write(m.path("wrong.conf"), "\nfoo = 1\n")
    told = m.ctl("--config", m.path("wrong.conf"), "status")
    assert told.returncode == 1 and "wrong.conf, line 2: there is no key 'foo'" in told.stderr, told
    told = m.ctl("--config", m.path("missing.conf"), "status")
    assert told.returncode == 1 and "missing.conf cannot be read" in told.stderr, told


def test_no_program_starts_with_a_wrong_file(m):
    write(m.path("wrong.conf"), "threads = many\n")
    for name in ("fcgi", "p2pd"):
        ended = subprocess.run([word.replace(m.conf, m.path("wrong.conf")) for word in m.command(name)], timeout=60,
                               capture_output=True, text=True, check=False, stdin=m.listen())
        assert ended.returncode == 1 and "wrong.conf, line 1: threads takes a number from 1 to 128; not 'many'" in ended.stderr, ended


def test_a_first_configuration_that_is_wrong_stops_no_gate(m):
    good = {"this_central": {"id": "central-7", "ip": "127.0.0.1"}, "peer_centrals": []}
    cases = (("", "no JSON object"), ("[1]", "no JSON object"), ('{"peer_centrals": []}', "this_central has to be an object"),
             (json.dumps(dict(good, peer_centrals={"id": "central-8"})), "peer_centrals has to be a list"),
             (json.dumps(dict(good, peer_centrals=[{"id": "central-8", "ip": "127.0.0.1"}])), "peer_centrals[0].p2p_port is missing"),
             (json.dumps({"this_central": {"id": "Central 7"}}), "A central's id has"))
    for number, (text, words) in enumerate(cases):
        other = fresh(m, "first-%d" % number)
        write(other.path("p2p_config.json"), text)
        other.run("fcgi")
        wait_for(lambda: " event=started " in other.said(), what=lambda: "it to start:\n" + other.tail())
        told = lines_with(other, "event=first_configuration_refused")
        assert len(told) == 1 and words in told[0] and "parkmeshctl config import" in told[0], told
        assert other.stop("fcgi") == 0
        assert own_id(other) == "central-1"
        write(other.path("p2p_config.json"), json.dumps(good))       # is for a new database alone
        other.run("fcgi")
        wait_for(lambda: other.said().count(" event=started ") == 2, what="it to start again")
        assert other.stop("fcgi") == 0 and own_id(other) == "central-1"


def fresh(m, name):
    os.makedirs(m.ground.path(name))
    return m.ground.on_end(Machine(m.ground.path(name)))


def own_id(m):
    return Rows(m.path("parkmesh.db")).values("SELECT id FROM identity")[0]


def test_root_leaves_nothing_of_its_own_in_somebodys_folder(m):
    if os.geteuid() != 0:
        raise tap.Skip("only root can become somebody else")
    other = fresh(m, "owned")
    other.run("fcgi")
    wait_for(lambda: " event=started " in other.said(), what="it to start")
    assert other.stop("fcgi") == 0
    for name in ("parkmesh.db-shm", "parkmesh.db-lock"):     # which whoever opens it makes anew
        os.remove(other.path(name))
    for name in (".", *os.listdir(other.dir)):
        os.chown(other.path(name), NOBODY, NOBODY)
    os.chmod(other.dir, 0o700)
    os.chmod(m.ground.folder, 0o711)
    write(m.path("only-roots.json"), json.dumps({"this_central": {"id": "central-3"}}))
    os.chmod(m.path("only-roots.json"), 0o600)
    for words in (["status"], ["edge", "add", "edge-1"], ["config", "import", m.path("only-roots.json")], ["verify"]):
        told = other.ctl(*words)
        assert told.returncode == 0, (words, told)
        left = {name: os.stat(other.path(name)).st_uid for name in os.listdir(other.dir)
                if os.stat(other.path(name)).st_uid != NOBODY}
        assert left == {}, (words, left)
    assert own_id(other) == "central-3"
    told = other.ctl("backup")
    assert told.returncode == 0, told
    saved = m.ground.path("only-roots.db")
    os.rename(other.path("backup/" + os.listdir(other.path("backup"))[0]), saved)
    os.chown(saved, 0, 0)
    told = other.ctl("restore", saved)
    assert told.returncode == 0, told
    left = {name: os.stat(other.path(name)).st_uid for name in os.listdir(other.dir) if os.stat(other.path(name)).st_uid != NOBODY}
    assert left == {} and own_id(other) == "central-3", left
    told = other.ctl("config", "export", "/root/parkmesh-export.json")
    assert told.returncode == 1 and "Permission denied" in told.stderr, told


if __name__ == "__main__":
    tap.run(globals(), running)
