"""Makes more-v1.json: python3 tests/vectors/make_more.py > tests/vectors/more-v1.json

A third implementation of docs/SPEC.md, on Python's hmac and libsodium (pip install pynacl), for
what vectors-v1.json leaves out. The fields are those of VECTORS.md.
"""

import base64
import hashlib
import hmac
import json

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as aead

NOW = 1790368545
START = NOW - 300
CLOCK = 1790362808415
FIRST_BYTE = {"encrypted": 1, "signed": 2}


def u32be(number):
    return number.to_bytes(4, "big")


def varint(number):
    out = bytearray()
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    out.append(number)
    return bytes(out)


def lst(*items):
    return b"".join(u32be(len(item)) + item for item in items)


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def expand(key, info, length):
    return mac(key, info + b"\x01")[:length]


def secret(seed):
    return hashlib.sha256(b"more vectors %d" % seed).digest()


def scope(kind, ident):
    return hashlib.sha256(lst(b"sealed-session scope", kind.encode(), ident)).digest()[:12]


def derive(root, audience, name):
    version = b"sealed-session/v1"
    aud = expand(root, lst(version, b"audience", audience.encode()), 32)
    named = lambda label: expand(aud, lst(version, label, name.encode()), 32)
    return {
        "aud": aud,
        "id": expand(aud, lst(version, b"key id"), 4),
        "enc": named(b"encrypt"),
        "nonce": named(b"nonce"),
        "sig": named(b"sign"),
        "sid": named(b"session id"),
    }


def text(value):
    raw = value.encode()
    return varint(len(raw)) + raw


def payload_of(user, name, roles):
    return varint(user) + text(name) + varint(len(roles)) + b"".join(text(role) for role in roles)


def vector(protection, name, comment, **change):
    v = {
        "keys": [(secret(1), None, None)], "sealer": 0, "cookie_name": "__Host-session",
        "audience": "shop.example", "binding": b"", "now": NOW, "idle": 1800, "absolute": 43200,
        "skew": 60, "clock": CLOCK, "floor": CLOCK - 10, "revoked": [], "epoch": None,
        "start": START, "issued": START, "expires": None, "user": 69245, "name": "alice",
        "roles": ["admin"], "payload": None, "expect": "ok", "sealed": True, "session_id": None,
    }
    v.update(change)
    keys = derive(v["keys"][v["sealer"]][0], v["audience"], v["cookie_name"])
    random = hashlib.sha256((protection + name).encode()).digest()
    payload = v["payload"] or payload_of(v["user"], v["name"], v["roles"])
    sid = mac(keys["sid"], random + lst(v["binding"], varint(v["start"]), payload))[:8]
    epoch = v["clock"] if v["epoch"] is None else v["epoch"]
    expires = v["expires"]
    if expires is None:
        expires = min(v["issued"] + v["idle"], v["start"] + v["absolute"])
    claims = (varint(1) + varint(epoch) + sid + varint(v["start"])
              + varint(v["issued"] - v["start"]) + varint(expires - v["issued"]))
    body = claims + payload
    header = bytes([FIRST_BYTE[protection]]) + keys["id"]
    bound = u32be(len(v["binding"])) + v["binding"]
    seal = {
        "key": v["sealer"], "renewal": False, "random": random.hex(),
        "audience_key": keys["aud"].hex(), "key_id": keys["id"].hex(), "body": body.hex(),
        "payload": payload.hex(), "k_sid": keys["sid"].hex(),
    }
    if protection == "encrypted":
        nonce = mac(keys["nonce"], random + bound + body)[:24]
        token = header + nonce + aead(body, header + v["binding"], nonce, keys["enc"])
        seal |= {"k_enc": keys["enc"].hex(), "k_nonce": keys["nonce"].hex(), "nonce": nonce.hex()}
    else:
        tag = mac(keys["sig"], header + bound + body)[:16]
        token = header + body + tag
        seal |= {"k_sig": keys["sig"].hex(), "tag": tag.hex()}
    entries = [(kind, sid if ident is None else ident, at) for kind, ident, at in v["revoked"]]
    optional = lambda number: None if number is None else str(number)
    out = {
        "name": f"{protection}: {name}", "comment": comment,
        "keys": [{"secret": root.hex(), "seal_from": optional(start), "open_until": optional(end)}
                 for root, start, end in v["keys"]],
        "cookie_name": v["cookie_name"], "audience": v["audience"], "protection": protection,
        "accept": [protection], "binding": v["binding"].hex(), "now": str(v["now"]),
        "idle_timeout": str(v["idle"]), "absolute_timeout": str(v["absolute"]),
        "skew": str(v["skew"]), "clock": str(v["clock"]), "floor": str(v["floor"]),
        "stale": False,
        "revoked": [{"kind": kind, "id": ident.hex(), "epoch": str(at),
                     "scope": scope(kind, ident).hex()} for kind, ident, at in entries],
        "schema": 1, "token": base64.urlsafe_b64encode(token).decode().rstrip("="),
        "expect": v["expect"],
    }
    if v["expect"] == "ok":
        out["claims"] = {
            "schema": 1, "epoch": str(epoch), "session_id": sid.hex(), "started_at": str(v["start"]),
            "issued_at": str(v["issued"]), "expires_at": str(expires),
        }
        out["session"] = {"user": str(v["user"]), "name": v["name"], "roles": v["roles"]}
        if v["sealed"]:
            out["seal"] = seal
    return out


def vectors(protection):
    make = lambda *args, **change: vector(protection, *args, **change)
    for length in (250, 251, 252, 256, 1000):
        yield make(f"binding of {length} bytes", "around the size that fits a stack buffer",
                   binding=bytes(i % 256 for i in range(length)))
    for cookie_name in ("session", "__Secure-id", "s", "__Host-Http-a.b-c"):
        yield make(f"cookie name {cookie_name}", "keys depend on the whole name",
                   cookie_name=cookie_name)
    yield make("audience of many letters", "longer than a hash block", audience="a" * 200)
    ring = [(secret(i), None if i == 1 else START - 40 + i, None) for i in range(1, 33)]
    yield make("ring of 32 keys, the last", "the latest seal_from seals", keys=ring, sealer=31)
    yield make("ring of 32 keys, reversed", "the order means nothing", keys=ring[::-1], sealer=0)
    yield make("ring of 32 keys, the first", "a former key opens", keys=ring, sealer=0, sealed=False)
    yield make("key that ends before it seals", "opening ignores seal_from",
               keys=[(secret(1), NOW + 500, NOW + 400)], sealed=False)
    yield make("key without an end in 64 bits", "open_until at the end of time",
               keys=[(secret(1), None, 2**64 - 1)])
    yield make("epoch zero", "no store and no configuration", clock=0, floor=0)
    yield make("session revoked at the same epoch", "only what is older is revoked",
               revoked=[("session", None, CLOCK)])
    yield make("session revoked, epoch below", "one millisecond older", epoch=CLOCK - 1,
               revoked=[("session", None, CLOCK)], expect="Revoked")
    yield make("user revoked, epoch below", "one millisecond older", epoch=CLOCK - 1,
               revoked=[("user", b"69245", CLOCK)], expect="Revoked")
    yield make("user revoked under padded number", "an id is its shortest decimal",
               epoch=CLOCK - 1, revoked=[("user", b"069245", CLOCK)], sealed=False)
    far = 2**62
    yield make("time far ahead", "now * 1000 exceeds 64 bits", now=far, start=far, issued=far,
               clock=2**63, floor=5, epoch=2**64 - 1, sealed=False)
    yield make("long timeouts", "sums below 2^64", idle=2**40, absolute=2**41)
    yield make("payload with an overlong varint", "postcard takes it; only claims are strict",
               payload=b"\xfd\x9c\x84\x00" + text("alice") + varint(1) + text("admin"),
               sealed=False)
    yield make("payload with an overlong length", "postcard takes it; only claims are strict",
               payload=varint(69245) + b"\x85\x00alice" + varint(1) + text("admin"), sealed=False)


print(json.dumps({
    "format": "sealed-session/v1",
    "vectors": [v for protection in FIRST_BYTE for v in vectors(protection)],
}, indent=1))
