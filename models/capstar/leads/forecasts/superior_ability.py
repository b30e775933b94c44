"""Many forecasts at once: superior predictive ability, the set of models not shown to be worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.frames import require_columns
from capstar.leads.checks import require_count, require_level
from capstar.leads.numerics import checked_sample
from capstar.leads.records import Tabled

Floats = npt.NDArray[np.float64]
_FEWEST = 40


@dataclass(frozen=True)
class SuperiorAbility(Tabled):
    """Whether the best of many models beats the benchmark, data snooping accounted for.

    Attributes
    ----------
    table : pandas.DataFrame
        By model: ``loss`` (mean), ``gain`` (the benchmark's mean loss less the model's) and its ``t``.
    p_values : pandas.DataFrame
        Rows ``raw`` (mean gains) and ``studentized`` (their t), columns ``lower``, ``consistent`` and ``upper``: how
        many of the models worse than the benchmark count (Hansen 2005, section 3).
    benchmark, best
        Its name, and the model with the largest t.
    block, n_replications, nobs
        Mean block length, number of bootstrap samples, of dates.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> losses = cs.leads.loss_table(forecasts)
    >>> found = cs.leads.superior_ability(losses, "mean", n_replications=499)
    >>> print(round(found.reality_check, 2), round(found.spa, 2))
    0.24 0.24
    """

    _unit = "t statistic, positive: better than the benchmark"
    table: pd.DataFrame
    p_values: pd.DataFrame
    benchmark: str
    best: str
    block: int
    n_replications: int
    nobs: int

    @property
    def reality_check(self) -> float:
        """P-value of White (2000): raw gains, every model counted."""
        return float(self.p_values.loc["raw", "upper"])

    @property
    def spa(self) -> float:
        """P-value of Hansen (2005): studentized and consistent."""
        return float(self.p_values.loc["studentized", "consistent"])

    @property
    def title(self) -> str:
        """Models, benchmark and dates."""
        return f"{len(self.table)} models against {self.benchmark}, {self.nobs} dates"

    def frames(self) -> dict[str, pd.DataFrame]:
        """Models, and p-values."""
        return {"": self.table, "P-values": self.p_values}

    def notes(self) -> tuple[str, ...]:
        """The best, and whether it beats the benchmark."""
        low, high = self.p_values.loc["studentized", ["lower", "upper"]]
        words = (
            f"Best: {self.best}. That none beats {self.benchmark}: reality check p {self.reality_check:.3f}; SPA p "
            f"{self.spa:.3f} (between {low:.3f} and {high:.3f}); stationary bootstrap, mean block {self.block}, "
            f"{self.n_replications} samples."
        )
        return (words,)

    def _drawn(self) -> pd.DataFrame:
        return self.table[["t"]]


@dataclass(frozen=True)
class ConfidenceSet(Tabled):
    """Models not significantly worse than the best.

    Attributes
    ----------
    table : pandas.DataFrame
        By model in order of elimination: mean ``loss``, ``p`` and whether ``included``.
    size
        One minus the coverage.
    method
        ``"R"`` or ``"max"``.
    block, n_replications, nobs
        Mean block length, number of bootstrap samples, of dates.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> found = cs.leads.confidence_set(cs.leads.loss_table(forecasts), n_replications=499)
    >>> found.included
    ['mean', 'market']
    """

    _unit = "p-value of the confidence set"
    table: pd.DataFrame
    size: float
    method: str
    block: int
    n_replications: int
    nobs: int

    @property
    def included(self) -> list[str]:
        """Models in the set."""
        return [str(name) for name in self.table.index[self.table["included"]]]

    @property
    def title(self) -> str:
        """Coverage and size."""
        return f"{1 - self.size:.0%} model confidence set: {len(self.included)} of {len(self.table)} models"

    def notes(self) -> tuple[str, ...]:
        """How it was found."""
        how = f"{self.method}, {self.nobs} dates, mean block {self.block}, {self.n_replications} samples"
        return (f"Stationary bootstrap ({how}).",)

    def _drawn(self) -> pd.DataFrame:
        return self.table[["p"]]


@checked
def loss_table(
    forecasts: pd.DataFrame, *, actual: str = "actual", kind: Literal["squared", "absolute"] = "squared"
) -> pd.DataFrame:
    """Losses of every forecast, such as `capstar.leads.recursive_forecasts` makes.

    Parameters
    ----------
    forecasts
        Outcome and forecasts by date.
    actual
        Column of the outcome.
    kind
        Of error.

    Raises
    ------
    DataError
        There is no outcome, or no forecast.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> cs.leads.loss_table(forecasts, kind="absolute").round(2).tail(2)
             mean  market
    date
    2017-02  1.95    2.12
    2017-03  0.97    0.58
    """
    require_columns(forecasts, [actual], source="forecasts", why="the outcome")
    errors = forecasts.drop(columns=actual).rsub(forecasts[actual], axis=0)
    return errors**2 if kind == "squared" else errors.abs()


@checked
def superior_ability(
    losses: pd.DataFrame,
    benchmark: str,
    *,
    block: int | None = None,
    n_replications: int = 2000,
    seed: int | np.random.Generator = 0,
) -> SuperiorAbility:
    """Reality check and test of superior predictive ability, by the stationary bootstrap.

    For models that do not nest the benchmark.  A model that nests it estimates coefficients that are zero under the
    null, so that its expected squared error is the larger of the two although the models are equal; centred at equal
    errors the test hardly ever rejects: with one true predictor among twelve and an R squared of 0.05 in 4 percent of
    samples, `maximum_adjusted_mspe` in 32.  For nested forecasts use the latter.

    Parameters
    ----------
    losses
        By date, a column a model and one the benchmark.
    benchmark
        Its column.
    block
        Mean length of the blocks; by default the median of what Politis and White's (2004) rule gives the models.
        At least the horizon where forecasts overlap.
    n_replications, seed
        Of the bootstrap.

    Raises
    ------
    DataError
        A loss is missing, fewer than 40 dates, no model, or one whose losses are the benchmark's.
    SpecificationError
        The benchmark is not among the columns, or the block is longer than the sample.

    References
    ----------
    White (2000), *Econometrica* 68(5), section 2; Hansen (2005), *Journal of Business and Economic Statistics*
    23(4), sections 2 and 3.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> losses = cs.leads.loss_table(forecasts)
    >>> cs.leads.superior_ability(losses, "mean", n_replications=499).table.round(2)
            loss  gain     t
    market  9.54  0.18  0.73
    """
    if benchmark not in losses:
        raise SpecificationError(f"benchmark={benchmark!r} is not among {list(losses)}. Name a column.")
    models = losses.drop(columns=benchmark)
    gains = _checked(models.rsub(losses[benchmark], axis=0), block)
    length = _block(gains) if block is None else block
    deviation = np.sqrt(_bootstrap_variance(gains.to_numpy(), length))
    table = pd.DataFrame(
        {
            "loss": models.mean(),
            "gain": gains.mean(),
            "t": np.sqrt(len(gains)) * gains.mean() / deviation,
        }
    )
    # arch compares raw means whatever its option `studentize` says; scaled gains make the statistic Hansen's.
    p_values = pd.DataFrame(
        {
            "raw": _spa(gains, length, n_replications, seed),
            "studentized": _spa(gains / deviation, length, n_replications, seed),
        }
    ).T
    return SuperiorAbility(
        table, p_values, benchmark, str(table["t"].idxmax()), length, n_replications, len(gains)
    )


@checked
def confidence_set(
    losses: pd.DataFrame,
    *,
    size: float = 0.1,
    method: Literal["R", "max"] = "R",
    block: int | None = None,
    n_replications: int = 2000,
    seed: int | np.random.Generator = 0,
) -> ConfidenceSet:
    """Model confidence set, by the stationary bootstrap.

    Parameters
    ----------
    losses
        By date, a column a model.
    size
        Chance that the best model is left out.
    method
        Statistic: range of the t of all pairs, or largest t against the mean.
    block, n_replications, seed
        As for `superior_ability`.

    Raises
    ------
    DataError
        A loss is missing, fewer than 40 dates or 2 models, or two models with the same losses.
    SpecificationError
        The block is longer than the sample.

    References
    ----------
    Hansen, Lunde and Nason (2011), *Econometrica* 79(2), sections 2 and 3.

    Examples
    --------
    >>> import capstar as cs
    >>> returns = cs.data.small_cap_returns()
    >>> forecasts = cs.leads.recursive_forecasts(returns["smb"], returns[["market"]], "1985-01")
    >>> losses = cs.leads.loss_table(forecasts)
    >>> cs.leads.confidence_set(losses, n_replications=499).table.round(2)
            loss     p  included
    mean    9.72  0.45      True
    market  9.54  1.00      True
    """
    require_level("size", size)
    require_count("n_replications", n_replications, 1, 10**6, "a bootstrap")
    from arch.bootstrap import MCS

    centred = _checked(losses.sub(losses.mean(axis=1), axis=0), block)
    if losses.shape[1] < 2 or losses.T.duplicated().any():
        raise DataError(f"{list(losses)}: expected at least two models with losses of their own.")
    length = _block(centred) if block is None else block
    found = MCS(
        losses.set_axis(range(losses.shape[1]), axis=1),
        size, reps=n_replications, block_size=length, method=method, bootstrap="stationary", seed=seed,
    )  # fmt: skip
    found.compute()
    p = found.pvalues["Pvalue"]
    names = losses.columns[p.index]
    table = pd.DataFrame(
        {
            "loss": losses.mean()[names],
            "p": p.to_numpy(),
            "included": p.index.isin(found.included),
        },
        names,
    )
    return ConfidenceSet(table, size, method, length, n_replications, len(losses))


def _checked(frame: pd.DataFrame, block: int | None) -> pd.DataFrame:
    columns = checked_sample(frame, what="dates", fewest=_FEWEST, block=block)
    if (still := frame.columns[[bool(np.ptp(one) == 0) for one in columns]]).size:
        raise DataError(f"{still[0]}: its losses differ from the comparison's by a constant. Leave it out.")
    return frame


def _block(differences: pd.DataFrame) -> int:
    from arch.bootstrap import optimal_block_length

    lengths = optimal_block_length(differences.to_numpy())["stationary"]
    return max(1, int(np.ceil(lengths.median())))


def _bootstrap_variance(gains: Floats, block: int) -> Floats:
    """Variance of the root-n mean under the stationary bootstrap (Politis and Romano 1994, lemma 1)."""
    n, q = len(gains), 1 - 1 / block
    centred = gains - gains.mean(axis=0)
    total: Floats = (centred**2).sum(axis=0) / n
    for lag in range(1, n):
        weight = (1 - lag / n) * q**lag + lag / n * q ** (n - lag)
        total = total + 2 * weight * (centred[lag:] * centred[:-lag]).sum(axis=0) / n
    return total


def _spa(gains: pd.DataFrame, block: int, n_replications: int, seed: int | np.random.Generator) -> pd.Series:
    from arch.bootstrap import SPA

    test = SPA(np.zeros(len(gains)), -gains.to_numpy(), block, n_replications, "stationary", seed=seed)
    test.compute()
    return test.pvalues
