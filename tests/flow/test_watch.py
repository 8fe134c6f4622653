#!/usr/bin/python3
"""parkmesh-watch: a webhook is told what is not as it should be at a central, once, and when it is over."""
import contextlib
import http.server
import json
import os
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from tests.site import process, tap                         # noqa: E402
from tests.site.wait import PATIENCE, wait_for              # noqa: E402

SECRET = "whoever-knows-this-may-post"


class Hook:
    """Somebody's web server: keeps what is posted, and answers with status."""

    def __init__(self, folder):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posts.append((self.path, self.headers["Content-Type"], json.loads(body)))
                if hook.released.wait(PATIENCE):
                    self.send_response(hook.status)
                    if hook.status == 302:
                        self.send_header("Location", "/elsewhere")
                    self.end_headers()
                    with contextlib.suppress(OSError):      # it may have gone
                        self.wfile.write(b"x" * 100000)

            def log_message(self, *_):
                pass

        self.posts, self.status, self.released = [], 200, threading.Event()
        self.released.set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.file = os.path.join(folder, "webhook")
        with open(self.file, "w") as f:
            f.write("http://127.0.0.1:%d/hook/%s\n" % (self.server.server_port, SECRET))

    def config(self, central):
        """-> a parkmesh.conf that names this address"""
        with open(self.file) as f, open(self.file + ".conf", "w") as conf:
            conf.write("database = %s\nwebhook_url = %s\n" % (os.path.join(central.dir, "parkmesh.db"), f.readline().strip()))
        return self.file + ".conf"

    def hang(self):
        """Answer nobody any more."""
        self.released.clear()

    def told(self, what):
        """[(code, central)] of all posts so far, of "new" or "over" ones."""
        return [(m["code"], m.get("central")) for _, _, post in self.posts for m in post[what]]

    def clean_up(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Watch:
    def __init__(self, ground, central, hook):
        self.output = ground.path("watch.out")
        with open(self.output, "ab") as out:
            self.process = subprocess.Popen([os.path.join(central.build, "ctl/parkmesh-watch"), "--interval", "0", "--settle", "1",
                                             "--config", hook.config(central),
                                             "--health", central.url + "/healthz"], stdout=out, stderr=out)
        ground.on_end(self)

    def wrote(self):
        with open(self.output) as f:
            return f.read()

    def end(self):
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def clean_up(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert "Sanitizer" not in self.wrote() and "runtime error" not in self.wrote(), self.wrote()


def called(central, *words):
    return subprocess.run([os.path.join(central.build, "ctl/parkmesh-watch"), *words], capture_output=True, text=True, timeout=PATIENCE)


def test_a_peer_that_goes_and_comes_is_told(ground):
    site = ground.site(2).start()
    hook = ground.on_end(Hook(ground.folder))
    watch = Watch(ground, site[0], hook)
    site.wait_connected()
    site[1].stop()
    wait_for(lambda: ("peer_down", "central-2") in hook.told("new"), what=lambda: "the peer to be told; %s %s" % (hook.posts, watch.wrote()))
    path, kind, post = hook.posts[-1]
    assert path == "/hook/" + SECRET and kind == "application/json" and post["central"] == "central-1", hook.posts
    assert "NEW: central-2 is not connected" in post["text"] and post["new"][0]["kind"] == "condition", post
    site[1].start()
    wait_for(lambda: ("peer_down", "central-2") in hook.told("over"), what=lambda: "that it is over; %s" % hook.posts)
    assert hook.told("new").count(("peer_down", "central-2")) == 1, "told once: %s" % hook.posts
    # gates that are not answered
    pid = site[0].pid("fcgi")
    site[0].pause("fcgi")
    wait_for(lambda: ("not_serving", None) in hook.told("new"), what=lambda: "the central's silence; %s" % hook.posts)
    site[0].resume("fcgi")
    wait_for(lambda: ("not_serving", None) in hook.told("over"), what=lambda: "that it answers again; %s" % hook.posts)
    assert site[0].pid("fcgi") == pid
    with open("/proc/%d/cmdline" % watch.process.pid) as f:
        assert SECRET not in f.read(), "who may look at processes must not learn the address"
    assert watch.end() == 0 and SECRET not in watch.wrote(), watch.wrote()


def test_what_cannot_be_posted_is_told_later(ground):
    c = ground.central(peers={"central-9": ("127.0.0.1", 9)}).start()
    hook = ground.on_end(Hook(ground.folder))
    for hook.status in (500, 302):
        hook.posts.clear()
        watch = Watch(ground, c, hook)
        wait_for(lambda: "event=not_told status=%d" % hook.status in watch.wrote(), what=watch.wrote)
        assert [path for path, _, _ in hook.posts] == ["/hook/" + SECRET], "neither repeated at once nor sent elsewhere: %s" % hook.posts
        watch.end()
    hook.status = 204
    watch = Watch(ground, c, hook)
    wait_for(lambda: ("peer_down", "central-9") in hook.told("new"))
    watch.end()
    # one that takes the post and never answers holds up nobody's end
    hook.posts.clear()
    hook.hang()
    watch = Watch(ground, c, hook)
    wait_for(lambda: hook.posts)
    assert watch.end() == 0 and "event=stopped" in watch.wrote(), watch.wrote()


def test_it_is_started_with_the_central_and_needs_a_good_address(ground):
    hook = ground.on_end(Hook(ground.folder))
    c = ground.central(options=["--webhook-file", hook.file]).start()
    pid = wait_for(lambda: c.pid("watch"), what="parkmesh-watch to be started")
    c.kill("watch")
    wait_for(lambda: c.pid("watch") not in (None, pid), what="parkmesh-watch to be started again")
    assert c.stop() == 0 and not process.alive(pid)
    for address in ("", "ftp://127.0.0.1/x", "no address", "http://127.0.0.1/" + "x" * 400, "file:///etc/passwd"):
        with open(hook.file, "w") as f:
            f.write(address + "\n")
        run = called(c, "--db", os.path.join(c.dir, "parkmesh.db"), "--webhook-file", hook.file)
        assert run.returncode == 2 and "has to be an address" in run.stderr and (address == "" or address not in run.stderr), (address, run)
    with open(hook.file, "w") as f:
        f.write("# none\n")
    run = called(c, "--config", hook.file)
    assert run.returncode == 0 and "nobody to tell" in run.stdout, run
    help = called(c, "--help")
    assert help.returncode == 0 and help.stdout.startswith("Usage: parkmesh-watch"), help


if __name__ == "__main__":
    tap.run(globals())
