"""The page's example is delivered at the desk of the intake tests."""

from tests.intake.conftest import desk  # noqa: F401
