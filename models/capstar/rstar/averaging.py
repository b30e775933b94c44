"""Averages of estimates: with equal weights, or with weights by how well each has forecast the real rate so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import gammaln

from capstar.errors import DataError, SpecificationError
from capstar.kernels.arrays import Floats
from capstar.rstar.comparison import named
from capstar.rstar.natural_rate import NaturalRate
from capstar.rstar.state_path import WHICH, StatePath, Which

Weights = Literal["equal", "predictive likelihood"]
_MIXTURE = "each estimate's own standard errors, and that the estimates disagree"
TRAINING = 40  # quarters


@dataclass(frozen=True)
class AveragedRate(NaturalRate):
    """An average of estimates of the natural rate.

    Attributes
    ----------
    members
        The estimates by name.
    weights : pandas.DataFrame
        By quarter, a column an estimate; rows sum to one.
    scores : pandas.DataFrame
        Log predictive density of the quarter's real rate by estimate, known a quarter before; empty with equal weights.
    rate
        Ex-ante real rate by quarter, percent a year.
    how
        Of the weights.
    training, forgetting
        As of `average`.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> fits = {"HLW": cs.rstar.HLW2017.fit(us), "mean": cs.rstar.MovingAverage().fit(us)}
    >>> mean = cs.rstar.average(fits, weights="predictive likelihood")
    >>> mean.model_name
    'average of 2 estimates, weights by predictive likelihood'
    >>> mean.definition == cs.rstar.MEDIUM_RUN, mean.citation, len(mean.notes())
    (False, 'Geweke, J. and Amisano, G. (2011). Journal of Econometrics 164(1), 130-141.', 3)
    >>> mean.weights.iloc[-1].round(2).to_dict()
    {'HLW': 0.79, 'mean': 0.21}
    >>> mean.path("rstar").filtered.iloc[-1].round(2).item(), mean.bands("filtered", 0.9).shape
    (0.21, (160, 3))
    >>> mean.real_rate.iloc[-1].round(2).item(), mean.run_on(us).end
    (0.35, Period('2009Q3', 'Q-DEC'))
    """

    members: Mapping[str, NaturalRate]
    weights: pd.DataFrame
    scores: pd.DataFrame
    rate: pd.Series
    how: Weights
    training: int = field(default=TRAINING, kw_only=True)
    forgetting: float = field(default=1.0, kw_only=True)

    @property
    def model_name(self) -> str:
        """How many estimates, and the weights."""
        words = "equal weights" if self.how == "equal" else "weights by predictive likelihood"
        return f"average of {len(self.members)} estimates, {words}"

    @property
    def citation(self) -> str:
        """Those of the weights."""
        return (
            ""
            if self.how == "equal"
            else "Geweke, J. and Amisano, G. (2011). Journal of Econometrics 164(1), 130-141."
        )

    @property
    def definition(self) -> str:
        """That of the estimates, where they have one in common."""
        found = {one.definition for one in self.members.values()}
        return found.pop() if len(found) == 1 else "average of estimates that are not of one thing"

    @property
    def real_rate(self) -> pd.Series:
        """Ex-ante real rate by quarter, percent a year."""
        return self.rate

    def path(self, name: str) -> StatePath:
        """Weighted means, and standard deviations of the mixture where every estimate has them.

        Filtered r* of a quarter has that quarter's weights; smoothed r* those of the last.
        """
        self.require_quantity(name)
        last = pd.DataFrame(
            np.tile(self.weights.iloc[-1], (len(self.weights), 1)), self.weights.index, self.weights.columns
        )
        (filtered, filtered_se), (smoothed, smoothed_se) = (
            self._mixed(which, weights) for which, weights in zip(WHICH, (self.weights, last), strict=True)
        )
        return StatePath(filtered, smoothed, filtered_se, smoothed_se)

    def _mixed(self, which: Which, weights: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
        index = self.weights.index
        means, spread = (
            pd.DataFrame({k: getattr(one.rstar, kind).reindex(index) for k, one in self.members.items()})
            for kind in (which, f"{which}_se")
        )
        mean = (weights * means).sum(axis=1, skipna=False).rename("rstar")
        variance = weights * (spread**2 + means.sub(mean, axis=0) ** 2)
        return mean, np.sqrt(variance.sum(axis=1, skipna=False))

    def bands(self, which: Which = "smoothed", level: float = 0.9) -> pd.DataFrame:
        """Normal bands with the standard deviation of the mixture, NaN where an estimate has none."""
        out = super().bands(which, level)
        if out["lower"].notna().any():
            out.attrs["includes"] = _MIXTURE
        return out

    def notes(self) -> tuple[str, ...]:
        """What it is an average of, the last weights, and what they are by."""
        last = ", ".join(f"{name} {weight:.2f}" for name, weight in self.weights.iloc[-1].items())
        said = [self.definition_note, f"Weights in {self.end}: {last}."]
        if self.how != "equal":
            said.append(
                "Weights of a quarter are by the predictive densities of the real rate of the quarters up to it; they "
                "are as known then as far as each filtered r* is, whose parameters may be of the whole sample."
            )
        return tuple(sentence for sentence in said if sentence)

    def run_on(self, data: pd.DataFrame) -> AveragedRate:
        """The estimates run on over longer data, and averaged again; the real rate is that of the first."""
        members = {name: one.run_on(data) for name, one in self.members.items()}
        return average(members, weights=self.how, training=self.training, forgetting=self.forgetting)


def average(
    fits: Mapping[str, NaturalRate] | Sequence[NaturalRate],
    *,
    weights: Weights = "equal",
    rate: pd.Series | None = None,
    training: int = TRAINING,
    forgetting: float = 1.0,
) -> AveragedRate:
    r"""Average estimates of the natural rate.

    Weights by predictive likelihood have the real rate as common target, which every estimate has something to say
    about: it is drawn to r*. Given data to quarter t, estimate i expects

    .. math::  r_{t+1} = r^*_{i,t} + \rho_i (r_t - r^*_{i,t}) + e_{t+1}

    with its filtered r*, and :math:`\rho_i` and the variance of :math:`e` by least squares on the quarters up to t; the
    density is Student's, as under a flat prior. The weight of estimate i in quarter t is proportional to the product of
    its densities of :math:`r_s`, s up to t, each made a quarter before: no later quarter enters.

    Parameters
    ----------
    fits
        Estimates by name, or a list, named after their models. To keep parameters from the future out too, give
        estimates in quasi-real time: ``read_published(recursive.table, which="filtered", name="HLW")``.
    weights
        ``"equal"`` or ``"predictive likelihood"``.
    rate
        Real rate by quarter, percent a year, of the gap and of the predictive densities; by default that of the first
        estimate.
    training
        Quarters of the regression before the first density; weights are equal until then.
    forgetting
        Densities k quarters old enter with power ``forgetting ** k``; 1 is Bayes' rule.

    Returns
    -------
    AveragedRate
        On the quarters that every estimate and the real rate have.

    Raises
    ------
    SpecificationError
        An option is not valid, or an estimate has no r* of the kind needed.
    DataError
        The estimates do not overlap, or for too few quarters, or are of quarters and of years.

    References
    ----------
    Geweke, J. and Amisano, G. (2011). Optimal prediction pools. *Journal of Econometrics* 164(1), 130-141.
    Raftery, A. E., Kárný, M. and Ettler, P. (2010). Online prediction under model uncertainty via dynamic model
    averaging. *Technometrics* 52(1), 52-66, on forgetting.

    Examples
    --------
    >>> import capstar as cs
    >>> us = cs.data.us_macro()
    >>> fits = {"HLW": cs.rstar.HLW2017.fit(us), "mean": cs.rstar.MovingAverage().fit(us)}
    >>> mean = cs.rstar.average(fits, weights="predictive likelihood")
    >>> mean.gap("filtered").iloc[-1].round(2).item()
    0.14
    """
    members = named(fits)
    if weights not in ("equal", "predictive likelihood"):
        raise SpecificationError(f"weights={weights!r}; choose 'equal' or 'predictive likelihood'.")
    if training < 8 or not 0 < forgetting <= 1:
        raise SpecificationError(
            f"training={training}, forgetting={forgetting}; give at least 8 quarters, and a share above 0 and up to 1."
        )
    periods = {name: one.period for name, one in members.items()}
    if len(set(periods.values())) > 1:
        odd = [name for name, one in periods.items() if one != "quarter"]
        raise DataError(
            f"{', '.join(odd)}: r* of {periods[odd[0]]}s has no average with r* of quarters. Average estimates of one "
            "frequency; compare() shows both on common dates."
        )
    real = next(iter(members.values())).real_rate if rate is None else rate
    paths = _common(members, needs_filtered=weights != "equal").join(real.rename("r").dropna(), how="inner")
    if paths.empty:
        raise DataError("The estimates and the real rate have no quarter in common. Give ones that overlap.")
    names = list(members)
    equal = pd.DataFrame(1 / len(names), paths.index, names)
    if weights == "equal":
        return AveragedRate(members, equal, pd.DataFrame(index=paths.index), real, weights)
    if len(paths) <= training:
        raise DataError(
            f"The estimates share {len(paths)} quarters, expected more than the {training} of training. Lower it, "
            "or give longer estimates."
        )
    rates = paths["r"].to_numpy(dtype=float)
    densities = {name: _log_densities(rates, paths[name].to_numpy(dtype=float), training) for name in names}
    scores = pd.DataFrame(densities, paths.index)
    sums = _discounted(scores.fillna(0.0).to_numpy(), forgetting)
    shares = np.exp(sums - sums.max(axis=1, keepdims=True))
    found = pd.DataFrame(shares / shares.sum(axis=1, keepdims=True), paths.index, names)
    return AveragedRate(members, found, scores, real, weights, training=training, forgetting=forgetting)


def _common(members: Mapping[str, NaturalRate], *, needs_filtered: bool) -> pd.DataFrame:
    """r* of every estimate on the quarters all have: filtered, or smoothed where not all have filtered."""
    for which in WHICH[:1] if needs_filtered else WHICH:
        paths = pd.DataFrame({name: getattr(one.rstar, which) for name, one in members.items()})
        if not (without := [name for name in paths if paths[name].isna().all()]):
            return paths.dropna()
    raise SpecificationError(
        f"{without[0]} has no {which} r*, which the average needs. Leave it out, or read it with which={which!r}."
    )


def _log_densities(rate: Floats, rstar: Floats, training: int) -> Floats:
    """Log density of ``rate[t]`` given t - 1 for t past the training, else NaN; shape (n,).

    Regression of ``rate[t] - rstar[t - 1]`` on ``rate[t - 1] - rstar[t - 1]`` without a constant, on ever more data.
    """
    x, y = rate[:-1] - rstar[:-1], rate[1:] - rstar[:-1]
    xx, xy, yy = (np.cumsum(one) for one in (x * x, x * y, y * y))
    out = np.full(len(rate), np.nan)
    k = np.arange(training, len(y))  # quarters of the regression, the first k of x and y
    known = xx[k - 1] > 1e-12  # r* may be the real rate itself
    square = np.where(known, xx[k - 1], 1.0)
    rho = np.where(known, xy[k - 1] / square, 0.0)
    freedom = k - 1.0
    variance = np.maximum(yy[k - 1] - rho * xy[k - 1], 1e-12) / freedom
    variance = variance * (1 + np.where(known, x[k] ** 2 / square, 0.0))
    error = y[k] - rho * x[k]
    constant = gammaln((freedom + 1) / 2) - gammaln(freedom / 2) - 0.5 * np.log(np.pi * freedom * variance)
    out[k + 1] = constant - (freedom + 1) / 2 * np.log1p(error**2 / (freedom * variance))
    return out


def _discounted(scores: Floats, forgetting: float) -> Floats:
    """Sums of the scores up to each row, older ones discounted."""
    out = np.empty_like(scores)
    total = np.zeros(scores.shape[1])
    for t, row in enumerate(scores):
        total = forgetting * total + row
        out[t] = total
    return out
