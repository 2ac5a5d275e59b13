"""The shop's checkout: what a customer buys."""

from __future__ import annotations

from aiohttp import web

from campana.domains import sales
from handlers.guards import of_module, signed_in
from handlers.sales import forms


@of_module("sales")
@signed_in
async def new(request: web.Request) -> web.StreamResponse:
    """GET /checkout"""
    return forms.show(request, "checkout", forms.blank())


@of_module("sales")
@signed_in
async def create(request: web.Request) -> web.StreamResponse:
    """POST /checkout (customer, total, currency, product…, quantity…, price…, token)"""
    return await forms.submit(request, "checkout", sales.check_out, "created")
