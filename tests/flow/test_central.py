#!/usr/bin/python3
"""parkmesh-central: one central from a folder is started, survives, refuses and ends as it promises; and what its nginx refuses."""
import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import process, tap                         # noqa: E402
from tests.site.build import LAUNCHER, find_build           # noqa: E402
from tests.site.ports import free_ports                     # noqa: E402
from tests.site.wait import PATIENCE, wait_for              # noqa: E402

NOBODY = 65534


def run(*options, before=()):
    """Run parkmesh-central to its end. -> CompletedProcess"""
    return subprocess.run([*before, os.path.join(find_build(), LAUNCHER), *options], stdin=subprocess.DEVNULL, timeout=PATIENCE,
                          capture_output=True, text=True, check=False)


def test_says_ready_alone_on_its_output_and_stops_when_told(ground):
    central = ground.central()
    with open(ground.path("errors"), "wb") as errors:
        parent = subprocess.Popen(central.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert parent.stdout.readline() == "ready http://127.0.0.1:%d/\n" % central.api_port
        assert central.healthy()
        below = process.descendants(parent.pid)
        assert len(below) >= 4, "nginx, its worker, parkmesh.fcgi, p2pd: %s" % below
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(PATIENCE) == 0
        assert not any(map(process.alive, below)), "left: %s" % [pid for pid in below if process.alive(pid)]
        assert parent.stdout.read() == ""
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()


def test_interrupt_stops_it_as_well(ground):
    central = ground.central().start()
    process.send(central.pid(), signal.SIGINT)
    assert central.stop() == 0


def test_a_child_that_dies_is_started_again(ground):
    central = ground.central().start()
    for role in ("fcgi", "p2pd", "nginx", "nginx", "fcgi"):
        below = process.descendants(central.pid(role))
        victim = central.kill(role)
        central.wait_back(role, victim)
        wait_for(lambda left=below: not any(map(process.alive, left)), what="what %s left behind to end" % role)
    assert central.stop() == 0


def test_its_own_death_ends_its_children(ground):
    central = ground.central().start()
    workers = process.descendants(central.pid("nginx"))
    assert workers
    central.kill()      # waits until all below it are gone
    assert not any(map(process.alive, workers))
    central.start()     # and nothing is in the way of the next one
    assert central.stop() == 0


def test_a_restart_of_the_program_behind_nginx_loses_no_request(ground):
    central = ground.central().start()
    answers, stopped = [], threading.Event()

    def ask():
        while not stopped.is_set():
            try:
                answers.append(central.ask("GET", "/healthz")[0])
            except OSError as e:
                answers.append(e)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        before, seen = central.pid("fcgi"), len(answers)
        process.send(before, signal.SIGTERM)
        wait_for(lambda pid=before: central.pid("fcgi") not in (None, pid), what="another parkmesh.fcgi")
        wait_for(lambda count=seen: len(answers) > count + 50, what="50 more answers")
    stopped.set()
    for thread in threads:
        thread.join()
    assert set(answers) == {200}, [answer for answer in answers if answer != 200][:10]


def test_one_folder_takes_one_central(ground):
    central = ground.central().start()
    api, p2p = free_ports(2)
    second = run("--dir", central.dir, "--api-port", str(api), "--p2p-port", str(p2p))
    assert second.returncode == 1 and "another one runs on" in second.stderr, second
    assert central.healthy() and central.config()["this_central"]["api_port"] == central.api_port


def test_a_port_in_use_is_told(ground):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for wrong in ("--api-port", "--p2p-port"):
            ports = dict(zip(("--api-port", "--p2p-port"), map(str, free_ports(2))))
            ports[wrong] = str(port)
            told = run("--dir", ground.path("d"), *(word for pair in ports.items() for word in pair))
            assert told.returncode == 1 and "127.0.0.1:%d: Address already in use" % port in told.stderr, told


def test_a_wrong_command_line_is_told(ground):
    folder = ground.path("never-made")
    for wrong in ([], ["--dir"], ["--dir", folder, "--nonsense"], ["--dir", folder, "word"], ["--dir", folder, "--api-port", "0"],
                  ["--dir", folder, "--api-port", "65536"], ["--dir", folder, "--p2p-port", "9000x"],
                  ["--dir", folder, "--peer", "central-2"], ["--dir", folder, "--peer", "central-2=127.0.0.1"],
                  ["--dir", folder, "--peer", "central-2=:9000"], ["--dir", folder, "--peer", "central-2=127.0.0.1:0"],
                  ["--dir", folder, "--peer", "x" * 33 + "=127.0.0.1:9000"]):
        told = run(*wrong)
        assert told.returncode == 2 and "--help" in told.stderr and told.stdout == "", (wrong, told)
    assert not os.path.exists(folder)


def test_a_configuration_that_cannot_be_is_told(ground):
    secret = ground.path("secret")
    for wrong, word in ((["--id", "Central 1"], "central"), (["--id", "x" * 33], "--id"), (["--ip", "no/host"], "host"),
                        (["--peer", "central-1=127.0.0.1:9001"], ""), (["--mesh-secret-file", ground.path("none")], "none"),
                        (["--mesh-secret-file", secret], "secret"), (["--ip", "192.0.2.1"], "192.0.2.1")):
        open(secret, "w").close()
        told = run("--dir", ground.path("d"), *wrong)
        assert told.returncode == 1 and word in told.stderr.lower(), (wrong, told)
    told = run("--dir", ground.path("no/where"))
    assert told.returncode == 1 and "no/where" in told.stderr, told
    told = run("--dir", ground.path('quo"te'))
    assert told.returncode == 1 and "Choose another" in told.stderr, told
    told = run("--dir", ground.path("x" * 100))
    assert told.returncode == 1 and "too long" in told.stderr, told


def test_help_and_version(ground):
    told = run("--help")
    assert told.returncode == 0 and "--mesh-secret-file" in told.stdout and told.stderr == "", told
    told = run("--version")
    assert told.returncode == 0 and told.stdout.startswith("parkmesh-central "), told
    assert os.listdir(ground.folder) == []


def test_options_name_this_central_at_every_start_and_peers_once(ground):
    central = ground.central(peers={"central-2": ("127.0.0.1", 9002), "central-3": ("::1", 9003)})
    command = central.command
    central.command = lambda: [word.replace("central-3=::1:", "central-3=[::1]:") for word in command()]
    config = central.start().config()
    assert config["this_central"] == {"id": "central-1", "ip": "127.0.0.1", "p2p_port": central.p2p_port,
                                      "api_port": central.api_port}, config
    assert [(peer["id"], peer["ip"], peer["p2p_port"]) for peer in config["peer_centrals"]] == \
        [("central-2", "127.0.0.1", 9002), ("central-3", "::1", 9003)], config
    config["peer_centrals"].pop()
    assert central.put_config(config)[0] == 200
    assert central.stop() == 0
    central.id = "renamed"
    config = central.start().config()
    assert config["this_central"]["id"] == "renamed"
    assert [peer["id"] for peer in config["peer_centrals"]] == ["central-2"], config


def test_nothing_in_the_folder_is_for_others(ground):
    central = ground.central().start()
    for folder, _, files in os.walk(central.dir):
        for path in [folder, *(os.path.join(folder, name) for name in files)]:
            assert stat.S_IMODE(os.lstat(path).st_mode) & 0o007 == 0, path
    assert stat.S_IMODE(os.stat(os.path.join(central.dir, "fcgi.sock")).st_mode) == 0o660


def test_another_user_can_run_it(ground):
    """The suite may run as root; then this is the test that root is not needed."""
    other = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"]
    if os.geteuid() != 0:
        other = []
    elif run("--version", before=other).returncode != 0:
        tap.note("not seen: the user %d may not enter %s" % (NOBODY, find_build()))
        return
    else:
        os.chmod(ground.folder, 0o755)
    central = ground.central()
    if other:
        os.chown(central.dir, NOBODY, NOBODY)
    command = central.command
    central.command = lambda: other + command()
    central.start()
    assert central.enter("edge-1", "29A12345")["action"] == "ENTRY"
    assert {os.stat("/proc/%d" % pid).st_uid for pid in process.descendants(central.pid())} == {NOBODY if other else os.geteuid()}
    assert central.stop() == 0


def refusal(answer, status, code):
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json", answer.headers
    told = json.loads(answer.body)
    assert told["success"] is False and told["code"] == code and told["error"].endswith("."), told


def spoken(central, request):
    """What the server says to these bytes. -> (status, object)"""
    with socket.create_connection(("127.0.0.1", central.api_port), timeout=PATIENCE) as s:
        s.sendall(request)
        response = http.client.HTTPResponse(s)
        response.begin()
        return response.status, json.loads(response.read())


def test_what_nginx_refuses_has_the_shape_of_the_api(ground):
    central = ground.central().start()
    refusal(central.raw("POST", "/api/edge/detection", b"x" * (64 * 1024 + 1)), 413, "too_large")
    refusal(central.raw("GET", "/" + "a" * 9000), 414, "uri_too_long")
    refusal(central.raw("GET", "/healthz", headers={"X-Large": "a" * 9000}), 431, "headers_too_large")
    refusal(central.raw("GET", "/static/there/is/nothing"), 404, "not_found")
    refusal(central.raw("GET", "/static/"), 403, "forbidden")
    refusal(central.raw("GET", "/static/../../etc/passwd"), 400, "bad_request")
    for request in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"):
        status, told = spoken(central, request)
        assert status == 400 and told["success"] is False and told["code"] == "bad_request", (request, status, told)


def test_every_answer_has_the_headers_that_protect_pages(ground):
    """Pages, answers of the API, files, and what nginx says by itself."""
    central = ground.central().start()
    asked = [("GET", path, status) for path, status in (
        ("/login", 200), ("/settings/p2p", 303), ("/none", 404), ("/setup?token=x", 404), ("/healthz", 200), ("/api/stats", 200),
        ("/api/none", 404), ("/api/parking/history?format=csv", 200), ("/static/parkmesh.js", 200), ("/static/none", 404), ("/static/", 403),
        ("/static/vendor/bootstrap5/css/bootstrap.min.css", 200), ("/static/vendor/icons/car-front.svg", 200), ("/ws/history", 426),
        ("/" + "a" * 9000, 414))]
    for method, path, status in asked + [("POST", "/api/stats", 405), ("TRACE", "/", 405), ("POST", "/api/edge/detection", 413)]:
        answer = central.raw(method, path, b"x" * 70000 if status == 413 else None)
        headers, policy = answer.headers, answer.headers["content-security-policy"]
        assert answer.status == status, (method, path, answer)
        assert "unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, (path, policy)
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY", (path, headers)
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin", (path, headers)
        assert headers["server"] == "nginx", (path, headers)
        assert headers["referrer-policy"] == ("strict-origin" if path.startswith("/setup") else "same-origin"), (path, headers)


if __name__ == "__main__":
    tap.run(globals())
