"""Roles, API keys and tokens: what people and programs may do."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from campana import keys, tokens, users
from campana.db import Database
from campana.errors import Unauthorized
from campana.keyring import Keyring
from tests.cast import Cast
from tests.conftest import SignIn
from tests.handlers.admin import look, secret, send, was
from tests.handlers.test_access import an_issuer_of

LATEST = "select action, detail from campana.audit order by id desc limit 1"
KEY = [("name", "Till 3"), ("scopes", "publish"), ("scopes", "read"), ("days", "90")]


async def test_a_role_is_made_given_and_deleted_when_nobody_has_it(
    client: SignIn, db: Database, owner: Any, cast: Cast
) -> None:
    ana, luis = await client(cast.ana_admin), cast.luis_colleague
    assert (await send(ana, "/admin/roles", {"name": "shift leader"})).status == 303
    assert "SHIFT_LEADER" in (await look(ana, "/admin/roles")).text
    assert (await send(ana, "/admin/roles", {"name": "SHIFT_LEADER"})).status == 409
    for name in ("", "1", "Ñ", "A" * 41, "a-b"):
        assert (await send(ana, "/admin/roles", {"name": name})).status == 422, name

    await users.change_role(db, luis.tenant_id, luis.id, "SHIFT_LEADER", actor="test")
    await users.deactivate(db, luis.tenant_id, luis.id, actor="test")
    assert (await send(ana, "/admin/roles/SHIFT_LEADER/delete")).status == 409, "he may come back"
    await users.change_role(db, luis.tenant_id, luis.id, "STAFF", actor="test")
    await owner.execute(
        "insert into campana.role_preference (tenant_id, role, type, value)"
        " values ($1, 'SHIFT_LEADER', 'sale:created', 1)",
        cast.norte,
    )
    assert (await send(ana, "/admin/roles/SHIFT_LEADER/delete")).status == 303
    assert (await owner.fetchrow(LATEST))["action"] == "role.delete"
    left = "select count(*) from campana.role_preference where role = 'SHIFT_LEADER'"
    assert await owner.fetchval(left) == 0
    for verb in ("", "/delete"):
        assert (await send(ana, f"/admin/roles/SHIFT_LEADER{verb}")).status == 404


async def test_a_branch_is_made_given_and_deleted_when_nobody_works_there(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    ana = await client(cast.ana_admin)
    assert (await send(ana, "/admin/branches", {"name": " Mercado "})).status == 303
    assert (await send(ana, "/admin/branches", {"name": "Mercado"})).status == 409
    for name in ("", " ", "x" * 81):
        assert (await send(ana, "/admin/branches", {"name": name})).status == 422
    found = "select id from campana.branch where tenant_id = $1 and name = $2"
    mercado = await owner.fetchval(found, cast.norte, "Mercado")
    centro = await owner.fetchval(found, cast.norte, "Centro")
    refused = await send(ana, f"/admin/branches/{centro}/delete")
    assert (refused.status, 'role="alert"' in refused.text) == (409, True)
    for other, status in ((cast.eva_stranger, 404), (cast.luis_colleague, 403)):
        refused = await send(await client(other), f"/admin/branches/{mercado}/delete")
        assert refused.status == status
    assert (await send(ana, f"/admin/branches/{mercado}/delete")).status == 303
    assert (await owner.fetchrow(LATEST))["action"] == "branch.delete"
    assert (await send(ana, f"/admin/branches/{mercado}/delete")).status == 404


async def test_rights_of_a_role_count_from_the_next_click_on(
    client: SignIn, owner: Any, cast: Cast
) -> None:
    ana, luis = await client(cast.ana_admin), await client(cast.luis_colleague)
    assert (await look(luis, "/admin")).status == 403
    drawn = was((await look(ana, "/admin/roles/STAFF")).text)
    form = {"administers": "true", "was": drawn}
    assert (await send(ana, "/admin/roles/STAFF", form)).status == 303
    assert (await look(luis, "/admin")).status == 200, "without signing in again"
    assert '"before": {"administers": false}' in (await owner.fetchrow(LATEST))["detail"]
    assert (await send(ana, "/admin/roles/STAFF", {})).status == 303
    assert (await look(luis, "/admin")).status == 403


async def test_a_key_is_shown_once_works_and_is_revoked(
    client: SignIn, db: Database, owner: Any, cast: Cast
) -> None:
    ana = await client(cast.ana_admin)
    key = secret((await send(ana, "/admin/keys", KEY)).text)
    found = await keys.identify(db, key)
    assert (found.tenant_id, found.scopes) == (cast.norte, {"publish", "read"})
    listed = (await look(ana, "/admin/keys")).text
    assert "Till 3" in listed
    assert key not in listed
    assert key not in str([dict(row) for row in await owner.fetch("select * from campana.audit")])

    assert (await send(ana, "/admin/keys", KEY)).status == 409, "a form sent twice is one key"
    key_id = await owner.fetchval("select id from campana.api_key where name = 'Till 3'")
    for _ in range(2):
        assert (await send(ana, f"/admin/keys/{key_id}/revoke")).status == 303
    with pytest.raises(Unauthorized):
        await keys.identify(db, key)


@pytest.mark.parametrize(
    "wrong",
    [
        [("name", "")],
        [("name", "x" * 81)],
        [("scopes", "")],
        [("scopes", "everything")],
        [("days", "0x10")],
        [("days", "-1")],
        [("days", "36500")],
    ],
)
async def test_a_key_that_says_too_little_or_too_much_is_not_made(
    client: SignIn, owner: Any, cast: Cast, wrong: list[tuple[str, str]]
) -> None:
    before = await owner.fetchval("select count(*) from campana.api_key")
    form = [pair for pair in KEY if pair[0] != wrong[0][0]] + wrong
    answer = await send(await client(cast.ana_admin), "/admin/keys", form)
    assert answer.status == 422
    assert f'id="{wrong[0][0]}-error"' in answer.text
    assert await owner.fetchval("select count(*) from campana.api_key") == before


async def test_the_use_of_a_key_is_noted_once_in_five_minutes(
    db: Database, owner: Any, cast: Cast
) -> None:
    used = "select last_used_at, xmin::text from campana.api_key where name = $1"
    keyrings = [Keyring(db), Keyring(db)]
    for _ in range(3):
        for keyring in keyrings:
            await keyring.identify(cast.norte_key)
    first = await owner.fetchrow(used, cast.norte_key)
    assert first["last_used_at"] is not None
    await owner.execute(
        "update campana.api_key set last_used_at = now() - interval '6 minutes' where name = $1",
        cast.norte_key,
    )
    stale = await owner.fetchrow(used, cast.norte_key)
    for _ in range(3):
        await keyrings[0].identify(cast.norte_key)
    fresh = await owner.fetchrow(used, cast.norte_key)
    assert fresh["last_used_at"] > stale["last_used_at"]
    await keyrings[1].identify(cast.norte_key)
    assert await owner.fetchrow(used, cast.norte_key) == fresh, "nothing was written"
    for dead in (cast.norte_revoked_key, cast.norte_expired_key):
        with pytest.raises(Unauthorized):
            await keyrings[0].identify(dead)
        assert (await owner.fetchrow(used, dead))["last_used_at"] is None


async def test_an_issuer_is_trusted_changed_and_revoked(
    client: SignIn, db: Database, owner: Any, cast: Cast
) -> None:
    ana = await client(cast.ana_admin)
    await an_issuer_of(db, cast.norte)
    [known] = await tokens.of_tenant(db, cast.norte)
    form = {"issuer": "https://login.norte", "audience": "till", "keys": _jwks(known)}
    assert (await send(ana, "/admin/issuers", form)).status == 303
    assert (await send(ana, "/admin/issuers", form)).status == 409
    assert (await send(ana, "/admin/issuers", form | {"keys": "no key"})).status == 422
    assert (await send(ana, "/admin/issuers", form | {"issuer": ""})).status == 422

    path = f"/admin/issuers/{known['id']}"
    assert (await send(ana, path, {"keys": "-----BEGIN x"})).status == 422
    assert (await send(ana, path, {"keys": _jwks(known)})).status == 303
    action, detail = await owner.fetchrow(LATEST)
    assert action == "issuer.keys"
    assert '"before": {"keys": ["ES256"]}' in detail
    for _ in range(2):
        assert (await send(ana, f"{path}/revoke")).status == 303
    assert (await send(ana, path, {"keys": _jwks(known)})).status == 404


def _jwks(issuer: Any) -> str:
    """The keys of an issuer, as somebody would paste them."""
    return orjson.dumps(issuer["keys"]).decode()
