"""A trained model, as the tests of models have it."""

from tests.models.conftest import matrix, model, short_spec

__all__ = ["matrix", "model", "short_spec"]
