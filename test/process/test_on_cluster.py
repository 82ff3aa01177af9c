"""A machine of a cluster that has not what a task needs: what it does about it, or says. Without Ray."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendr_perception import zoo
from opendr_perception.process import Request
from opendr_perception.process.cluster import on_cluster
from opendr_perception.process.inventory import inventory, sha256_of
from opendr_perception.process.run import Job

REQUEST = Request(("face_recognition",), {"face_recognition": {"identify": False}}, formats=("jsonl",))
NEEDED = ("blazeface", "face-embedding")


def job(film: Path, output: Path, **models: str) -> Job:
    [unit] = inventory([str(film)])
    return Job(unit, REQUEST, str(output), 1, {"models": models})


@pytest.fixture
def hashes_here(models: dict[str, zoo.ModelFile]) -> dict[str, str]:
    return {name: sha256_of(models[name].path) for name in NEEDED}


def test_another_model_of_the_same_name_is_refused(
    head_film: Path, hashes_here: dict[str, str], tmp_path: Path
) -> None:
    outcome = on_cluster(job(head_film, tmp_path, **(hashes_here | {"blazeface": "0" * 64})))
    assert "the model blazeface is another one here: opendr-perception models verify" in outcome.error


def test_a_machine_that_does_not_see_the_output_says_so(
    head_film: Path, hashes_here: dict[str, str], tmp_path: Path
) -> None:
    outcome = on_cluster(job(head_film, tmp_path / "elsewhere", **hashes_here))
    assert "all machines of the cluster must see it at the same place" in outcome.error


def test_without_models_and_network_it_says_what_helps(
    head_film: Path,
    hashes_here: dict[str, str],
    models_elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    nowhere = "http://127.0.0.1:1/"
    for name in ("npm_config_registry", "PIP_INDEX_URL", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, nowhere)
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("PIP_RETRIES", "0")
    outcome = on_cluster(job(head_film, tmp_path, **hashes_here))
    assert outcome.report is None
    assert "without a network, opendr-perception models pack elsewhere and unpack here" in outcome.error
    assert not (tmp_path / "head").exists()


def test_a_machine_gets_the_models_that_it_lacks(
    head_film: Path,
    hashes_here: dict[str, str],
    models: dict[str, zoo.ModelFile],
    models_elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (models_elsewhere / "models").mkdir(parents=True)

    fetched: list[str] = []

    def fetch(names: list[str]) -> None:  # as from the registry, which a test does not ask
        fetched.extend(names)
        for name in names:
            (models_elsewhere / "models" / models[name].path.name).symlink_to(models[name].path)

    monkeypatch.setattr(zoo, "fetch", fetch)
    outcome = on_cluster(job(head_film, tmp_path, **hashes_here))
    assert outcome.error == "" and outcome.report is not None
    assert sorted(fetched) == sorted(NEEDED)
    assert outcome.report.answered == {"face_recognition": 30}
