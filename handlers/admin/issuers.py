"""Tokens (JWT): whose are accepted here, with which public keys; and our own.

Secrets of our own tokens belong to the installation: its operator sets them, nobody sees them.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from campana import token_keys, tokens
from campana.errors import NotFound
from campana.i18n import gettext as _
from handlers import fitting
from handlers.admin import forms, frame
from handlers.app_keys import DB, SETTINGS
from handlers.declare import Shape, path_id
from handlers.guards import administers

NOUN = "issuers"
BLANK = {"issuer": "", "audience": "", "keys": "", "email_claim": "email"}


class Keys(Shape):
    """Public keys as JWKS or PEM; during rotation the old and the new one."""

    keys: str = Field(max_length=100_000)


class Issuer(Keys):
    """Somebody whose tokens count from now on."""

    issuer: str = Field(max_length=255)
    audience: str = Field(max_length=255)
    email_claim: str = Field("email", max_length=80)


@administers
async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/issuers?done"""
    return await _list(request, BLANK, forms.right())


@administers
async def create(request: web.Request) -> web.StreamResponse:
    """POST /admin/issuers (issuer, audience, keys, email_claim)"""
    me = request["person"]
    try:
        form = await fitting.form(request, Issuer)
        await tokens.trust(
            request.app[DB],
            me.tenant_id,
            issuer=form.issuer.strip(),
            audience=form.audience.strip(),
            keys=[form.keys],
            email_claim=form.email_claim.strip(),
            actor=me.actor,
        )
    except forms.REFUSALS as error:
        typed = BLANK | await forms.typed(request)
        return await _list(request, typed, _wrong(error))
    return forms.done(request, "/admin/issuers", "added", _confirmations())


@administers
async def edit(request: web.Request) -> web.StreamResponse:
    """GET /admin/issuers/{id}"""
    return await _issuer(request, "", forms.right())


@administers
async def update(request: web.Request) -> web.StreamResponse:
    """POST /admin/issuers/{id} (keys): only these count from now on."""
    me = request["person"]
    issuer = await _found(request)
    try:
        form = await fitting.form(request, Keys)
        await tokens.change_keys(
            request.app[DB], me.tenant_id, issuer["id"], [form.keys], actor=me.actor
        )
    except forms.REFUSALS as error:
        typed = await forms.typed(request)
        return await _issuer(request, typed.get("keys", ""), _wrong(error))
    return forms.done(request, "/admin/issuers", "changed", _confirmations())


@administers
async def revoke(request: web.Request) -> web.StreamResponse:
    """POST /admin/issuers/{id}/revoke: twice is once."""
    me, issuer = request["person"], await _found(request)
    if not issuer["revoked_at"]:
        await tokens.revoke(request.app[DB], me.tenant_id, issuer["id"], actor=me.actor)
    return forms.done(request, "/admin/issuers", "revoked", _confirmations())


def _confirmations() -> dict[str, str]:
    return {
        "added": _("Tokens of this issuer are accepted from now on."),
        "changed": _("Only these keys count from now on."),
        "revoked": _("Tokens of this issuer are refused; what they had open is closed."),
    }


def _wrong(error: Any) -> dict[str, Any]:
    """The verbs speak to programs in English; here it is said once more for people."""
    state = forms.wrong(error)
    said = {
        "issuer": _("This is missing, or cannot be what a token says as iss."),
        "audience": _("This is missing, or cannot be what a token says as aud."),
        "email_claim": _("This is no name of a claim."),
        "keys": _(
            "Paste public keys, as JWKS or PEM: RSA from 2,048 bits, P-256 or Ed25519, at most 10."
        ),
    }
    state["errors"] = {name: said.get(name, text) for name, text in state["errors"].items()}
    if error.status == 409:
        state["problem"] = _("Tokens of this issuer for this audience are accepted already.")
    return state


async def _found(request: web.Request) -> Any:
    me, issuer_id = request["person"], path_id(request)
    rows = await tokens.of_tenant(request.app[DB], me.tenant_id)
    for row in rows:
        if row["id"] == issuer_id:
            return row
    raise NotFound("There is no such issuer.")


async def _list(
    request: web.Request,
    typed: dict[str, str],
    state: dict[str, Any],
) -> web.StreamResponse:
    rows = await tokens.of_tenant(request.app[DB], request["person"].tenant_id)
    return frame.show(
        request,
        NOUN,
        "issuers/index.html",
        part="issuers/_new.html",
        rows=rows,
        names=token_keys.names,
        typed=typed,
        secrets=len(request.app[SETTINGS].token_secrets),
        confirms=_confirmations(),
        **state,
    )


async def _issuer(request: web.Request, typed: str, state: dict[str, Any]) -> web.StreamResponse:
    issuer = await _found(request)
    return frame.show(
        request,
        NOUN,
        "issuers/edit.html",
        part="issuers/_edit.html",
        issuer=issuer,
        names=token_keys.names(issuer["keys"]),
        typed=typed,
        **state,
    )
