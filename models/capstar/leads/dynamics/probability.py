"""Probability of a market state in the periods ahead, given what is known now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from capstar.arguments import checked
from capstar.errors import ConvergenceError, DataError, SpecificationError
from capstar.leads.alignment import aligned, overlap_lags, window_after
from capstar.leads.checks import as_state
from capstar.leads.numerics import normal_p, with_constant
from capstar.leads.records import SlopeTable
from capstar.provenance import Source, sample_of, source_of, titled
from capstar.reporting.estimates import Likelihood

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StateProbability(Likelihood, SlopeTable):
    """Logit of a state within the coming periods.

    Attributes
    ----------
    table : pandas.DataFrame
        By predictor, and ``const``: ``coefficient``, ``se``, ``z``, ``p`` (two-sided normal) and, except for the
        constant, average marginal effect on the probability per unit, ``effect``, with ``effect_se`` and ``effect_p``.
    roc : pandas.DataFrame
        ``false_positive`` and ``true_positive`` rates by falling ``threshold``; the base rate alone is the diagonal.
    probability, outcome : pandas.Series
        Fitted probability, and whether the state came, by date of the predictor.
    base_rate
        Share of dates followed by the state.
    area, area_se
        Under the ROC curve (0.5: no better than the base rate), its standard error under the same correlation as
        the coefficients' (without it DeLong's). In sample: the fit has seen the outcomes.
    brier, brier_base
        Mean squared error of the fitted probability and of the base rate.
    pseudo_r2, llf
        McFadden's R squared, log-likelihood.
    covariance
        How standard errors allow for overlap.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> fall = cs.leads.state_within(returns["excess"] < -10, gap.index, horizon=4)
    >>> found = cs.leads.state_probability(fall, gap, horizon=4)
    >>> print(round(found.base_rate, 2), round(found.area, 2), round(found.area_se, 2))
    0.33 0.58 0.08
    >>> found.probability.round(2).tail(2)
    date
    2009Q2    0.36
    2009Q3    0.33
    Freq: Q-DEC, Name: probability, dtype: float64
    >>> print(found.nobs, found.df_model)
    160 2
    """

    _columns = ("coefficient", "se")
    table: pd.DataFrame
    roc: pd.DataFrame
    probability: pd.Series
    outcome: pd.Series
    base_rate: float
    area: float
    area_se: float
    brier: float
    brier_base: float
    pseudo_r2: float
    llf: float
    covariance: str

    @property
    def nobs(self) -> int:
        """Number of dates."""
        return len(self.outcome)

    @property
    def df_model(self) -> int:
        """Number of coefficients, the constant included."""
        return len(self.table)

    @property
    def title(self) -> str:
        """Outcome, dates and standard errors."""
        dates = self.outcome.index
        return (
            f"Logit of {self.outcome.name}, {len(dates)} dates {dates[0]}-{dates[-1]}, base rate "
            f"{self.base_rate:.3f}; {self.covariance}"
        )

    def notes(self) -> tuple[str, ...]:
        """Fit."""
        p = normal_p((self.area - 0.5) / self.area_se)
        words = (
            f"Area under the ROC curve {self.area:.3f} (se {self.area_se:.3f}; p {p:.3f} against the base rate's 0.5); "
            f"Brier score {self.brier:.4f}, base rate {self.brier_base:.4f}; pseudo R2 {self.pseudo_r2:.3f}."
        )
        return (words,)

    def plot(self, ax: Any = None) -> Figure:
        """ROC curve against the base rate."""
        from capstar.plotting.leads import plot_roc

        title = f"{self.outcome.name} periods: area under the curve {self.area:.2f} (s.e. {self.area_se:.2f})"
        diagonal = f"no skill (base rate {self.base_rate:.2f})"
        return plot_roc(self.roc, title=title, diagonal=diagonal, source=self.provenance, ax=ax)

    @property
    def provenance(self) -> Source:
        """The dates of the outcome."""
        return source_of(self.table, sample=sample_of(self.outcome))


@checked
def state_within(
    state: pd.Series, dates: pd.PeriodIndex, *, horizon: int, publication_lag: int = 1
) -> pd.Series:
    """Whether a state holds in any of the periods after each date's data are published.

    Parameters
    ----------
    state
        True or false, monthly or quarterly: a rally, a range-bound market.
    dates
        Of the predictors, quarters or months.
    horizon
        Periods of ``dates``.
    publication_lag
        Months; see `window_after`.

    Returns
    -------
    pandas.Series
        1 or 0 by date; NaN where a period is unknown.

    Raises
    ------
    DataError
        From `window_after`, or values other than true and false.
    SpecificationError
        A horizon below 1.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> fall = cs.leads.state_within(returns["excess"] < -10, gap.index, horizon=4)
    >>> print(round(fall.mean(), 2))
    0.33
    """
    if horizon < 1:
        raise SpecificationError(f"horizon={horizon}; give a number of periods, at least 1.")
    length, last = window_after(state, dates, horizon=horizon, publication_lag=publication_lag)
    found = as_state(state).rolling(length).max().reindex(last)
    return pd.Series(found.to_numpy(), dates, name=f"{state.name} within {horizon}")


@checked(labels=("groups",))
def state_probability(
    outcome: pd.Series,
    predictors: pd.Series | pd.DataFrame,
    *,
    horizon: int = 1,
    lags: int | None = None,
    groups: pd.Series | None = None,
) -> StateProbability:
    """Logit of an outcome, with errors that allow for overlapping outcomes.

    Parameters
    ----------
    outcome
        1 or 0 by date, such as `state_within` gives.
    predictors
        Known at each date, on the same kind of index; a constant is added.
    horizon
        Periods each outcome covers.
    lags
        Autocovariances of the scores, Bartlett weights; by default `overlap_lags`. 0 gives White's errors.
    groups
        Labels by date, such as the year: then errors are clustered instead.

    Raises
    ------
    DataError
        Series that cannot be aligned, an outcome that is not 0 or 1 or never changes, or predictors that separate
        the outcomes perfectly, so that no estimate exists.
    ConvergenceError
        Newton's method did not converge.

    References
    ----------
    Estrella and Mishkin (1998), *Review of Economics and Statistics* 80(1); DeLong, DeLong and Clarke-Pearson
    (1988), *Biometrics* 44(3), for the area; Albert and Anderson (1984), *Biometrika* 71(1), for separation.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> fall = cs.leads.state_within(returns["excess"] < -10, gap.index, horizon=4)
    >>> found = cs.leads.state_probability(fall, gap, horizon=4)
    >>> found.table[["coefficient", "se", "p", "effect"]].round(2)
               coefficient    se     p  effect
    predictor
    const            -0.69  0.30  0.02     NaN
    rstar_gap         0.06  0.11  0.58    0.01
    """
    from statsmodels.discrete.discrete_model import Logit

    y, x = aligned(as_state(outcome), predictors)
    if y.nunique() < 2:
        raise DataError(
            f"{y.name} is always {y.iloc[0]:.0f} in {y.index[0]}-{y.index[-1]}. Give another state."
        )
    _check_separation(y, x)
    options, words = _covariance(y, horizon, lags, groups)
    fit = Logit(y.to_numpy(), with_constant(x)).fit(disp=0, maxiter=100, **options)
    if not fit.mle_retvals["converged"]:
        raise ConvergenceError(
            f"The logit of {y.name} on {list(x)} did not converge. Rescale the predictors."
        )
    probability = pd.Series(np.asarray(fit.predict()), y.index, name="probability")
    base = float(y.mean())
    area, influence = _area(y.to_numpy(), probability.to_numpy())
    return StateProbability(
        titled(_table(fit, ["const", *map(str, x)]), outcome, predictors),
        roc_curve(y, probability),
        probability,
        y,
        base,
        area,
        _mean_se(influence, options),
        float(((y - probability) ** 2).mean()),
        base * (1 - base),
        float(fit.prsquared),
        float(fit.llf),
        words,
    )


@checked
def roc_curve(outcome: pd.Series, score: pd.Series) -> pd.DataFrame:
    """Rates of true and false positives as the threshold falls.

    Parameters
    ----------
    outcome
        1 or 0, both present.
    score
        On the same index; higher means the outcome is held likelier.

    Returns
    -------
    pandas.DataFrame
        ``threshold``, ``false_positive``, ``true_positive``, from (0, 0) to (1, 1), ties as one step.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> fall = cs.leads.state_within(returns["excess"] < -10, gap.index, horizon=4)
    >>> curve = cs.leads.roc_curve(fall, gap)
    >>> curve.query("true_positive >= 0.5").iloc[0].round(2)
    threshold        -0.13
    false_positive    0.41
    true_positive     0.51
    Name: 71, dtype: float64
    """
    counts = pd.DataFrame({"positive": outcome, "negative": 1 - outcome}).groupby(score).sum().iloc[::-1]
    rates = (counts.cumsum() / counts.sum()).reset_index(names="threshold")
    start = pd.DataFrame({"threshold": [np.inf], "positive": [0.0], "negative": [0.0]})
    curve = pd.concat([start, rates], ignore_index=True)
    return curve.rename(columns={"negative": "false_positive", "positive": "true_positive"})[
        ["threshold", "false_positive", "true_positive"]
    ]


def _covariance(
    y: pd.Series, horizon: int, lags: int | None, groups: pd.Series | None
) -> tuple[dict[str, Any], str]:
    if groups is None:
        chosen = overlap_lags(len(y), horizon) if lags is None else lags
        return {"cov_type": "HAC", "cov_kwds": {"maxlags": chosen}}, f"Newey-West errors, {chosen} lags"
    labels = groups.reindex(y.index)
    if labels.isna().any():
        raise DataError(f"{groups.name} gives no group for {labels.isna().idxmax()}. Label every date.")
    codes = labels.factorize()[0]
    words = f"errors clustered by {groups.name} ({codes.max() + 1} groups)"
    return {"cov_type": "cluster", "cov_kwds": {"groups": codes}}, words


def _table(fit: Any, names: list[str]) -> pd.DataFrame:
    effects = fit.get_margeff(at="overall")
    columns = {"coefficient": fit.params, "se": fit.bse, "z": fit.tvalues, "p": fit.pvalues}
    table = pd.DataFrame(columns, pd.Index(names, name="predictor"))
    for name, values in (
        ("effect", effects.margeff),
        ("effect_se", effects.margeff_se),
        ("effect_p", effects.pvalues),
    ):
        table[name] = np.concatenate([[np.nan], values])
    return table


def _check_separation(y: pd.Series, x: pd.DataFrame) -> None:
    """Raise `DataError` if a line through the predictors separates the outcomes, ties allowed."""
    from scipy.optimize import linprog

    scaled = (x - x.mean()) / x.std(ddof=0)
    signed = np.where(y == 1, 1.0, -1.0)[:, None] * with_constant(scaled)
    best = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1))
    if -best.fun > 1e-6 * len(y):
        raise DataError(
            f"{list(x)} separate the dates with {y.name} ({int(y.sum())} of {len(y)}) from those without perfectly: "
            "the logit's coefficients are infinite. Use fewer predictors or a longer sample."
        )


def _area(y: Floats, score: Floats) -> tuple[float, Floats]:
    """Area under the ROC curve, ties as half, and each date's influence on it."""
    up = y == 1
    m, n = int(up.sum()), int((~up).sum())
    ranks = scipy.stats.rankdata(score)
    placed = np.empty(len(y))
    placed[up] = (ranks[up] - scipy.stats.rankdata(score[up])) / n
    placed[~up] = 1 - (ranks[~up] - scipy.stats.rankdata(score[~up])) / m
    area = float(placed[up].mean())
    return area, (placed - area) * np.where(up, len(y) / m, len(y) / n)


def _mean_se(values: Floats, options: dict[str, Any]) -> float:
    """Standard error of a mean under the covariance the coefficients have."""
    from statsmodels.regression.linear_model import OLS

    return float(OLS(values, np.ones(len(values))).fit(**options).bse[0])
