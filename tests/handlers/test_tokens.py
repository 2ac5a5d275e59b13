"""Tokens (JWT) of an external issuer: who they let in, as whom, and until when."""

# ruff: noqa: F401, F811 - fixtures are named where they are used

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from campana import token_keys, tokens, users
from campana.errors import CampanaError, Conflict, Invalid, NotFound
from tests.corridor.conftest import http, publish, site
from tests.post import post
from tests.sse import Ear, Message
from tests.waiting import eventually

ISSUER, AUDIENCE = "https://login.norte.test", "campana-norte"
ACTOR = "ana@norte.test"


@dataclass
class Signer:
    """An issuer's key."""

    algorithm: str = "ES256"
    kid: str | None = None
    key: Any = field(init=False)

    def __post_init__(self) -> None:
        self.key = {
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }[self.algorithm]()

    @property
    def pem(self) -> str:
        return (
            self.key.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )

    @property
    def jwk(self) -> dict[str, Any]:
        (found,) = token_keys.from_texts([self.pem])["keys"]
        return {**found, "kid": self.kid} if self.kid else found

    def sign(self, email: Any = "luis@norte.test", **changes: Any) -> str:
        headers = {"kid": self.kid} if self.kid else {}
        return jwt.encode(claims(email, **changes), self.key, self.algorithm, headers)


def claims(email: Any = "luis@norte.test", **changes: Any) -> dict[str, Any]:
    """Of a good token; None takes one away."""
    now = int(time.time())
    said = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + 600, "email": email}
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
async def trusted(db, cast, signer):
    """norte trusts the signer; its issuer's id."""
    return await trust(db, cast.norte, signer.pem)


async def trust(db, tenant_id, *keys, **changes):
    said = {"issuer": ISSUER, "audience": AUDIENCE, **changes}
    return await tokens.trust(db, tenant_id, keys=keys, actor=ACTOR, **said)


@pytest.fixture
async def ask(client):
    """`await ask(token)`: status and answer of GET /api/notifications."""
    browser = await client()

    async def ask(token, path="/api/notifications", method="GET", **headers):
        answer = await browser.request(method, path, headers={**bearer(token), **headers})
        return answer.status, await answer.json()

    return ask


async def refused(ask, token, about, code="unauthorized"):
    status, said = await ask(token)
    assert (status, said["code"]) == (401, code), said
    assert about in said["detail"]


# -- who comes in


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_token_reads_the_inbox_of_its_person(db, cast, ask, algorithm):
    signer = Signer(algorithm)
    await trust(db, cast.norte, signer.pem)
    (sent,) = await post(db)
    status, said = await ask(signer.sign("Luis@Norte.test"))
    assert status == 200
    assert [row["id"] for row in said["notifications"]] == [str(sent)]


async def test_a_token_needs_no_proof_of_origin_and_may_write(db, ask, signer, trusted):
    (sent,) = await post(db)
    status, said = await ask(
        signer.sign(), f"/api/notifications/{sent}/read", "POST", Origin="https://shop.test"
    )
    assert (status, said["changed"], said["unread"]) == (200, 1, 0)


async def test_the_person_is_found_by_the_claim_the_tenant_chose(db, cast, ask, signer):
    await trust(db, cast.norte, signer.pem, email_claim="upn")
    assert (await ask(signer.sign(None, upn="luis@norte.test")))[0] == 200
    await refused(ask, signer.sign("luis@norte.test"), "whose it is")


async def test_rights_are_those_of_our_tables_whatever_the_token_says(db, cast, signer, trusted):
    person = await tokens.identify(
        db, signer.sign(role="ADMIN", administers=True, tenant="sur", user=str(cast.ana_admin.id))
    )
    assert (person.email, person.role, person.administers) == ("luis@norte.test", "STAFF", False)
    assert (person.tenant_slug, person.credential) == ("norte", "token")
    assert (person.credential_id, person.scopes) == (str(trusted), frozenset())
    await users.change_role(db, cast.norte, cast.luis_colleague.id, "ADMIN", actor=ACTOR)
    assert (await tokens.identify(db, signer.sign(role="STAFF"))).role == "ADMIN"


async def test_a_token_cannot_become_another_person_nor_a_program(db, cast, ask, signer, trusted):
    token = signer.sign()
    (sent,) = await post(db, {"audience": "user:luis@norte.test"})
    status, said = await ask(token, f"/api/notifications?user={cast.ana_admin.email}")
    assert (status, [row["id"] for row in said["notifications"]]) == (200, [str(sent)])
    status, said = await ask(token, "/api/events", "POST")
    assert (status, said["code"]) == (403, "forbidden")


async def test_tokens_open_no_pages(client, signer, trusted):
    browser = await client()
    answer = await browser.get(
        "/stream", headers={**bearer(signer.sign()), "Accept": "text/event-stream"}
    )
    assert answer.status == 401


# -- who does not


async def test_the_signature_must_be_of_a_key_that_was_handed_in(ask, signer, trusted):
    await refused(ask, Signer().sign(), "not signed")
    await refused(ask, Signer("RS256").sign(), "not signed")
    header, _, signature = signer.sign().split(".")
    _, foreign, _ = signer.sign("ana@norte.test").split(".")
    await refused(ask, f"{header}.{foreign}.{signature}", "not signed")


async def test_a_token_without_signature_is_refused(ask, trusted):
    token = jwt.encode(claims(), None, "none")
    assert token.endswith(".")
    await refused(ask, token, "not signed")
    for kind in ("None", "NONE", "nOnE"):
        header = encoded({"alg": kind, "typ": "JWT"})
        await refused(ask, f"{header}.{encoded(claims())}.", "not signed")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_a_public_key_is_no_shared_secret(db, cast, ask, algorithm):
    signer = Signer(algorithm)
    await trust(db, cast.norte, signer.pem)
    body = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims())}"
    for secret in (signer.pem, signer.pem.strip(), json.dumps(signer.jwk)):
        mac = hmac.digest(secret.encode(), body.encode(), hashlib.sha256)
        await refused(ask, f"{body}.{plain(mac)}", "not signed")


async def test_keys_and_their_places_come_from_us_not_from_the_token(ask, signer, trusted):
    stranger = Signer()
    for headers in ({"jwk": stranger.jwk}, {"jku": "http://127.0.0.1/keys"}, {"kid": "../x"}):
        token = jwt.encode(claims(), stranger.key, "ES256", headers)
        await refused(ask, token, "not signed")


@pytest.mark.parametrize(
    ("changes", "about", "code"),
    [
        ({"exp": 1}, "expired", "expired_token"),
        ({"exp": int(time.time()) - 5}, "expired", "expired_token"),
        ({"exp": None}, "lacks the claim exp", "unauthorized"),
        ({"iat": None}, "lacks the claim iat", "unauthorized"),
        ({"exp": int(time.time()) + 90_000}, "more than a day", "unauthorized"),
        ({"exp": 1e300}, "more than a day", "unauthorized"),
        ({"iat": int(time.time()) + 3600}, "does not hold yet", "unauthorized"),
        ({"nbf": int(time.time()) + 3600}, "does not hold yet", "unauthorized"),
        ({"iat": "yesterday"}, "cannot be read", "unauthorized"),
        ({"exp": "9999999999"}, "cannot be read", "unauthorized"),
        ({"exp": True}, "expired", "expired_token"),
        ({"exp": float("inf")}, "cannot be read", "unauthorized"),
        ({"aud": "another"}, "another audience", "unauthorized"),
        ({"aud": None}, "does not say its issuer and audience", "unauthorized"),
        ({"aud": []}, "another audience", "unauthorized"),
        ({"aud": [AUDIENCE, 7]}, "does not say its issuer and audience", "unauthorized"),
        ({"aud": AUDIENCE + "\0"}, "does not say its issuer and audience", "unauthorized"),
        ({"iss": "https://evil.test"}, "is not known here", "unauthorized"),
        ({"iss": ISSUER + "/"}, "is not known here", "unauthorized"),
        ({"email_verified": False}, "not verified", "unauthorized"),
        ({"email_verified": "false"}, "not verified", "unauthorized"),
        ({"email": ["luis@norte.test"]}, "whose it is", "unauthorized"),
        ({"email": "luis@norte.test\0"}, "whose it is", "unauthorized"),
        ({"email": "\ud800"}, "whose it is", "unauthorized"),
        ({"email": "nobody@norte.test"}, "Nobody here", "unauthorized"),
        ({"email": "ines@norte.test"}, "Nobody here", "unauthorized"),  # deactivated
        ({"email": "eva@sur.test"}, "Nobody here", "unauthorized"),  # another tenant's
        ({"sub": 7}, "cannot be read", "unauthorized"),
    ],
)
async def test_claims_that_do_not_hold(ask, signer, trusted, changes, about, code):
    header = encoded({"alg": "ES256", "typ": "JWT"})
    body = f"{header}.{encoded(claims(**changes))}"
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(
        body.encode(), signer.key
    )
    await refused(ask, f"{body}.{plain(signature)}", about, code)


async def test_small_differences_of_clocks_and_lists_of_audiences_are_fine(ask, signer, trusted):
    soon = int(time.time()) + 20
    token = signer.sign(iat=soon, nbf=soon, aud=["x", AUDIENCE], email_verified=True)
    assert (await ask(token))[0] == 200


@pytest.mark.parametrize(
    "token", ["eyJ.e30.", "eyJ9.x.y", "eyJhbGciOiJFUzI1NiJ9.W10.AAAA", "eyJ" + "x" * 3000 + ".y.z"]
)
async def test_garbage_is_refused(ask, trusted, token):
    await refused(ask, token, "cannot be read")


async def test_deep_garbage_is_refused(ask, trusted):
    header = encoded({"alg": "ES256"})
    await refused(ask, f"{header}.{plain(b'[' * 4000)}.AAAA", "cannot be read")


async def test_a_dead_token_is_refused_even_beside_a_living_session(client, cast, signer, trusted):
    browser = await client(cast.ana_admin)
    answer = await browser.get("/api/notifications", headers=bearer(signer.sign(exp=1)))
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_an_issuer_speaks_for_its_own_tenant_only(db, cast, ask, signer, trusted):
    own = Signer()
    await trust(db, cast.sur, own.pem, audience="campana-sur")
    assert (await ask(own.sign("eva@sur.test", aud="campana-sur")))[0] == 200
    await refused(ask, own.sign("luis@norte.test", aud="campana-sur"), "Nobody here")
    await refused(ask, own.sign("luis@norte.test"), "not signed")
    await refused(ask, signer.sign(aud=[AUDIENCE, "campana-sur"]), "another audience")


async def test_where_the_tenant_or_the_person_goes_the_token_goes_too(
    db, owner, cast, ask, signer, trusted
):
    await users.deactivate(db, cast.norte, cast.luis_colleague.id, actor=ACTOR)
    await refused(ask, signer.sign(), "Nobody here")
    await owner.execute("update campana.tenant set active = false where id = $1", cast.norte)
    await refused(ask, signer.sign("ana@norte.test"), "is not known here")


# -- keys


async def test_two_keys_hold_during_rotation(db, cast, ask, trusted, signer):
    old, new = Signer(kid="2025"), Signer("RS256", kid="2026")
    jwks = json.dumps({"keys": [old.jwk, new.jwk, {"kty": "oct", "use": "enc"}]})
    await tokens.change_keys(db, cast.norte, trusted, [jwks], actor=ACTOR)
    for each in (old, new):
        assert (await ask(each.sign()))[0] == 200
    await refused(ask, signer.sign(), "not signed")
    await tokens.change_keys(db, cast.norte, trusted, [json.dumps(new.jwk)], actor=ACTOR)
    assert (await ask(new.sign()))[0] == 200
    await refused(ask, old.sign(), "not signed")


async def test_keys_without_names_are_all_tried(db, cast, ask):
    old, new = Signer(), Signer()
    await trust(db, cast.norte, old.pem + new.pem)
    for each in (old, new):
        assert (await ask(each.sign()))[0] == 200


def private_pem() -> str:
    return (
        Signer()
        .key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def weak_pem() -> str:
    return (
        rsa.generate_private_key(65537, 1024)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("", "neither JWKS nor PEM"),
        ("7", "neither JWKS nor PEM"),
        ('{"keys": [7]}', "neither JWKS nor PEM"),
        ('{"keys": 7}', "neither JWKS nor PEM"),
        ('{"keys": []}', "1 to 10 keys"),
        ('{"kty": "oct", "k": "c2VjcmV0"}', "private or secret"),
        ('{"kty": "oct"}', "Keys are RSA"),
        ('{"kty": "RSA", "n": "AQAB", "e": "AQAB"}', "Keys are RSA"),
        ('{"kty": "EC", "crv": "P-384", "x": "", "y": ""}', "Keys are RSA"),
        ("-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----", "no public key"),
        (private_pem(), "private or secret"),
        (weak_pem(), "Keys are RSA"),
    ],
)
def test_only_public_keys_that_suit_are_taken(text, about):
    with pytest.raises(Invalid, match=about):
        token_keys.from_texts([text])


def test_beginnings_without_an_end_are_refused_at_once():
    began = time.process_time()
    with pytest.raises(Invalid):
        token_keys.from_texts(["-----BEGIN PUBLIC KEY-----" * 20_000])  # what a form may hold
    assert time.process_time() - began < 1


def test_a_key_has_the_one_algorithm_of_its_kind():
    rs256 = Signer("RS256").jwk
    assert rs256["alg"] == "RS256"
    for alg in ("RS512", "PS256", "HS256", "none"):
        with pytest.raises(Invalid):
            token_keys.from_texts([json.dumps({**rs256, "alg": alg})])


# -- administration


async def test_trust_is_given_once_and_written_down(db, owner, cast, signer, trusted):
    for tenant in (cast.norte, cast.sur):
        with pytest.raises(Conflict):
            await trust(db, tenant, signer.pem)
    with pytest.raises(NotFound):
        await tokens.revoke(db, cast.sur, trusted, actor=ACTOR)
    with pytest.raises(NotFound):
        await tokens.change_keys(db, cast.sur, trusted, [signer.pem], actor=ACTOR)
    await tokens.change_keys(db, cast.norte, trusted, [signer.pem], actor=ACTOR)
    await tokens.revoke(db, cast.norte, trusted, actor=ACTOR)
    with pytest.raises(NotFound):
        await tokens.revoke(db, cast.norte, trusted, actor=ACTOR)
    again = await trust(db, cast.norte, signer.pem)
    assert [row["id"] for row in await tokens.of_tenant(db, cast.norte)] == [trusted, again]
    rows = await owner.fetch(
        "select actor, action from campana.audit where action like 'issuer.%' order by id"
    )
    assert [tuple(row) for row in rows] == [
        (ACTOR, f"issuer.{done}") for done in ("add", "keys", "revoke", "add")
    ]


@pytest.mark.parametrize("changes", [{"issuer": ""}, {"audience": "a\nb"}, {"email_claim": ""}])
async def test_trust_needs_names(db, cast, signer, changes):
    with pytest.raises(CampanaError) as refusal:
        await trust(db, cast.norte, signer.pem, **changes)
    assert refusal.value.field in changes


# -- streams


@pytest.fixture
async def listen(site, http):
    """`await listen(token)`: an open stream that has said hello."""
    ears = []

    async def listen(token):
        ear = Ear(http, f"{site}/api/stream", headers=bearer(token))
        ears.append(ear)
        await (await ear.open()).hears("hello")
        return ear

    yield listen
    for ear in ears:
        await ear.cut()


async def test_a_token_opens_the_stream_of_its_person_and_sweeps_keep_it(
    cast,
    corridor,
    listen,
    publish,
    signer,
    trusted,
):
    ear = await listen(signer.sign())
    assert ear.hello["userId"] == str(cast.luis_colleague.id)
    assert ear.hello["role"] == "STAFF"
    await corridor.hub.sweep()
    await publish(audience="user:luis@norte.test", title="for Luis")
    await ear.hears("notification", title="for Luis")
    assert ear.is_open


@pytest.mark.usefixtures("without_sweeps")
async def test_revoking_an_issuer_closes_its_streams_and_no_others(
    db,
    cast,
    listen,
    publish,
    signer,
    trusted,
):
    other = Signer()
    await trust(db, cast.norte, other.pem, audience="other")
    gone, stays = await listen(signer.sign()), await listen(other.sign(aud="other"))
    await tokens.revoke(db, cast.norte, trusted, actor=ACTOR)
    await gone.ended()
    assert gone.messages[-1] == Message("bye", {"reason": "signed_out"})
    assert (await gone.open()).status == 401
    await publish(title="after")
    await stays.hears("notification", title="after")


@pytest.mark.usefixtures("without_sweeps")
async def test_a_sweep_finds_an_issuer_that_was_revoked_unheard(
    owner,
    corridor,
    listen,
    signer,
    trusted,
):
    ear = await listen(signer.sign())
    await owner.execute("update campana.token_issuer set revoked_at = now()")
    await corridor.hub.sweep()
    await ear.ended()
    assert ear.named("bye")


@pytest.mark.usefixtures("without_sweeps")
async def test_a_person_deactivated_loses_the_stream(db, cast, listen, signer, trusted):
    ear = await listen(signer.sign())
    await users.deactivate(db, cast.norte, cast.luis_colleague.id, actor=ACTOR)
    await ear.ended()
    assert (await ear.open()).status == 401


@pytest.mark.usefixtures("without_sweeps")
async def test_a_stream_ends_with_its_token(corridor, listen, signer, trusted):
    end = int(time.time()) + 3
    ear = await listen(signer.sign(exp=end))
    await ear.ended()
    assert time.time() > end - 1.5
    await eventually(lambda: time.time() >= end)
    assert (await ear.open()).status == 401


def plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def encoded(said: dict[str, Any]) -> str:
    return plain(json.dumps(said).encode())
