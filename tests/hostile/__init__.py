"""A peer of the mesh written from spec/wire.md and spec/records.md apart from the program, with a hand on every bit: for proving that
the program speaks what is written, and for being as bad to it as anybody could.

Standard library and python3-nacl. websocket: frames over bare sockets; author: keys, AUTH proofs, logs, seals; peer: HELLO, AUTH,
messages, pages; watch: what the attacked central does meanwhile.
"""
