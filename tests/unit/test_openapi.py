#!/usr/bin/python3
"""doc/openapi.yaml: does it follow OpenAPI 3.1, do its examples fit its schemas, and are its operations those of fcgi/routes.c?"""
import glob
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

import jsonschema                                           # noqa: E402
import yaml                                                 # noqa: E402

from tests.openapi.document import JSON, ROOT, Document, Wrong      # noqa: E402
from tests.openapi.rules import problems                    # noqa: E402
from tests.unit import findings                             # noqa: E402

# A request that is answered so may be wrong on purpose. 200: camera boxes are told so what is wrong.
WRONG_ON_PURPOSE = (200, 400, 413, 415, 422)
ROUTE = re.compile(r'\{METHOD_(\w+), "([^"]+)", ACCESS_(\w+)')
# Where words stand that an answer's code may be.
CODE_SOURCES = ("fcgi/*.c", "fcgi/*.h", "lib/base/err.c", "lib/domain/*.c", "lib/store/*.c", "nginx/*")
# How the word of a refusal is said in the sources, and where sources say words that reach an answer.
SAID = (re.compile(r'\bERR_[A-Z_]+, "([a-z_]+)"'), re.compile(r'\bdeny\(fault, "([a-z_]+)"'), re.compile(r'"code":"([a-z_]+)"'),
        re.compile(r'\bfield_fault\(fault, \w+, "\w+", "([a-z_]+)"'), re.compile(r'\brefuse\(fault, prefix, "\w+", "([a-z_]+)"'))
SAYERS = ("fcgi/api_*.c", "fcgi/caller.c", "fcgi/cors.c", "fcgi/history_*.c", "fcgi/idempotency.c", "fcgi/p2p_*.c", "fcgi/params.c",
          "fcgi/request.c", "fcgi/serve.c", "fcgi/session.c", "lib/domain/camera.c", "lib/domain/gate*.c", "lib/domain/operator.c",
          "lib/domain/shared.c", "lib/domain/site.c", "lib/domain/subscription.c", "nginx/*")
# Pages alone are answered so: they set the mesh secret and send forms.
OF_PAGES = {"form_over", "log_in_needed", "malformed_form", "mesh_invalid", "secret_invalid", "wrong_host", "wrong_id", "wrong_port"}
FIELD = re.compile(r'\{"(\w+)", FIELD_')
MEMBER = re.compile(r'\banswer_(?:text|integer|real|bool|null|raw|object|list|time|moment|told|known|confidence)\((?:r|&c->response),\s*"(\w+)"')
# What a step of x-replay may have.
STEP = {"run", "headers", "query", "body", "method", "from"}
# A token, key or hash that is none would not be so long.
SECRET = re.compile(r"\b(?!exit_)[A-Za-z0-9+/_-]{40,}\b")


def nodes(node, place="#"):
    """Every object of the document, with its place."""
    if isinstance(node, dict):
        yield place, node
        for name, value in node.items():
            yield from nodes(value, "%s/%s" % (place, str(name).replace("~", "~0").replace("/", "~1")))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from nodes(value, "%s/%d" % (place, number))


def outside_examples(document):
    """As nodes, without the values of examples, which are no part of the specification's structure."""
    return ((place, node) for place, node in nodes(document.tree) if "/value" not in place and "/x-replay" not in place)


def schemas(document):
    """Every schema that stands in the document on its own (schemas inside these are part of them)."""
    for place, node in outside_examples(document):
        if "schema" in node and "/schemas/" not in place:
            yield place + "/schema", node["schema"]
    for name, schema in document.tree["components"]["schemas"].items():
        yield "#/components/schemas/" + name, schema


def test_it_is_an_openapi_document(document):
    if not re.match(r"3\.1\.\d+$", document.tree["openapi"]):
        yield "openapi is %s" % document.tree["openapi"]
    yield from problems("document", document.tree)


def test_every_reference_leads_somewhere(document):
    for place, node in outside_examples(document):
        try:
            document.follow(node)
        except Wrong as e:
            yield "%s: %s" % (place, e)


def test_every_component_is_used(document):
    used = {node["$ref"] for _, node in outside_examples(document) if "$ref" in node}
    for kind, held in document.tree["components"].items():
        if kind != "securitySchemes":
            yield from ("%s %s is used nowhere" % (kind, name) for name in held
                        if "#/components/%s/%s" % (kind, name) not in used)


def test_schemas_are_json_schemas(document):
    for place, schema in schemas(document):
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as e:
            yield "%s: %s" % (place, e.message)
    for place, node in outside_examples(document):
        if "properties" in node and "/properties/properties" not in place:
            yield from ("%s requires %s, which it has not" % (place, name)
                        for name in node.get("required", []) if name not in node["properties"])


def test_operations_are_named_once_and_tagged(document):
    ids, tags = [op.id for op in document.operations()], {tag["name"] for tag in document.tree["tags"]}
    yield from ("%s names several operations" % id for id in sorted(set(ids)) if ids.count(id) > 1)
    for op in document.operations():
        yield from ("%s has the tag %s, which is not told" % (op.id, tag) for tag in op.node["tags"] if tag not in tags)


def test_parameters_of_paths_are_declared(document):
    for op in document.operations():
        declared = [(p["in"], p["name"]) for p in op.parameters()]
        in_path = {name for where, name in declared if where == "path"}
        if in_path != set(re.findall(r"\{(\w+)\}", op.path)):
            yield "%s declares the path's parameters %s" % (op.id, sorted(in_path))
        if len(declared) != len(set(declared)):
            yield "%s declares a parameter twice" % op.id
        for p in op.parameters():
            if "example" in p or (p["in"] == "path" and not p.get("examples")):
                yield "%s: %s of a path needs examples, and none has example" % (op.id, p["name"])
            if p["in"] not in ("path", "query", "header") or (p["in"] == "path" and p.get("required") is not True):
                yield "%s: parameter %s is %s, required %s" % (op.id, p["name"], p["in"], p.get("required"))


def test_security_schemes_are_declared(document):
    known = document.tree["components"]["securitySchemes"]
    for op in [document.tree, *(op.node for op in document.operations())]:
        for way in op.get("security", []):
            yield from ("%s is no security scheme" % name for name in way if name not in known)


def test_every_answer_is_told(document):
    """A status with its shape; and of every operation what a stranger, a failing disk and a limit are answered."""
    for op in document.operations():
        statuses = set(op.node["responses"])
        wanted = {"405", "500", "503"} if op.node.get("security") == [] else {"401", "403", "405", "429", "500", "503"}
        if op.method != "GET":
            wanted |= {"413", "415"} if op.request() else {"415"}
        if any(p["in"] != "header" for p in op.parameters()) or op.request():
            wanted.add("422")
        yield from ("%s does not tell of status %s" % (op.id, status) for status in sorted(wanted - statuses))
        for status, response in op.node["responses"].items():
            response = document.follow(response)
            if not re.match(r"[2-5]\d\d$", status) or ("content" in response) == (status == "304"):
                yield "%s: answer %s has no content, or is 304 and has" % (op.id, status)
            elif int(status) >= 400 and list(response["content"]) != [JSON]:
                yield "%s: failure %s is not JSON" % (op.id, status)


def test_every_operation_has_examples(document):
    for op in document.operations():
        answers, requests = list(op.answers()), op.request_examples()
        if not any(answer.status < 300 for answer in answers):
            yield "%s has no example of a success" % op.id
        if op.request() and not requests:
            yield "%s has no example of a request" % op.id
        named = {answer.name for answer in answers}
        own = [p for p in op.node.get("parameters", []) if "$ref" not in p and p["in"] == "query"]
        named_here = set(requests).union(*(p.get("examples", {}) for p in own))
        yield from ("%s: the request %s has no answer" % (op.id, name) for name in sorted(named_here - named))
        if len(named) != len(answers):
            yield "%s: two answers have one name: %s" % (op.id, sorted(answer.name for answer in answers))


def test_every_example_fits_its_schema(document):
    for op in document.operations():
        wrong = {answer.name for answer in op.answers() if answer.status in WRONG_ON_PURPOSE
                 and answer.media == JSON and answer.value.get("success") is False}
        for name, value in op.request_examples().items():
            if name not in wrong:
                yield from ("%s, request %s: %s" % (op.id, name, what)
                            for what in document.misfits(op.request()["schema"], value)
                            + [place + " is not documented" for place in document.undocumented(op.request()["schema"], value)])
        for p in op.parameters():
            for name, example in p.get("examples", {}).items():
                if name not in wrong:
                    yield from ("%s, %s of %s: %s" % (op.id, p["name"], name, what)
                                for what in document.misfits(p["schema"], example["value"]))
        for answer in op.answers():
            yield from ("%s, answer %d %s: %s" % (op.id, answer.status, answer.name, what)
                        for what in document.misfits(answer.schema, answer.value)
                        + [place + " is not documented" for place in document.undocumented(answer.schema, answer.value)])


def test_a_failure_says_so(document):
    for op in document.operations():
        for answer in op.answers():
            if answer.media == JSON and answer.status >= 400 and answer.value.get("success") is not False:
                yield "%s: %d %s does not say that it failed" % (op.id, answer.status, answer.name)


def test_every_example_is_replayed_or_says_why_not(document):
    given = document.tree["x-replay"]["steps"]
    steps = {step if isinstance(step, str) else step["run"] for step in given}
    yield from ("the step %s has %s" % (step["run"], sorted(step.keys() - STEP))
                for step in given if isinstance(step, dict) and not step.keys() <= STEP)
    replayed = [(op, answer, "%s/%s" % (op.id, answer.name) in steps) for op in document.operations() for answer in op.answers()]
    yield from sorted("the step %s is no example" % step
                      for step in steps - {"%s/%s" % (op.id, answer.name) for op, answer, _ in replayed})
    somewhere = {id(answer.example) for _, answer, done in replayed if done}
    yield from sorted({"%s/%s is not replayed" % ("components" if answer.shared else op.id, answer.name)
                       for op, answer, done in replayed
                       if "x-not-replayed" not in answer.example and not (id(answer.example) in somewhere if answer.shared else done)})


def security(access, method):
    """What an access of fcgi/route.h is in the document."""
    if access == "ANYONE":
        return []
    role = {"EDGE": "viewer" if method == "GET" else "operator"}.get(access, access.lower())
    session = {"session": [role]} if method == "GET" else {"session": [role], "pageToken": []}
    return [{"edgeToken": []}, session, {}] if access == "EDGE" else [session, {}]


def plain(path):
    return re.sub(r"\{\w+\}", "{}", path)


def test_it_tells_the_routes_of_the_program_and_no_others(document):
    with open(os.path.join(ROOT, "fcgi", "routes.c"), encoding="utf-8") as f:
        rows = [row for row in ROUTE.findall(f.read()) if row[1].startswith("/api/") or row[1] in ("/healthz", "/metrics")]
    served = {(method, plain(path)): access for method, path, access in rows}
    told = {(op.method, plain(op.path)): op.node.get("security", document.tree["security"]) for op in document.operations()}
    if len(served) < 30:
        yield "these are not the routes: %s" % sorted(served)
    yield from ("%s %s is not documented" % route for route in sorted(served.keys() - told.keys()))
    yield from ("%s %s is documented and not served" % route for route in sorted(told.keys() - served.keys()))
    yield from ("%s %s is open to %s, which is not what its security says" % (*route, served[route])
                for route in sorted(served.keys() & told.keys()) if told[route] != security(served[route], route[0]))


def sources(*patterns):
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(ROOT, pattern))):
            with open(path, encoding="utf-8") as f:
                yield path, f.read()


def test_codes_are_those_of_the_program(document):
    told = {one["const"] for one in document.tree["components"]["schemas"]["Code"]["oneOf"]}
    known = set(re.findall(r'"([a-z_]+)"', "\n".join(text for _, text in sources(*CODE_SOURCES))))
    yield from ("the code %s is in no source" % code for code in sorted(told - known))
    said = {code: path for path, text in sources(*SAYERS) for pattern in SAID for code in pattern.findall(text)}
    if len(said) < 30:
        yield "these are not the codes: %s" % sorted(said)
    yield from ("%s answers the code %s, which is not documented" % (os.path.relpath(said[code], ROOT), code)
                for code in sorted(said.keys() - told - OF_PAGES))


def names(document):
    """Every name of a property or parameter."""
    properties = {name for _, node in outside_examples(document) for name in node.get("properties", {})}
    return properties | {p["name"] for op in document.operations() for p in op.parameters()}


def test_fields_and_members_are_those_of_the_program(document):
    """By name alone: what a request may have and what an answer may tell. That each stands where it belongs is seen by replaying."""
    known = names(document)
    asked = {name: path for path, text in sources("fcgi/api_*.c", "fcgi/p2p_config.c") for name in FIELD.findall(text)}
    answered = {name: path for path, text in sources("fcgi/api_*.c", "fcgi/answer.c", "fcgi/stats.c", "fcgi/idempotency.c")
                for name in MEMBER.findall(text)}
    if len(asked) < 30 or len(answered) < 30:
        yield "these are not the fields: %s %s" % (sorted(asked), sorted(answered))
    for what, found in (("takes", asked), ("answers", answered)):
        yield from ("%s %s %s, which is not documented" % (os.path.relpath(found[name], ROOT), what, name)
                    for name in sorted(found.keys() - known))
    queried = {p["name"] for op in document.operations() for p in op.parameters() if p["in"] == "query"}
    yield from ("the parameter %s is documented and not declared" % name for name in sorted(queried - asked.keys()))


def test_there_is_no_secret_in_it(document):
    yield from ("%s may be a secret" % found for found in SECRET.findall(document.text) if "/" not in found and len(set(found)) > 8)


def main():
    try:
        document = Document()
    except (Wrong, yaml.YAMLError) as e:
        sys.exit("Bail out! doc/openapi.yaml cannot be read: %s" % e)
    findings.run(globals(), document)


if __name__ == "__main__":
    main()
