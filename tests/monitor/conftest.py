"""A small model and the matrix that it learned from, as the models' own tests have them."""

from tests.models.conftest import matrix, model, short_spec  # noqa: F401
