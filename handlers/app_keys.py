"""What handlers find on the application."""

from aiohttp import web

from campana.corridor import Corridor
from campana.db import Database
from campana.door import Door
from campana.hub import Hub
from campana.keyring import Keyring
from campana.limits import Limits
from campana.settings import Settings
from campana.tally import Tally
from campana.type_names import TypeNames

DB: web.AppKey[Database] = web.AppKey("db", Database)
DOOR: web.AppKey[Door] = web.AppKey("door", Door)
LIMITS: web.AppKey[Limits] = web.AppKey("limits", Limits)
KEYRING: web.AppKey[Keyring] = web.AppKey("keyring", Keyring)
HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
TALLY: web.AppKey[Tally] = web.AppKey("tally", Tally)
TYPE_NAMES: web.AppKey[TypeNames] = web.AppKey("type_names", TypeNames)
CORRIDOR: web.AppKey[Corridor] = web.AppKey("corridor", Corridor)
