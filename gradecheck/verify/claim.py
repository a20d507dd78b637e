"""What a proof is made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One thing that must hold.

    Attributes:
        subject: the exercise, the notebook or the assignment.
        sentence: the claim where it holds, and what was seen where it does not.
        holds: whether it does.
    """

    subject: str
    sentence: str
    holds: bool
