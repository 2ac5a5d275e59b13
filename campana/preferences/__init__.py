"""Who hears what, where and when. `policy` is the rule; see docs/decisions/0017."""
