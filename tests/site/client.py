"""HTTP as an edge or an operator's program speaks it: JSON, one kept connection per thread, nothing sent twice.

A request whose answer was lost may have been carried out. So nothing is repeated here: the caller gets Lost and decides.
"""
import http.client
import json
import select
import threading


class Lost(OSError):
    """No answer came: refused, cut off, timed out, or half an answer."""


class Answer:
    """status, headers (lower-case names), body in bytes; cookies: all that Set-Cookie said."""

    def __init__(self, status, headers, body, cookies=()):
        self.status, self.headers, self.body, self.cookies = status, headers, body, list(cookies)

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        """The body as an object; ValueError if it is none, telling what came instead."""
        try:
            return json.loads(self.text)
        except ValueError:
            raise ValueError("not JSON (status %d): %r" % (self.status, self.body[:300])) from None

    def __repr__(self):
        return "%d %s" % (self.status, self.body[:300].decode("utf-8", "replace"))


class Client:
    """Talks to one address. Any number of threads. source: the address it calls from."""

    def __init__(self, host, port, timeout=60.0, source=None):
        self.host, self.port, self.timeout, self.source = host, port, timeout, source
        self._local = threading.local()

    def _connection(self):
        kept = getattr(self._local, "connection", None)
        if kept is not None and kept.sock is not None:
            if not select.select([kept.sock], [], [], 0)[0]:
                return kept
            kept.close()            # readable without a question asked: the server has closed it
        fresh = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout,
                                           source_address=(self.source, 0) if self.source else None)
        self._local.connection = fresh
        return fresh

    def raw(self, method, path, body=None, headers=None):
        """One request, sent as it is. -> Answer. Raises Lost."""
        connection = self._connection()
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as e:
            connection.close()
            raise Lost("%s %s at port %d: %s" % (method, path, self.port, e or type(e).__name__)) from e
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, content, response.headers.get_all("Set-Cookie") or ())

    def ask(self, method, path, content=None, **headers):
        """JSON in and out. -> (status, object)."""
        body = None if content is None else json.dumps(content, ensure_ascii=False).encode("utf-8")
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        answer = self.raw(method, path, body, headers)
        return answer.status, answer.json

    def close(self):
        """This thread's connection."""
        kept = getattr(self._local, "connection", None)
        if kept is not None:
            kept.close()
