"""Production and candidate before the gate, on real bundles."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from recommender.bundle import Bundle, write_bundle
from recommender.evaluation.behaviour.report import BehaviourReport, judged
from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.gate import CandidateEvidence, Origin, start_of_test
from recommender.evaluation.judge import Judge
from recommender.inference import Recommender
from recommender.schema import Split
from recommender.settings import EvaluationSettings, GateSettings


@dataclass(frozen=True)
class Production:
    number: str
    bundle: Bundle


@pytest.fixture
def judge(tiny_bundle: Bundle, tiny_split: Split) -> Judge:
    settings = EvaluationSettings(bootstrap_samples=20)
    report = evaluate(Recommender.from_bundle(tiny_bundle), tiny_split, settings, seed=1)
    passed = judged("seen_movies_never_return", True, "fine", cases=1, wrong=[])
    behaviour = BehaviourReport("hybrid", "tiny", "0" * 64, 1, (passed,))
    candidate = CandidateEvidence(
        Origin.of_bundle(tiny_bundle), report, behaviour, True, start_of_test(tiny_split)
    )
    return Judge(candidate, tiny_split, GateSettings(max_rmse=5.0, min_ndcg=0.0))


def rewritten(bundle: Bundle, path: Path, *, without: tuple[str, ...] = ()) -> Bundle:
    """Return a bundle of other bytes, and without some arrays."""
    fields = asdict(bundle.manifest)
    fields = {key: fields[key] for key in fields if key not in ("format_version", "files")}
    arrays = {name: bundle[name] for name in bundle if name not in without}
    return write_bundle(path, arrays, {**fields, "code_revision": "earlier"})


def test_production_is_measured_on_the_same_test(
    judge: Judge, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    decision = judge.decide(Production("1", rewritten(tiny_bundle, tmp_path / "bundle")))
    assert decision.promote
    assert judge.production_metrics is not None
    rules = {reason.rule: reason.detail for reason in decision.reasons}
    assert "floor" not in rules["ndcg_at_10"]


def test_a_production_of_an_earlier_layout_can_be_replaced(
    judge: Judge, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    earlier = rewritten(tiny_bundle, tmp_path / "bundle", without=("ials.gram",))
    decision = judge.decide(Production("1", earlier))
    assert decision.promote
    assert judge.production_metrics is None
    rules = {reason.rule: reason.detail for reason in decision.reasons}
    assert "cannot be read by this version" in rules["comparison"]
    assert "ials.gram" in rules["comparison"]
    assert "floor" in rules["ndcg_at_10"]
