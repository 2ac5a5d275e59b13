"""Public keys of token issuers: what an administrator hands in, as the JWKS that is stored.

Each kind of key has one algorithm; none of them can be a shared secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import jwt
import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from campana.errors import Invalid

MOST_KEYS = 10
LEAST_RSA_BITS = 2048
PEM = re.compile(r"-----BEGIN ([A-Z ]{1,40})-----[^-]+-----END \1-----")
"""Looks no further than the next dash: 75 kB of beginnings without an end took four seconds."""
PUBLIC = ("kty", "crv", "n", "e", "x", "y")
PRIVATE = ("d", "k", "p", "q")


def from_texts(texts: Iterable[str]) -> dict[str, Any]:
    """The JWKS of these files: JWKS, single JWKs, PEM public keys or certificates. Invalid."""
    keys = [key for text in texts for key in _read(text)]
    if not 1 <= len(keys) <= MOST_KEYS:
        raise _invalid(f"An issuer has 1 to {MOST_KEYS} keys for signatures.")
    return {"keys": keys}


def fitting(keys: dict[str, Any], header: dict[str, Any]) -> Iterator[jwt.PyJWK]:
    """Those that may have signed a token with this header."""
    for key in keys["keys"]:
        same = header.get("kid") is None or key.get("kid") in (None, header["kid"])
        if same and key["alg"] == header.get("alg"):
            yield jwt.PyJWK(key, key["alg"])


def names(keys: dict[str, Any]) -> list[str]:
    """How people recognise them: `RS256 kid`."""
    return [f"{key['alg']} {key.get('kid', '')}".strip() for key in keys["keys"]]


def _read(text: str) -> Iterator[dict[str, Any]]:
    blocks = list(PEM.finditer(text))
    if blocks:
        for block in blocks:
            yield _plain(_from_pem(block[0], block[1]))
        return
    try:
        said = orjson.loads(text)
        for key in said.get("keys", [said]):
            if key.get("use") != "enc":  # never signs anything
                yield _from_jwk(key)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _invalid("This is neither JWKS nor PEM.") from None


def _from_pem(block: str, kind: str) -> Any:
    if "PRIVATE" in kind:
        raise _is_private()
    try:
        if kind == "CERTIFICATE":
            return x509.load_pem_x509_certificate(block.encode()).public_key()
        return load_pem_public_key(block.encode())
    except ValueError:
        raise _invalid("This PEM block holds no public key.") from None


def _from_jwk(jwk: dict[str, Any]) -> dict[str, Any]:
    if any(part in jwk for part in PRIVATE):
        raise _is_private()
    try:
        key = jwt.PyJWK({name: part for name, part in jwk.items() if name != "alg"}).key
    except (jwt.PyJWTError, ValueError, KeyError):
        raise _unfit() from None
    plain, kid = _plain(key), jwk.get("kid")
    if jwk.get("alg", plain["alg"]) != plain["alg"]:
        raise _unfit()
    return plain if kid is None else {**plain, "kid": str(kid)[:200]}


def _plain(key: Any) -> dict[str, Any]:
    """The JWK of nothing but what verifies, with the one algorithm that goes with it."""
    said: dict[Any, Any]
    if isinstance(key, RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
        said, algorithm = RSAAlgorithm.to_jwk(key, as_dict=True), "RS256"
    elif isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        said, algorithm = ECAlgorithm.to_jwk(key, as_dict=True), "ES256"
    elif isinstance(key, Ed25519PublicKey):
        said, algorithm = OKPAlgorithm.to_jwk(key, as_dict=True), "EdDSA"
    else:
        raise _unfit()
    kept: dict[str, Any] = {part: said[part] for part in PUBLIC if part in said}
    return {**kept, "alg": algorithm}


def _unfit() -> Invalid:
    return _invalid(
        f"Keys are RSA of {LEAST_RSA_BITS} bits or more (RS256), P-256 (ES256) or Ed25519 (EdDSA)."
    )


def _is_private() -> Invalid:
    return _invalid("This is a private or secret key: give the public one, and renew this one.")


def _invalid(detail: str) -> Invalid:
    return Invalid(detail, field="keys", code="invalid_value")
