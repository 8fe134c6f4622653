"""TLS of the stand-in, with Python's ssl: certificates made by openssl(1), both roles, and somebody in the middle."""
import functools
import hashlib
import os
import socket
import ssl
import subprocess
import tempfile
import threading

HANDSHAKE = 0x16        # the first byte of whoever begins with TLS
PIECE = 65536


def make_certificate(folder, name="own", days=1):
    """-> (path of a fresh self-signed certificate, of its key). days: for so long; below 0 it has expired."""
    cert, key, asked = (os.path.join(folder, name + end) for end in (".crt", ".key", ".csr"))
    for words in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name, "-keyout", key,
                   "-out", asked], ["x509", "-req", "-in", asked, "-signkey", key, "-days", str(days), "-out", cert]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    return cert, key


def der_of(cert):
    with open(cert, encoding="ascii") as f:
        return ssl.PEM_cert_to_DER_cert(f.read())


def fingerprint(der):
    """As openssl x509 -fingerprint -sha256 says it."""
    return ":".join("%02X" % byte for byte in hashlib.sha256(der).digest())


@functools.lru_cache
def _own():
    """Certificate and key of every stand-in of this run -> (context to serve with, DER)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="parkmesh-tls-") as folder:
        cert, key = make_certificate(folder, "stand-in")
        context.load_cert_chain(cert, key)
        return context, der_of(cert)


def dialling():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def client_hello():
    """What a good client begins with."""
    sent = ssl.MemoryBIO()
    try:
        dialling().wrap_bio(ssl.MemoryBIO(), sent).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return sent.read()


def tls_dialled(sock):
    return dialling().wrap_socket(sock)


def accepted(sock, within=30.0):
    """An accepted socket, with TLS on top of it if whoever dialled begins so."""
    sock.settimeout(within)
    first = sock.recv(1, socket.MSG_PEEK)
    return _own()[0].wrap_socket(sock, server_side=True) if first == bytes([HANDSHAKE]) else sock


def listeners_hash(sock, role):
    """The last field of wire.md's T: SHA-256 of the listener's certificate; zeros without TLS."""
    if not isinstance(sock, ssl.SSLSocket):
        return bytes(32)
    return hashlib.sha256(_own()[1] if role == "listener" else sock.getpeercert(binary_form=True)).digest()


class Middle:
    """Somebody on the way who does not know the mesh secret: takes TLS apart with a certificate of his own and hands every byte on as
    it is, by TLS again (strip: without). Listens at port. carried: bytes handed on."""

    def __init__(self, target_port, strip=False):
        self.target_port, self.strip, self.carried = target_port, strip, 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._between, args=(sock,), daemon=True).start()

    def _between(self, sock):
        try:
            near, far = accepted(sock), socket.create_connection(("127.0.0.1", self.target_port))
            far = far if self.strip else tls_dialled(far)
        except OSError:
            sock.close()
            return
        for source, target in ((near, far), (far, near)):
            source.settimeout(None)
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source, target):
        try:
            while part := source.recv(PIECE):
                self.carried += len(part)
                target.sendall(part)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def clean_up(self):
        self._server.close()
