"""Runs that earlier versions and other programs wrote."""

import sqlite3

import numpy as np
import pytest

from core import runs, settings
from core.config import RunConfig
from core.runs import connection
from tests.core.runs.results import TINY, finish

pytestmark = pytest.mark.usefixtures("store")


def test_a_run_written_by_another_program_is_passed_over(caplog):
    run_id = runs.create(TINY)
    client, experiment = connection.client(), connection.experiment()
    foreign = client.create_run(experiment, run_name="foreign").info.run_id
    damaged = client.create_run(experiment, tags={"backbone_lab.status": "finished"}).info.run_id
    assert runs.table(runs.rows())["run_id"].tolist() == [run_id]
    assert damaged in caplog.text and foreign not in caplog.text


@pytest.mark.parametrize(
    ("backbone", "pooling", "version", "opened"),
    [
        ("ConvNeXtTiny", "avg", 2, "norm-avg"),
        ("ConvNeXtBase", "max", 2, "norm-max"),
        ("ConvNeXtTiny", "flatten", 2, "flatten"),
        ("TextbookConvNeXtTiny", "avg", 2, "norm-avg"),
        ("ConvNeXtTiny", "avg", 3, "avg"),
        ("ConvNeXtTiny", "norm-avg", 3, "norm-avg"),
        ("ResNet50", "avg", 2, "avg"),
        ("ToyCLIP", "avg", 2, "class"),
    ],
)
def test_a_run_of_an_earlier_version_opens_with_the_features_it_was_trained_on(backbone, pooling, version, opened):
    run_id = runs.create(RunConfig(backbone=backbone, pooling=pooling, version=version))
    config = runs.get(run_id).config
    assert (config.pooling, config.encoder.pooling, config.version) == (opened, opened, version)
    assert [row.config for row in runs.rows()] == [config]


def test_a_run_of_the_toy_clip_under_its_earlier_name_opens_under_its_own():
    run_id = runs.create(RunConfig(backbone="ToyCLIP", method="zero-shot"))
    with sqlite3.connect(settings.home() / "runs" / "mlflow.db") as file:  # as that version wrote it
        file.execute("UPDATE params SET value = 'TinyCLIP' WHERE key = 'backbone'")
        file.execute("UPDATE runs SET name = 'TinyCLIP zero-shot 32 px'")
    run = runs.get(run_id)
    assert (run.config.backbone, run.name) == ("ToyCLIP", "ToyCLIP zero-shot 32 px")
    assert run.config == RunConfig(backbone="TinyCLIP", method="zero-shot")
    assert [(row.name, row.config) for row in runs.rows()] == [(run.name, run.config)]


def test_a_run_says_of_which_version_it_is():
    assert runs.get(runs.create(TINY)).config.version == RunConfig.version == 3


def test_tags_outside_ascii_are_kept_whole_and_cut_ones_hide_no_run():
    run_id, tags = runs.create(TINY), tuple(f"{number:02}" + 58 * "金" for number in range(60))
    runs.describe(run_id, name="a", tags=tags)
    assert runs.rows()[0].tags == tags
    connection.client().set_tag(run_id, "backbone_lab.tags", '["cut \\u91')
    assert [(row.id, row.tags) for row in runs.rows()] == [(run_id, ())]


def test_scores_of_a_result_are_in_the_rows_and_not_those_that_are_undefined(head):
    run_id = runs.create(TINY)
    runs.start(run_id)
    finish(run_id, head)
    row = next(row for row in runs.rows() if row.id == run_id)
    assert (row.macro_f1, row.log_loss) == (0.45, 1.2)
    assert np.isnan(row.roc_auc)
