"""The doctor: looks at an installation from outside and says what to do.

Door: `await examine(settings)`, a list of findings. Nothing is changed.
"""

from campana.doctor.examination import examine
from campana.doctor.finding import Finding, State

__all__ = ["Finding", "State", "examine"]
