"""A central as the package runs it, in a folder: parkmesh.conf, the installed site of nginx beside another site, programs started with
--config. What systemd does is done here: the socket of parkmesh.fcgi is held outside of it."""
import os
import signal
import socket
import ssl
import subprocess

from tests.site import process
from tests.site.build import ROOT, find_build
from tests.site.client import Client, Lost
from tests.site.ports import free_ports
from tests.site.wait import PATIENCE, wait_for

# As Debian's nginx.conf has it, as far as it could get in the way.
NGINX = """user root;
worker_processes 1;
pid DIR/nginx.pid;
error_log DIR/nginx.log warn;
events { worker_connections 256; }
http {
	include /etc/nginx/mime.types;
	default_type application/octet-stream;
	access_log DIR/access.log;
	gzip on;
	client_body_temp_path DIR/t1; fastcgi_temp_path DIR/t2; proxy_temp_path DIR/t3; scgi_temp_path DIR/t4; uwsgi_temp_path DIR/t5;
	limit_req_zone $binary_remote_addr zone=api:1m rate=1000r/s;
	map $uri $refusal { default of-the-other-site; }
	server {
		listen OTHER default_server;
		location / { return 200 "$refusal\\n"; }
	}
	include DIR/sites-enabled/*;
}
"""


class Machine:
    """made -> start() -> running -> clean_up(). conf: lines of parkmesh.conf beside its paths."""

    def __init__(self, folder, conf=""):
        self.dir, self.build = folder, find_build()
        self.source = os.environ.get("PARKMESH_SOURCE") or ROOT
        self.port, self.tls_port, self.other_port = free_ports(3)
        self.output = os.path.join(folder, "out")
        self.conf = os.path.join(folder, "parkmesh.conf")
        self._running, self._socket = {}, None
        os.makedirs(os.path.join(folder, "sites-enabled"), exist_ok=True)
        self.write_conf(conf)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write_conf(self, lines=""):
        places = {"database": "parkmesh.db", "notify": "notify", "live": "live.sock", "p2p_config": "p2p_config.json",
                  "backup_folder": "backup"}
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write("".join("%s = %s\n" % (key, self.path(name)) for key, name in places.items()))
            f.write("share = %s\n%s" % (self.source, lines))

    def ctl(self, *words):
        return subprocess.run([os.path.join(self.build, "ctl/parkmeshctl"), "--config", self.conf, *words], timeout=60,
                              capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def command(self, name):
        """What runs by that name."""
        return {"fcgi": [os.path.join(self.build, "fcgi/parkmesh.fcgi"), "--config", self.conf],
                "p2pd": [os.path.join(self.build, "p2pd/p2pd"), "--config", self.conf],
                "nginx": ["/usr/sbin/nginx", "-e", self.path("nginx.log"), "-c", self.path("nginx.conf"), "-g", "daemon off;"]}[name]

    def listen(self):
        """The socket that parkmesh.fcgi is given."""
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.bind(self.path("fcgi.sock"))
            self._socket.listen(64)
        return self._socket

    def run(self, name):
        with open(self.output, "ab") as out:
            self._running[name] = subprocess.Popen(self.command(name), stdin=self.listen() if name == "fcgi" else subprocess.DEVNULL,
                                                   stdout=out, stderr=subprocess.STDOUT)

    def site(self):
        """The installed site, its places put into the folder; each has to be there."""
        with open(os.path.join(self.build, "nginx/parkmesh"), encoding="utf-8") as f:
            text = f.read()
        share = next(line.split()[1][:-len("/nginx/http.conf;")] for line in text.split("\n") if line.endswith("/nginx/http.conf;"))
        tls = "listen 127.0.0.1:%d ssl; ssl_certificate %s; ssl_certificate_key %s;" % (
            self.tls_port, self.path("site.crt"), self.path("site.key"))
        for old, new in ((share, self.source), ("/run/parkmesh", self.dir), ("/etc/parkmesh/nginx-edges", self.path("nginx-edges")),
                         ("listen 8000;", "listen %d; %s" % (self.port, tls)), ("listen [::]:8000;", "listen [::]:%d;" % self.port)):
            assert old in text, (old, text)
            text = text.replace(old, new)
        return text

    def write_site(self):
        with open(self.path("sites-enabled/parkmesh"), "w", encoding="utf-8") as f:
            f.write(self.site())
        with open(self.path("nginx.conf"), "w", encoding="utf-8") as f:
            f.write(NGINX.replace("DIR", self.dir).replace("OTHER", "127.0.0.1:%d" % self.other_port))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.path("site.key"),
                        "-out", self.path("site.crt")], check=True, capture_output=True)

    def start(self):
        told = self.ctl("nginx-edges", self.path("nginx-edges.conf"))
        assert told.returncode == 0, told
        self.write_site()
        for name in ("fcgi", "p2pd", "nginx"):
            self.run(name)
        wait_for(self.healthy, PATIENCE, lambda: "the central to answer; it wrote:\n" + self.tail())
        return self

    def signal(self, name, number):
        self._running[name].send_signal(number)

    def call(self, method, path, content=None, source="127.0.0.1", **headers):
        """-> Answer. Names of headers have _ for -."""
        return Client("127.0.0.1", self.port, source=source).raw(method, path, content,
                                                                 {k.replace("_", "-"): v for k, v in headers.items()})

    def healthy(self):
        try:
            return self.call("GET", "/healthz").status == 200
        except Lost:
            return False

    def get_tls(self, path):
        """The head of what port tls_port answers, as text."""
        trusting = ssl.create_default_context(cafile=self.path("site.crt"))
        with socket.create_connection(("127.0.0.1", self.tls_port)) as plain, \
                trusting.wrap_socket(plain, server_hostname="127.0.0.1") as s:
            s.sendall(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % path.encode())
            return b"".join(iter(lambda: s.recv(65536), b"")).partition(b"\r\n\r\n")[0].decode()

    def said(self):
        with open(self.output, encoding="utf-8", errors="replace") as f:
            return f.read()

    def tail(self):
        log = self.path("nginx.log")
        return self.said()[-4000:] + (open(log, encoding="utf-8").read()[-2000:] if os.path.exists(log) else "")

    def stop(self, name):
        """-> exit status"""
        ended = self._running.pop(name)
        ended.send_signal(signal.SIGQUIT if name == "nginx" else signal.SIGTERM)
        return ended.wait(PATIENCE)

    def clean_up(self):
        for running in self._running.values():
            process.send(running.pid, signal.SIGTERM)
        for running in self._running.values():
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                process.send(running.pid, signal.SIGKILL)
                running.wait()
        self._running = {}
        if self._socket is not None:
            self._socket.close()
            self._socket = None
