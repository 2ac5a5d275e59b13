"""The notifications policy of a tenant: what its layers say, changed with a look ahead, taken back.

`sheet` reads what a page shows, `cells` says what a cell can be, `draft` is a wanted change, which
`understanding` holds against what is by now; `change` applies it, `undo` takes the last one back.
The rule itself is campana/preferences/policy.py.
"""
