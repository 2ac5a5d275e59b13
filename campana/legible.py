"""Which names people can read: of people, branches, types."""

import unicodedata

_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Characters that turn the text behind them round, ours too."""


def is_name(name: str, longest: int) -> bool:
    """Whether somebody or something may be called so: 1 to `longest` characters, and legible."""
    return 1 <= len(name) <= longest and is_legible(name)


def is_legible(name: str) -> bool:
    """Whether a line may say it: one that is seen, and leaves what stands beside it as it is."""
    kinds = [unicodedata.category(sign) for sign in name]
    return (
        not {"Cc", "Cs", "Zl", "Zp"}.intersection(kinds)
        and not any(unicodedata.bidirectional(sign) in _TURNING for sign in name)
        and any(kind[0] not in "CZ" for kind in kinds)
    )
