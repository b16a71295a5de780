"""The registry keeps a model as text, under the hash of what is in it."""

import dataclasses
import json

import pytest

from jobs.errors import ModelMismatch
from models.prediction import predict
from models.registry import load, named, save


@pytest.fixture
def kept(tmp_path, model):
    return tmp_path, tmp_path / "models" / "pd" / save(tmp_path, model)


def test_a_saved_model_is_text_and_comes_back_whole(kept, model, matrix):
    home, folder = kept
    files = sorted(path.name for path in folder.iterdir())
    assert files == ["card.md", "metadata.json", "model.txt"]
    back = load(home, "pd", folder.name)
    assert back == model
    assert predict(back, matrix)[0].tolist() == predict(model, matrix)[0].tolist()


def test_version_is_twelve_hex_digits_and_follows_the_metadata(model):
    assert len(model.version) == 12 and int(model.version, 16) >= 0
    other = dataclasses.replace(model, metadata={**model.metadata, "code_version": "code-2"})
    assert other.version != model.version


def test_saving_again_changes_nothing(kept, model):
    home, folder = kept
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert save(home, model) == folder.name
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_metadata_is_readable_json_with_its_version(kept, model):
    content = json.loads((kept[1] / "metadata.json").read_text())
    assert content == {**model.metadata, "version": model.version}


@pytest.mark.parametrize("name", ["model.txt", "metadata.json"])
def test_a_changed_file_is_refused(kept, name):
    home, folder = kept
    path = folder / name
    path.write_text(path.read_text().replace("0.04", "0.05"))
    with pytest.raises(ModelMismatch, match=f"expected files whose hash is {folder.name}"):
        load(home, "pd", folder.name)


@pytest.mark.parametrize("name", ["model.txt", "metadata.json"])
def test_a_lost_file_is_named(kept, name):
    home, folder = kept
    (folder / name).unlink()
    with pytest.raises(ModelMismatch, match=f"found no {name}"):
        load(home, "pd", folder.name)


def test_broken_metadata_is_refused(kept):
    home, folder = kept
    (folder / "metadata.json").write_text("{")
    with pytest.raises(ModelMismatch, match="train the model again"):
        load(home, "pd", folder.name)


def test_a_model_is_named_by_kind_and_version(kept, model):
    home, folder = kept
    assert named(home, f"pd/{folder.name}") == model


def test_a_model_of_another_home_is_copied_in_by_its_folder(kept, model, tmp_path_factory):
    _, folder = kept
    other = tmp_path_factory.mktemp("other")
    assert named(other, str(folder)) == model
    assert load(other, "pd", folder.name) == model


@pytest.mark.parametrize("name", ["pd/000000000000", "pd", "nowhere/models/pd/1", "/"])
def test_a_model_that_is_none_is_refused_with_those_known(kept, name):
    home, folder = kept
    with pytest.raises(ModelMismatch, match=f"known here: pd/{folder.name}"):
        named(home, name)


def test_a_model_of_another_home_that_was_changed_is_refused(kept, tmp_path_factory):
    _, folder = kept
    (folder / "model.txt").write_text("tree")
    other = tmp_path_factory.mktemp("other")
    with pytest.raises(ModelMismatch, match="files whose hash is"):
        named(other, str(folder))
    assert list(other.iterdir()) == []
