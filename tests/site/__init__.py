"""A site of real centrals on loopback, for tests and the demo: processes, HTTP, databases read from outside.

Standard library only, nothing to install. Import as `tests.site.…` with the source folder on sys.path (plain `site` is a
module of Python itself).
"""
