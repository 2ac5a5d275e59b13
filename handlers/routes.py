"""Every URL on one page. Each handler says itself who may ask: see guards.py."""

from __future__ import annotations

from aiohttp import web

from campana.assets import PREFIX
from handlers import (
    appearance,
    assets,
    centre,
    design,
    guards,
    health,
    home,
    inbox_pages,
    installing,
    invitations,
    metrics,
    notifications,
    openapi,
    own_tokens,
    presses,
    publishing,
    readings,
    selections,
    sessions,
    stream,
    topics,
)
from handlers.admin import (
    announcements,
    attention,
    audit,
    branches,
    frame,
    issuers,
    keys,
    people,
    roles,
    settings,
)
from handlers.preferences import api
from handlers.preferences import edits as preferences_edits
from handlers.preferences import pages as preferences_pages
from handlers.sales import checkouts, counter, edits, outcomes, pages


def add_routes(app: web.Application) -> None:
    """Adds them all; RuntimeError when one of them forgot its guard."""
    app.router.add_routes([*PUBLIC, *ADMINISTRATORS, *SIGNED_IN, *API, *OPERATIONS])
    if names := guards.unguarded(app):
        raise RuntimeError(f"routes without a guard: {', '.join(names)}")


PUBLIC = [
    web.get("/", home.show),
    web.get(PREFIX + "{path:.+}", assets.show),
    web.get("/login", sessions.new),
    web.post("/login", sessions.create),
    web.post("/logout", sessions.destroy),
    web.post("/appearance", appearance.create),
    web.get("/manifest.webmanifest", installing.manifest),
    web.get("/sw.js", installing.worker),
    web.get("/offline", installing.offline),
    web.get("/design", design.show),
    web.get("/invitation", invitations.edit),
    web.post("/invitation", invitations.update),
]

SIGNED_IN = [
    web.get("/notifications", centre.index),
    web.get("/notifications/list", centre.part),
    web.get("/notifications/more", centre.more),
    web.post("/notifications/selection", selections.create),
    web.get("/notifications/latest", inbox_pages.latest),
    web.get("/notifications/{id}", inbox_pages.follow),
    web.post("/notifications/{id}/actions/{name}", presses.create),
    web.get("/preferences", preferences_pages.index),
    web.get("/preferences/part", preferences_pages.part),
    web.post("/preferences/types", preferences_edits.types),
    web.post("/preferences/channels", preferences_edits.channels),
    web.post("/preferences/hours", preferences_edits.hours),
    web.post("/preferences/habits", preferences_edits.habits),
    web.post("/preferences/pause", preferences_edits.pause),
    web.post("/preferences/mutes", preferences_edits.mutes),
    web.post("/preferences/reset", preferences_edits.reset),
    web.post("/preferences/test", preferences_edits.test),
    web.get("/stream", stream.browser, allow_head=False),
    web.get("/sales/mine", pages.mine),
    web.get("/sales/mine/list", pages.mine_part),
    web.get("/sales/new", counter.new),
    web.post("/sales", counter.create),
    web.get("/checkout", checkouts.new),
    web.post("/checkout", checkouts.create),
    web.get("/sales/{id}", pages.show),
    web.get("/sales/{id}/card", pages.card),
    web.get("/sales/{id}/edit", edits.edit),
    web.post("/sales/{id}", edits.update),
    web.post("/sales/{id}/payment", outcomes.pay),
    web.post("/sales/{id}/cancel", outcomes.cancel),
]

ADMINISTRATORS = [
    web.get("/sales", pages.index),
    web.get("/sales/list", pages.part),
    web.get("/sales/badge", pages.badge),
    web.get("/admin", frame.index),
    web.get("/admin/people", people.index),
    web.get("/admin/people/new", people.new),
    web.post("/admin/people", people.create),
    web.get("/admin/people/{id}", people.edit),
    web.post("/admin/people/{id}", people.update),
    web.post("/admin/people/{id}/deactivate", people.deactivate),
    web.post("/admin/people/{id}/activate", people.activate),
    web.post("/admin/people/{id}/sign-out", people.sign_out),
    web.post("/admin/people/{id}/invitation", people.renew),
    web.get("/admin/roles", roles.index),
    web.post("/admin/roles", roles.create),
    web.get("/admin/roles/{id}", roles.edit),
    web.post("/admin/roles/{id}", roles.update),
    web.post("/admin/roles/{id}/delete", roles.delete),
    web.get("/admin/branches", branches.index),
    web.post("/admin/branches", branches.create),
    web.post("/admin/branches/{id}/delete", branches.delete),
    web.get("/admin/attention", attention.edit),
    web.post("/admin/attention", attention.update),
    web.get("/admin/announcements", announcements.index),
    web.get("/admin/announcements/new", announcements.new),
    web.post("/admin/announcements", announcements.create),
    web.post("/admin/announcements/count", announcements.count),
    web.get("/admin/announcements/{id}", announcements.show),
    web.post("/admin/announcements/{id}", announcements.update),
    web.post("/admin/announcements/{id}/withdraw", announcements.withdraw),
    web.get("/admin/settings", settings.edit),
    web.post("/admin/settings", settings.update),
    web.get("/admin/keys", keys.index),
    web.post("/admin/keys", keys.create),
    web.post("/admin/keys/{id}/revoke", keys.revoke),
    web.get("/admin/issuers", issuers.index),
    web.post("/admin/issuers", issuers.create),
    web.get("/admin/issuers/{id}", issuers.edit),
    web.post("/admin/issuers/{id}", issuers.update),
    web.post("/admin/issuers/{id}/revoke", issuers.revoke),
    web.get("/admin/audit", audit.index),
    web.get("/admin/audit/export", audit.export),
]

API = [
    web.get("/api/openapi.json", openapi.show),
    web.post("/api/events", publishing.create),
    web.post("/api/events/{id}/cancel", publishing.cancel),
    web.get("/api/notifications", notifications.index),
    web.post("/api/notifications/read-all", readings.create_all),
    web.post("/api/notifications/clear", readings.clear),
    web.post("/api/notifications/{id}/read", readings.create),
    web.patch("/api/notifications/{id}/read", readings.create),
    web.post("/api/notifications/{id}/unread", readings.destroy),
    web.post("/api/notifications/{id}/delete", readings.delete),
    web.delete("/api/notifications/{id}", readings.delete),
    web.post("/api/notifications/{id}/restore", readings.restore),
    web.post("/api/tokens", own_tokens.create),
    web.get("/api/topics", topics.index),
    web.post("/api/topics/{topic}/join", topics.create),
    web.post("/api/topics/{topic}/leave", topics.destroy),
    web.get("/api/notifications/preferences", api.show),
    web.patch("/api/notifications/preferences", api.update),
    web.post("/api/notifications/preferences", api.create),
    web.get("/api/stream", stream.api, allow_head=False),
]

OPERATIONS = [
    web.get("/api/health", health.show),
    web.get("/health/live", health.live),
    web.get("/health/ready", health.ready),
    web.get("/metrics", metrics.show),
]
