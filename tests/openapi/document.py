"""doc/openapi.yaml: read, references followed, its operations and their examples.

What the examples mean here, beyond OpenAPI 3.1:

- An operation's example of a request (body or parameter) and that of an answer belong together if they have the same name.
- x-replay, at the top, lists the examples in the order in which they make sense on a fresh central (replay.py).
- x-volatile in a schema: values differ from one central to the next. "any": nothing is said about the value. "shift": a moment (Unix
  seconds or ms), told relative to x-replay's clock. "now": the caller's clock at this moment. Any other word is the kind of a
  name: all examples with one name mean one thing ("event_id": the value the central gave is used wherever the example's stands).
- x-not-replayed at an example of an answer: why no test can provoke it from outside.
"""
import os
import re

import jsonschema
import yaml

ROOT = os.environ.get("PARKMESH_SOURCE") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PATH = os.path.join(ROOT, "doc", "openapi.yaml")
METHODS = ("get", "put", "post", "delete")
JSON = "application/json"


class Wrong(Exception):
    """The document breaks a rule; the text says where and which."""


class _Loader(yaml.SafeLoader):
    """YAML as JSON has it: no dates, no yes and no, no key twice."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise Wrong("line %d: %s stands there twice" % (node.start_mark.line + 1, ", ".join(twice)))
        empty = [key.value for key, value in node.value if value.tag.endswith(":null") and value.value == ""]
        if empty:       # as a comma in a text without quotation marks makes it
            raise Wrong("line %d: %s has no value" % (node.start_mark.line + 1, ", ".join(empty)))
        return super().construct_mapping(node, deep)


def _json_only():
    unwanted = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    _Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in known if tag not in unwanted]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    _Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


_json_only()


class Answer:
    """One example of an answer. shared: it stands in components/responses, for many operations."""

    def __init__(self, status, name, media, schema, example, headers, shared):
        self.status, self.name, self.media, self.schema, self.headers, self.shared = status, name, media, schema, headers, shared
        self.example, self.value = example, example.get("value")


class Operation:
    def __init__(self, document, path, method, node):
        self.document, self.path, self.method, self.node = document, path, method.upper(), node
        self.id = node.get("operationId", "")

    def parameters(self):
        """Those of the operation and of its path."""
        common = self.document.tree["paths"][self.path].get("parameters", [])
        return [self.document.follow(p) for p in common + self.node.get("parameters", [])]

    def request(self):
        """-> the JSON body's media type object, {} without a body"""
        body = self.document.follow(self.node.get("requestBody", {}))
        return body.get("content", {}).get(JSON, {})

    def request_examples(self):
        return {name: self.document.follow(example)["value"] for name, example in self.request().get("examples", {}).items()}

    def answers(self):
        """Every example of every answer."""
        for status, response in self.node["responses"].items():
            shared, response = "$ref" in response, self.document.follow(response)
            headers = {name: self.document.follow(header) for name, header in response.get("headers", {}).items()}
            for media, content in response.get("content", {}).items():
                for name, example in content.get("examples", {}).items():
                    yield Answer(int(status), name, media, content["schema"], self.document.follow(example), headers, shared)


class Document:
    def __init__(self, path=PATH):
        with open(path, encoding="utf-8") as f:
            self.text = f.read()
        self.tree = yaml.load(self.text, _Loader)
        self._resolver = jsonschema.RefResolver("", self.tree)

    def at(self, reference):
        """What "#/a/b" names. Raises Wrong."""
        if not reference.startswith("#/"):
            raise Wrong("%s leads out of the document" % reference)
        node = self.tree
        for step in reference[2:].split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or step not in node:
                raise Wrong("%s leads nowhere" % reference)
            node = node[step]
        return node

    def follow(self, node):
        """node, or what its $ref names."""
        while "$ref" in node:
            node = self.at(node["$ref"])
        return node

    def operations(self):
        return [Operation(self, path, method, item[method])
                for path, item in self.tree["paths"].items() for method in METHODS if method in item]

    def operation(self, id):
        found = [op for op in self.operations() if op.id == id]
        if len(found) != 1:
            raise Wrong("%d operations have the operationId %s" % (len(found), id))
        return found[0]

    # ---- schemas

    def validator(self, schema):
        return jsonschema.Draft202012Validator(schema, resolver=self._resolver)

    def misfits(self, schema, value):
        """-> in words, what of value does not fit."""
        return ["%s: %s" % ("/".join(map(str, e.absolute_path)) or "the whole", e.message[:300])
                for e in self.validator(schema).iter_errors(value)]

    def flat(self, schema, value):
        """schema without references: allOf merged, of oneOf and anyOf the first that value fits."""
        out, parts = {"properties": {}}, [schema]
        while parts:
            part = parts.pop(0)
            if "$ref" in part:
                parts.append(self.at(part["$ref"]))
            parts += part.get("allOf", [])
            for several in ("oneOf", "anyOf"):
                parts += [one for one in part.get(several, []) if not self.misfits(one, value)][:1]
            out["properties"].update(part.get("properties", {}))
            out.update((key, what) for key, what in part.items()
                       if key in ("x-volatile", "items", "additionalProperties") and key not in out)
        return out

    def undocumented(self, schema, value, place=""):
        """-> places of members that no schema names, at any depth."""
        flat, found = self.flat(schema, value), []
        if isinstance(value, dict):
            for name, member in value.items():
                inner = flat["properties"].get(name, flat.get("additionalProperties"))
                if inner is None:
                    found.append(place + "/" + name)
                elif isinstance(inner, dict):
                    found += self.undocumented(inner, member, place + "/" + name)
        elif isinstance(value, list) and "items" in flat:
            for number, item in enumerate(value):
                found += self.undocumented(flat["items"], item, "%s/%d" % (place, number))
        return found
