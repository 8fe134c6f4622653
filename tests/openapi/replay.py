"""Plays the examples of doc/openapi.yaml against a central, in the order of its x-replay.

A step is "operationId/example", or an object with `run` (the same) and what the request has beyond the example: `headers`, `query`,
`body` (a text is sent as it is), `method`, and `from`, the name of another place to ask from. Names that differ from central to central are learned from answers on the way:
the document's event_id stands for the one this central gave.
"""
import json
import time
from urllib.parse import quote, urlencode

from tests.openapi.document import JSON

SECONDS_BELOW = 1e11    # as the program tells seconds from milliseconds


class Mismatch(AssertionError):
    """The program's answer is not the document's."""


class Names:
    """What the document's names are here, by kind: {kind: {example: here}}."""

    def __init__(self, clock, known):
        self.shift = int(time.time()) - clock
        self.known = {kind: dict(pairs) for kind, pairs in known.items()}

    def here(self, kind, value):
        """The document's value as this central has to be told it."""
        if kind == "now":
            return time.time() * (1 if value < SECONDS_BELOW else 1000)
        if kind == "shift":
            return value + self.shift * (1 if value < SECONDS_BELOW else 1000)
        return self.known.get(kind, {}).get(value, value)

    def learn(self, kind, example, seen):
        """-> does the answer's value stand for the example's, as far as is known?"""
        if kind in ("any", "now", "shift") or example is None or seen is None:
            return kind in ("any", "now", "shift") or example == seen
        return self.known.setdefault(kind, {}).setdefault(example, seen) == seen


class Replay:
    """document; ask(method, path, body bytes or None, headers) -> an answer with status, headers, text; known: names from the start;
    places: {name: another ask}."""

    def __init__(self, document, ask, known, places=None):
        self.document, self.ask, self.places = document, ask, places or {}
        self.names = Names(document.tree["x-replay"]["clock"], known)

    def steps(self):
        """-> [(operation, example's name, what goes beyond it)]"""
        found = []
        for step in self.document.tree["x-replay"]["steps"]:
            more = {"run": step} if isinstance(step, str) else step
            id, name = more["run"].split("/")
            found.append((self.document.operation(id), name, more))
        return found

    # ---- the request

    def _here(self, schema, value):
        flat = self.document.flat(schema, value)
        if "x-volatile" in flat and not isinstance(value, (dict, list)):
            return self.names.here(flat["x-volatile"], value)
        if isinstance(value, dict):
            return {name: self._here(flat["properties"].get(name, {}), member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._here(flat.get("items", {}), item) for item in value]
        return value

    def _parameter(self, parameter, name):
        """-> its value in this example, None for none. In a path something has to stand: the first example then."""
        examples = parameter.get("examples", {})
        if name not in examples and parameter["in"] == "path":
            name = next(iter(examples))
        return self._here(parameter["schema"], examples[name]["value"]) if name in examples else None

    def request(self, operation, name, more):
        """-> method, path, body, headers"""
        path, query, headers = operation.path, dict(more.get("query", {})), dict(more.get("headers", {}))
        for parameter in operation.parameters():
            value = self._parameter(parameter, name)
            if value is None:
                continue
            if parameter["in"] == "path":
                path = path.replace("{%s}" % parameter["name"], quote(str(value), safe=""))
            elif parameter["in"] == "query":
                query.setdefault(parameter["name"], str(value).lower() if isinstance(value, bool) else value)
            else:
                headers.setdefault(parameter["name"], value)
        body = more.get("body", operation.request_examples().get(name))
        if body is not None and not isinstance(body, str):
            body = json.dumps(self._here(operation.request().get("schema", {}), body), ensure_ascii=False)
        if body is not None and "Content-Type" not in headers:
            headers["Content-Type"] = JSON
        return (more.get("method", operation.method), path + ("?" + urlencode(query) if query else ""),
                None if body is None else body.encode("utf-8"), headers)

    # ---- the answer

    def differences(self, schema, example, seen, place=""):
        """-> places where what was seen is neither the example's nor volatile, in words."""
        flat = self.document.flat(schema, seen)
        if "x-volatile" in flat:
            good = self.names.learn(flat["x-volatile"], example, seen)
            return [] if good else ["%s: %r is not what %r stands for" % (place, seen, example)]
        if isinstance(example, dict) and isinstance(seen, dict):
            return self._differing_members(flat, example, seen, place)
        if isinstance(example, list) and isinstance(seen, list) and len(example) == len(seen):
            return [found for number, pair in enumerate(zip(example, seen))
                    for found in self.differences(flat.get("items", {}), *pair, "%s/%d" % (place, number))]
        return [] if example == seen and type(example) is type(seen) else ["%s: %r instead of %r" % (place, seen, example)]

    def _differing_members(self, flat, example, seen, place):
        found = []
        for name in example.keys() | seen.keys():
            inner, here = flat["properties"].get(name, {}), place + "/" + name
            if name in example and name in seen:
                found += self.differences(inner, example[name], seen[name], here)
            elif "x-volatile" not in self.document.flat(inner, seen.get(name)):
                found.append("%s is %s" % (here, "missing" if name in example else "not in the example"))
        return sorted(found)

    def header_differences(self, answer, seen):
        """-> headers that should be there and are not, or say something else, in words."""
        found = []
        for name, header in answer.headers.items():
            here, place = seen.headers.get(name.lower()), "header " + name
            if here is None:
                found += [place + " is missing"] if header.get("required") else []
                continue
            found += ["%s: %s" % (place, what) for what in self.document.misfits(header["schema"], here)]
            if answer.name in header.get("examples", {}):
                found += self.differences(header["schema"], header["examples"][answer.name]["value"], here, place)
        return found

    def shape_differences(self, answer, seen):
        """Beside the example: does what was seen have the media type and shape of answer? -> what was seen, differences in words"""
        media = seen.headers.get("content-type", "").split(";")[0]
        if seen.status != answer.status or media != answer.media:
            raise Mismatch("%d %s expected, seen: %d %s %s" % (answer.status, answer.media, seen.status, media, seen.text[:500]))
        value = json.loads(seen.text) if media == JSON else seen.text
        found = self.document.misfits(answer.schema, value) + self.header_differences(answer, seen)
        return value, found + [place + " is not documented" for place in self.document.undocumented(answer.schema, value)]

    def check(self, answer, seen):
        """Does the program's answer fit the document's? Raises Mismatch."""
        value, found = self.shape_differences(answer, seen)
        if answer.media == JSON:
            found += self.differences(answer.schema, answer.value, value)
        elif value.splitlines()[0] != answer.value.splitlines()[0]:
            found.append("the first line is not the example's")
        if found:
            raise Mismatch("\n".join(found + ["seen: " + seen.text[:3000]]))

    def refused(self, operation, status, code, ask=None, method=None, body=None, **headers):
        """Ask what has to be refused, whatever else is right or wrong. -> the answer, a list of what is wrong, in words"""
        told = [answer for answer in operation.answers() if answer.status == status]
        path = self.request(operation, "", {})[1]
        seen = (ask or self.ask)(method or operation.method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        if not told:
            return seen, ["it does not tell of status %d" % status]
        try:
            value, found = self.shape_differences(told[0], seen)
        except (Mismatch, ValueError) as e:
            return seen, [str(e)]
        return seen, found + (["the code is not %s: %s" % (code, seen.text[:500])] if value.get("code") != code else [])

    def run(self, operation, name, more):
        """One step -> a list of what is wrong, in words."""
        expected = [answer for answer in operation.answers() if answer.name == name]
        if len(expected) != 1:
            return ["%d answers are named so" % len(expected)]
        try:
            ask = self.places[more["from"]] if "from" in more else self.ask
            self.check(expected[0], ask(*self.request(operation, name, more)))
        except (Mismatch, ValueError, OSError) as e:
            return str(e).split("\n")
        return []
