"""The web application: middleware, routes, templates. main.py starts and stops what it needs."""

from __future__ import annotations

import warnings
from datetime import timedelta

from aiohttp import web
from aiohttp_session import session_middleware

from campana.corridor import Corridor
from campana.db import Database
from campana.door import Door
from campana.keyring import Keyring
from campana.limits import Limits
from campana.settings import Settings
from campana.type_names import TypeNames
from handlers import (
    compression,
    counting,
    headers,
    middleware,
    naming,
    navigation,
    patience,
    render,
)
from handlers.app_keys import (
    CORRIDOR,
    DB,
    DOOR,
    HUB,
    KEYRING,
    LIMITS,
    SETTINGS,
    TALLY,
    TYPE_NAMES,
)
from handlers.inputs import MOST_BODY
from handlers.routes import add_routes
from handlers.session_storage import PostgresStorage

# aiohttp-session keeps things under plain names, and so do we: request['person'].
warnings.filterwarnings("ignore", category=web.NotAppKeyWarning)


def application(settings: Settings, db: Database, corridor: Corridor) -> web.Application:
    """The HTTP side of Campana; whoever serves it runs the corridor."""
    lifetime = timedelta(days=settings.session_days)
    app = web.Application(
        client_max_size=MOST_BODY,
        middlewares=[
            middleware.trace,
            compression.zip_pages,
            middleware.translate_errors,
            patience.hurry,
            session_middleware(PostgresStorage(db, lifetime)),
            middleware.admit,
            render.in_the_language_of(lambda request: request["person"]),
            naming.call_types,
        ],
    )
    app[SETTINGS] = settings
    app[DB] = db
    app[DOOR] = Door(db)
    app[KEYRING] = Keyring(db)
    app[LIMITS] = Limits(db, settings, corridor.hub.shut_out.note)
    app[CORRIDOR] = corridor
    app[HUB] = corridor.hub
    app[TALLY] = corridor.tally
    app[TYPE_NAMES] = TypeNames(db)
    app.on_response_prepare.append(headers.protect)
    app.on_response_prepare.append(counting.note)
    render.setup(app, navigation.frame)
    add_routes(app)
    return app
