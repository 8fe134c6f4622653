"""The rules of OpenAPI 3.1 that doc/openapi.yaml is held to, as data: which fields an object of the specification may and must have.

A kind is a table of fields. A field's value is None (any value), a kind's name, [kind] (a list of it) or {kind} (names to it). A
leading "!" marks a field that has to be there. Where an object may be a reference instead, "$ref" alone stands in it.
"""

FIELDS = {
    "document": {"!openapi": None, "!info": "info", "jsonSchemaDialect": None, "!servers": ["server"], "!paths": {"path"},
                 "webhooks": {"path"}, "!components": "components", "!security": [None], "!tags": ["tag"], "externalDocs": "external"},
    "info": {"!title": None, "summary": None, "description": None, "termsOfService": None, "contact": None, "license": "license",
             "!version": None},
    "license": {"!name": None, "identifier": None, "url": None},
    "external": {"description": None, "!url": None},
    "server": {"!url": None, "description": None, "variables": {"variable"}},
    "variable": {"enum": [None], "!default": None, "description": None},
    "tag": {"!name": None, "!description": None, "externalDocs": "external"},
    "components": {"schemas": {"schema"}, "responses": {"response"}, "parameters": {"parameter"}, "examples": {"example"},
                   "requestBodies": {"body"}, "headers": {"header"}, "securitySchemes": {"scheme"}, "links": None,
                   "callbacks": None, "pathItems": {"path"}},
    "path": {"$ref": None, "summary": None, "description": None, "get": "operation", "put": "operation", "post": "operation",
             "delete": "operation", "options": "operation", "head": "operation", "patch": "operation", "trace": "operation",
             "servers": ["server"], "parameters": ["parameter"]},
    "operation": {"!tags": [None], "!summary": None, "description": None, "externalDocs": "external", "!operationId": None,
                  "parameters": ["parameter"], "requestBody": "body", "!responses": {"response"}, "callbacks": None,
                  "deprecated": None, "security": [None], "servers": ["server"]},
    "parameter": {"!name": None, "!in": None, "!description": None, "required": None, "deprecated": None, "allowEmptyValue": None,
                  "style": None, "explode": None, "allowReserved": None, "!schema": "schema", "example": None,
                  "examples": {"example"}},
    "body": {"description": None, "!content": {"media"}, "required": None},
    "media": {"!schema": "schema", "example": None, "!examples": {"example"}, "encoding": None},
    "response": {"!description": None, "headers": {"header"}, "content": {"media"}, "links": None},
    "header": {"description": None, "required": None, "deprecated": None, "style": None, "explode": None, "!schema": "schema",
               "example": None, "examples": {"example"}},
    "example": {"summary": None, "description": None, "value": None, "externalValue": None},
    "scheme": {"!type": None, "!description": None, "name": None, "in": None, "scheme": None, "bearerFormat": None, "flows": None,
               "openIdConnectUrl": None},
    "schema": None,     # JSON Schema 2020-12 has rules of its own
}
REFERRED = ("parameter", "body", "response", "header", "example", "scheme")
# Where a reference of each kind has to lead.
HOMES = {"parameter": "parameters", "body": "requestBodies", "response": "responses", "header": "headers", "example": "examples",
         "scheme": "securitySchemes", "schema": "schemas"}


def problems(kind, node, place="#"):
    """-> in words, where node is no object of that kind."""
    table = FIELDS[kind]
    if not isinstance(node, dict):
        return ["%s is no object" % place]
    if kind in REFERRED and "$ref" in node:
        home = "#/components/%s/" % HOMES[kind]
        return [] if set(node) == {"$ref"} and node["$ref"].startswith(home) else ["%s refers to no %s" % (place, kind)]
    if table is None:
        wrong = "$ref" in node and not node["$ref"].startswith("#/components/%s/" % HOMES[kind])
        return ["%s refers to no %s" % (place, kind)] if wrong else []
    found = ["%s lacks %s" % (place, name[1:]) for name in table if name.startswith("!") and name[1:] not in node]
    known = {name.lstrip("!"): what for name, what in table.items()}
    for name, value in node.items():
        if name not in known and not name.startswith("x-"):
            found.append("%s has %s, which a %s has not" % (place, name, kind))
        elif known.get(name) is not None:
            found += _inside(known[name], value, place + "/" + name)
    return found


def _inside(what, value, place):
    if isinstance(what, str):
        return problems(what, value, place)
    inner, = what
    if isinstance(what, list):
        if not isinstance(value, list):
            return ["%s is no list" % place]
        pairs = enumerate(value)
    else:
        if not isinstance(value, dict):
            return ["%s is no object" % place]
        pairs = value.items()
    return [found for name, item in pairs if inner is not None for found in problems(inner, item, "%s/%s" % (place, name))]
