"""The cluster's night is compared with the embedded one."""

from tests.night.conftest import night_folder, night_home  # noqa: F401
