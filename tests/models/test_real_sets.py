"""The trainer on a real credit set: no worse than LightGBM as it comes, and true to its signs."""

import dataclasses

import lightgbm as lgb
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.folds import person_folds
from models.learning import learn
from models.rows import read
from models.spec import PD
from models.training import train
from tests.bench.credit_sets import DATA, heloc
from tests.bench.trainers import broken_signs

pytestmark = [pytest.mark.real, pytest.mark.skipif(
    not (DATA / "heloc").is_dir(), reason=f"no HELOC data in {DATA}")]


@pytest.fixture(scope="module")
def credit_set():
    return heloc()


def test_out_of_fold_it_ranks_better_than_lightgbm_as_it_comes(credit_set):
    spec = dataclasses.replace(PD, features=credit_set.features)
    rows = read(credit_set.matrix, spec)
    margins = learn(rows, spec, 7).grown.margins
    folds, plain = person_folds(rows.people, rows.cases, 5, 7), np.zeros(len(rows))
    for fold in range(5):
        booster = lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1},
                            lgb.Dataset(rows.values[folds != fold], rows.target[folds != fold]))
        plain[folds == fold] = booster.predict(rows.values[folds == fold])
    assert roc_auc_score(rows.target, margins) > roc_auc_score(rows.target, plain)


def test_no_margin_moves_against_a_sign_of_the_dictionary(credit_set):
    model = train(credit_set.matrix, 7, spec=dataclasses.replace(PD, features=credit_set.features))
    assert broken_signs(model, credit_set.matrix) == 0
