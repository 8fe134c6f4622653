#!/usr/bin/python3
"""Prints seal_vectors.h: what chain, log id, seal and AUTH must be, byte for byte, worked out from spec/records.md and
spec/wire.md without the code under test (hashlib, hmac, and Ed25519 written after RFC 8032, section 5.1).

  tests/data/seal_vectors.py > tests/data/seal_vectors.h

These formats are frozen: a difference after a change of the code is a fault of the code.
The mesh key (Argon2id) was taken from the reference tool, which is not in the standard library:
  salt=$(printf parkmesh | sha256sum | cut -c1-32 | xxd -r -p); printf %s "$SECRET" | argon2 "$salt" -id -t 3 -k 8192 -p 1 -l 32 -r
"""
import hashlib
import hmac
import struct

P = 2 ** 255 - 19
L = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def sha512(data):
    return int.from_bytes(hashlib.sha512(data).digest(), "little")


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P)


def times(n, point):
    result = (0, 1)
    while n:
        if n & 1:
            result = add(result, point)
        point, n = add(point, point), n >> 1
    return result


def base():
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x & 1 else x, y)


def packed(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def halves(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & ((1 << 254) - 8) | 1 << 254, digest[32:]


def public(seed):
    return packed(times(halves(seed)[0], base()))


def sign(seed, text):
    scalar, prefix = halves(seed)
    r = sha512(prefix + text) % L
    big_r = packed(times(r, base()))
    s = (r + sha512(big_r + public(seed) + text) * scalar) % L
    return big_r + s.to_bytes(32, "little")


def sha(data):
    return hashlib.sha256(data).digest()


def prefixed(*fields):
    return b"".join(struct.pack(">I", len(f)) + f for f in fields)


def constant(name, value):
    print("static const unsigned char %s[] = {" % name)
    for i in range(0, len(value), 16):
        print("\t" + " ".join("0x%02x," % b for b in value[i:i + 16]))
    print("};")


def text(name, value):
    print("static const char %s[] = \"%s\";" % (name, value.replace("\\", "\\\\").replace('"', '\\"')))


# RFC 8032, 7.1, TEST 2: the signer above is itself right.
RFC = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
assert sign(RFC, b"\x72").hex() == ("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")

DIALLER, LISTENER = bytes(range(32)), bytes(range(100, 132))
RANDOM = bytes(range(0xa0, 0xb0))
LINES = ['{"first":"Đ"}', '{"second":2}', '{"third":[]}']
NONCES = bytes([0x11]) * 32, bytes([0x22]) * 32
MESH_KEY = bytes(range(200, 232))
CERT = bytes(range(60, 92))

print("/* Made by seal_vectors.py; see there. */")
constant("dialler_seed", DIALLER)
constant("listener_seed", LISTENER)
constant("dialler_public", public(DIALLER))
constant("listener_public", public(LISTENER))
fingerprint = sha(public(DIALLER))[:16].hex()
text("fingerprint", " ".join(fingerprint[i:i + 4] for i in range(0, 32, 4)))

constant("log_random", RANDOM)
log = sha(b"central-5" + public(DIALLER) + RANDOM)[:16]
text("log_id", log.hex())
chain = bytes(32)
for i, line in enumerate(LINES):
    chain = sha(chain + line.encode())
    text("line_%d" % (i + 1), line)
    constant("chain_%d" % (i + 1), chain)
constant("seal_3", sign(DIALLER, b"parkmesh.v1 seal" + log + struct.pack(">Q", 3) + chain))
constant("seal_last", sign(DIALLER, b"parkmesh.v1 seal" + log + struct.pack(">Q", 2 ** 53 - 1) + chain))

constant("mesh_key", MESH_KEY)
constant("cert_hash", CERT)
transcript = prefixed(b"parkmesh.v1 auth", b"parkmesh", b"1", b"central-1", public(DIALLER), NONCES[0], b"central-20",
                      public(LISTENER), NONCES[1], CERT)
for role, seed in (("dialler", DIALLER), ("listener", LISTENER)):
    proof = hmac.new(MESH_KEY, role.encode() + transcript, hashlib.sha256).digest()
    constant(role + "_proof", proof)
    constant(role + "_signature", sign(seed, role.encode() + transcript + proof))
