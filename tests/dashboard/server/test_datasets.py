"""Datasets are told apart by their titles."""

from core.data import datasets
from core.data.datasets import Summary
from dashboard import server


def test_datasets_of_the_same_title_are_told_apart_by_their_names(monkeypatch):
    titles = {"cifar10": "CIFAR-10", "cifar-10": "CIFAR-10", "photos": "Photos"}
    summaries = [Summary(name, title, "ready", 10, 2) for name, title in titles.items()]
    monkeypatch.setattr(datasets, "available", lambda: summaries)
    server.datasets.refresh()
    shown = [server.datasets.title(name) for name in (*titles, "gone")]
    server.datasets.refresh()
    assert shown == ["CIFAR-10 (cifar10)", "CIFAR-10 (cifar-10)", "Photos", "gone"]
