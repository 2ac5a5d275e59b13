"""A sale at the counter, entered by staff."""

from __future__ import annotations

from aiohttp import web

from campana.domains import sales
from handlers.guards import of_module, signed_in
from handlers.sales import forms


@of_module("sales")
@signed_in
async def new(request: web.Request) -> web.StreamResponse:
    """GET /sales/new"""
    return forms.show(request, "staff", forms.blank())


@of_module("sales")
@signed_in
async def create(request: web.Request) -> web.StreamResponse:
    """POST /sales (customer, total, currency, product…, quantity…, price…, token)"""
    return await forms.submit(request, "staff", sales.create, "created")
