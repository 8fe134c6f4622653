"""doc/openapi.yaml as programs read it: the document, its rules, and playing its examples against a central."""
