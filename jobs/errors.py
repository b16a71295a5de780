"""Errors that a user can act on: what, where, expected, found, remedy."""

from __future__ import annotations


class NightlistError(Exception):
    """The one base class: its text is a single line and ends in the remedy.

    Args:
        where: The object, e.g. `statements.balance_minor` or `landing/statements/2005-10-01`.
        expected: What should have been there, with its unit.
        found: What was there.
        remedy: What to do about it.
    """

    def __init__(self, where: str, expected: str, found: str, remedy: str) -> None:
        self.where, self.expected, self.found, self.remedy = where, expected, found, remedy
        text = f"{where}: expected {expected}, found {found}; {remedy}"
        super().__init__(" ".join(text.split()))

    def __reduce__(self) -> tuple[type, tuple[str, str, str, str]]:
        """Errors travel between Airflow's processes: rebuilt from their four parts."""
        return type(self), (self.where, self.expected, self.found, self.remedy)


class DeliveryRefused(NightlistError):
    """A delivery is missing or is not what its manifest says; nothing of it was taken."""


class SchemaMismatch(NightlistError):
    """A table's columns differ from its contract; all differences are listed at once."""


class GateFailed(NightlistError):
    """A critical expectation failed; the night stops here and publishes nothing."""


class PolicyError(NightlistError):
    """A policy file is not valid, or no version of it is in force on the as-of date."""


class InfeasibleRows(NightlistError):
    """No offers keep all coupling rows of the policy; the rows in conflict are named."""


class ModelMismatch(NightlistError):
    """The matrix to score differs from what the model was trained on."""


class ReasonError(NightlistError):
    """A reason code has no text that a customer may read."""


class StepLeftOut(NightlistError):
    """A night without a model has no such step."""


class TrainingRefused(NightlistError):
    """The labelled data cannot carry a model."""


class NoChampion(NightlistError):
    """The policy wants a model that was promoted, and the night has none."""


class PromotionRefused(NightlistError):
    """A model cannot become the champion, or be retired, on these terms."""


class ReleaseError(NightlistError):
    """A release cannot be published or found; the pointer has not moved."""


class PublicationStopped(NightlistError):
    """Somebody stopped all publication; nothing was published, served or sent."""


class MartError(NightlistError):
    """The mart cannot be loaded or reached; it shows what it showed before."""


class SendRefused(NightlistError):
    """A wave must not be sent, or not on this day; no file was written."""


class EngineError(NightlistError):
    """The cluster does not answer, or lost the session; what a step began is not visible."""


class ReplayDiffers(NightlistError):
    """A run computed again gives other rows than were published."""


class UsageError(NightlistError):
    """The command's words are off."""
