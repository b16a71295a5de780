"""The registry: a model is a folder of text, named by the hash of what is in it.

    <home>/models/<name>/<version>/
        model.txt      LightGBM's own text
        metadata.json  features, signs, parameters, calibration, metrics, data, code
        card.md        the same for a reader

The same data, seed and code give the same version; a version is never written twice.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs import lake
from jobs.errors import ModelMismatch
from jobs.store import canonical
from models.calibration import Calibrations
from models.card import card

_VERSION_DIGITS = 12


@dataclass(frozen=True)
class Model:
    """Trees as LightGBM's text, and everything that must be known beside them.

    Attributes:
        text: LightGBM's model text.
        metadata: As in metadata.json without the version; never changed after training.
    """

    text: str
    metadata: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of the spec the model was trained by, e.g. `pd`."""
        return str(self.metadata["name"])

    @property
    def version(self) -> str:
        """First 12 hex digits of the sha256 over text and metadata."""
        content = self.text + canonical(self.metadata)
        return hashlib.sha256(content.encode()).hexdigest()[:_VERSION_DIGITS]

    @property
    def sha256(self) -> str:
        """sha256 of model.txt, as hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def feature_names(self) -> list[str]:
        """Features in the order the trees take them."""
        return [feature["name"] for feature in self.metadata["features"]]

    @property
    def reason_codes(self) -> list[str]:
        """Reason code of each feature, in the same order."""
        return [feature["reason_code"] for feature in self.metadata["features"]]

    @property
    def calibration(self) -> Calibrations:
        """From margins to what the model foretells, and what an offer's terms add."""
        return Calibrations.from_json(self.metadata["calibration"],
                                      self.metadata["terms"].get("coefficients", {}))

    @property
    def identity(self) -> dict[str, str]:
        """Name, version and hash: what a run records of the model that it scores with."""
        return {"name": self.name, "version": self.version, "sha256": self.sha256}


def named(home: Path, name: str) -> Model:
    """The model that `--model` names; one from elsewhere is copied into the registry.

    Args:
        home: The root of everything that is written.
        name: `pd/VERSION` of this home, or the path of a folder `…/models/pd/VERSION`.

    Raises:
        ModelMismatch: When there is none, or it is not what its version says.
    """
    kind, _, version = name.rpartition("/")
    if kind and "/" not in kind and _folder(home, kind, version).is_dir():
        return load(home, kind, version)
    elsewhere = Path(name).resolve() if "://" not in name else lake.place(name)
    if not elsewhere.is_dir() or elsewhere.parent.parent.name != "models":
        known = [f"{kind}/{version}" for kind, version in versions(home)]
        raise ModelMismatch(f"model {name}", "pd/VERSION of this home, or a folder "
                            ".../models/pd/VERSION", "no such model", "known here: "
                            + (", ".join(known) or "none"))
    model = load(elsewhere.parents[2], elsewhere.parent.name, elsewhere.name)
    save(home, model)
    return model


def versions(home: Path) -> list[tuple[str, str]]:
    """Name and version of every model in the registry, in their order."""
    return sorted((path.parent.name, path.name) for path in (home / "models").glob("[!.]*/[!.]*")
                  if path.is_dir())


def save(home: Path, model: Model) -> str:
    """Write a model into the registry and return its version; no-op where it stands already."""
    folder = _folder(home, model.name, model.version)
    if folder.is_dir():
        return model.version
    content = {**model.metadata, "version": model.version}
    with lake.staging(folder, name=f".tmp-{folder.name}-{uuid.uuid4().hex[:8]}") as (staged,):
        staged.mkdir()
        for name, text in (("model.txt", model.text),
                           ("metadata.json", canonical(content, indent=2) + "\n"),
                           ("card.md", card(model.version, model.metadata))):
            # Bytes: no platform may change the line ends that the hash was taken over.
            (staged / name).write_bytes(text.encode())
        try:
            lake.arrive(staged, folder)
        except OSError:
            # Another process wrote the same version in between; by its name it is the same model.
            if not folder.is_dir():
                raise
    return model.version


def load(home: Path, name: str, version: str) -> Model:
    """Read a model and prove that it is what its version says.

    Raises:
        ModelMismatch: When the folder is missing, incomplete or was changed.
    """
    where = f"models/{name}/{version}"
    folder = _folder(home, name, version)
    try:
        text = (folder / "model.txt").read_bytes().decode()
        metadata = json.loads((folder / "metadata.json").read_bytes())
        metadata.pop("version")
        model = Model(text, metadata)
    except FileNotFoundError as lost:
        raise ModelMismatch(where, "model.txt and metadata.json", f"no {_name_of(lost)}",
                            "train the model again or copy its folder back") from None
    except (ValueError, KeyError, AttributeError):
        raise ModelMismatch(where, "metadata of a model with its version", "something else",
                            "train the model again or copy its folder back") from None
    if model.version != version:
        raise ModelMismatch(where, f"files whose hash is {version}", model.version,
                            "the files were changed; train again or copy the folder back")
    return model


def _name_of(lost: FileNotFoundError) -> str:
    return Path(str(lost.filename or lost.args[0])).name


def _folder(home: Path, name: str, version: str) -> Path:
    return home / "models" / name / version
