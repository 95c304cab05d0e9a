"""Figures from papers and documentation, to stand beside ours.

Those of ml-20m-liang stand together in table III of Vančura and Kordík, those of ml-10m-90-10 by
Rendle, Zhang and Koren on the paper's page at Papers with Code, GLocal-K's in its authors'
repository.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedFigures:
    """What one model reaches by a protocol, as its source states it.

    Attributes:
        model: Name in the source.
        metrics: Figures by the keys of our metrics.
        source: Paper or page.
    """

    model: str
    metrics: dict[str, float]
    source: str


_SURPRISE = "Surprise 1.1.5, package description, benchmarks, 5 folds by chance"
_GCMC = "van den Berg, Kipf and Welling 2018, Graph convolutional matrix completion"
_AUTOREC = "Sedhain et al. 2015, AutoRec: Autoencoders meet collaborative filtering"
_GLOCAL = "Han et al. 2021, GLocal-K: Global and local kernels for recommender systems"
_NADE = "Zheng et al. 2016, A neural autoregressive approach to collaborative filtering"
_BASELINES = "Rendle, Zhang and Koren 2019, On the difficulty of evaluating baselines"
_VAMP = "Kim and Suh 2019, Enhancing VAEs for collaborative filtering"
_LIANG = "Liang et al. 2018, Variational autoencoders for collaborative filtering"


def _rmse(model: str, value: float, source: str) -> PublishedFigures:
    return PublishedFigures(model, {"rmse": value}, source)


def _lists(
    model: str, recall_at_20: float, recall_at_50: float, ndcg_at_100: float, source: str
) -> PublishedFigures:
    figures = {
        "recall_at_20": recall_at_20,
        "recall_at_50": recall_at_50,
        "ndcg_at_100": ndcg_at_100,
    }
    return PublishedFigures(model, figures, source)


#: By name of protocol.
PUBLISHED: dict[str, tuple[PublishedFigures, ...]] = {
    "ml-100k-u1": (
        _rmse("GC-MC", 0.910, _GCMC),
        _rmse("GC-MC with features", 0.905, _GCMC),
        _rmse("GLocal-K", 0.8889, _GLOCAL),
    ),
    "ml-100k-5fold": (
        _rmse("SVD", 0.934, _SURPRISE),
        _rmse("SVD++", 0.919, _SURPRISE),
        _rmse("NMF", 0.963, _SURPRISE),
        _rmse("k-NN baseline", 0.931, _SURPRISE),
        _rmse("baseline", 0.944, _SURPRISE),
    ),
    "ml-1m-90-10": (
        _rmse("I-AutoRec", 0.831, _AUTOREC),
        _rmse("biased MF", 0.845, _AUTOREC),
        _rmse("LLORMA", 0.833, _AUTOREC),
        _rmse("GC-MC", 0.832, _GCMC),
        _rmse("CF-NADE", 0.829, _NADE),
        _rmse("GLocal-K", 0.8227, _GLOCAL),
    ),
    "ml-10m-90-10": (
        _rmse("I-AutoRec", 0.782, _AUTOREC),
        _rmse("biased MF", 0.803, _AUTOREC),
        _rmse("LLORMA", 0.782, _AUTOREC),
        _rmse("GC-MC", 0.777, _GCMC),
        _rmse("CF-NADE", 0.771, _NADE),
        _rmse("U-RBM", 0.823, _BASELINES),
        _rmse("SGD MF", 0.772, _BASELINES),
        _rmse("Bayesian MF", 0.7633, _BASELINES),
        _rmse("Bayesian SVD++", 0.7563, _BASELINES),
        _rmse("Bayesian timeSVD++", 0.7523, _BASELINES),
        _rmse("Bayesian timeSVD++ flipped", 0.7485, _BASELINES),
    ),
    "ml-20m-liang": (
        _lists("Mult-VAE", 0.395, 0.537, 0.426, _LIANG),
        _lists("Mult-DAE", 0.387, 0.524, 0.419, _LIANG),
        _lists("EASE", 0.391, 0.521, 0.420, "Steck 2019, Embarrassingly shallow autoencoders"),
        _lists("RecVAE", 0.414, 0.553, 0.442, "Shenbin et al. 2020, RecVAE"),
        _lists("H+Vamp gated", 0.413, 0.551, 0.445, _VAMP),
        _lists("VASP", 0.414, 0.552, 0.448, "Vančura and Kordík 2021, VASP, table III"),
    ),
}
