"""Episodic predictability: the largest IVX statistic over parts of the sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import SpecificationError
from capstar.frames import Start, since
from capstar.leads.checks import require_level
from capstar.leads.inference.instrument import centred, instrument
from capstar.leads.inference.ivx import Covariance, aligned_arrays, is_white
from capstar.leads.inference.ivx_bootstrap import multiplied
from capstar.leads.inference.wild_null import Multipliers, Scheme, fit_wild_null
from capstar.leads.numerics import bootstrap_p
from capstar.leads.records import Tabled
from capstar.progress import Progress
from capstar.provenance import titled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Windows = Literal["rolling", "forward", "backward"]
_SHARE = {"rolling": 0.2, "forward": 0.2, "backward": 0.8}
_FEWEST = 20


@dataclass(frozen=True)
class EpisodicIVX(Tabled):
    """IVX statistics of parts of a sample.

    Attributes
    ----------
    path : pandas.DataFrame
        By window: ``first`` and ``last`` period of the return, ``wald`` and, with one predictor, ``slope`` and ``t``.
    table : pandas.DataFrame
        Rows ``sup`` and ``inf`` (largest and smallest t) and ``sup_sq`` (largest squared t), or with several predictors
        ``sup_wald``: ``statistic`` and bootstrap ``p``.
    windows, share, covariance, scheme, n_replications, seed
        As asked.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> found = cs.leads.episodic_ivx(y, x, n_replications=99)
    >>> found.path[["slope", "t", "wald"]].round(2).tail(2)
         slope     t  wald
    127   0.63  0.34  0.12
    128   0.67  0.41  0.17
    """

    path: pd.DataFrame
    table: pd.DataFrame
    windows: Windows
    share: float
    covariance: Covariance
    scheme: Scheme
    n_replications: int
    seed: int

    @property
    def title(self) -> str:
        """Windows and their number."""
        return f"IVX over {len(self.path)} {self.windows} windows, share {self.share:g}, {self.covariance} covariance"

    def notes(self) -> tuple[str, ...]:
        """How p was found."""
        return (f"{self.scheme} wild bootstrap, {self.n_replications} replications, seed {self.seed}",)

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """t, or with several predictors the Wald statistic, of every window from a start on."""
        from capstar.plotting.leads import plot_lines

        name = "t" if "t" in self.path else "wald"
        along = self.path.set_index("first" if self.windows == "backward" else "last")
        unit = "t statistic" if name == "t" else "Wald statistic"
        when = f"{along.index.name} period of the window"
        shown = since(along[[name]], start)
        return plot_lines({self.title: shown}, unit=unit, along=when, source=self.provenance, ax=ax)

    def _dated(self) -> pd.Series | pd.DataFrame:
        return self.path


@checked
def episodic_ivx(
    returns: pd.Series,
    predictors: pd.Series | pd.DataFrame,
    *,
    windows: Windows = "rolling",
    share: float | None = None,
    covariance: Covariance = "conventional",
    scheme: Scheme = "residual",
    multipliers: Multipliers = "rademacher",
    n_replications: int = 999,
    seed: int = 0,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> EpisodicIVX:
    """Whether returns are predictable in any part of the sample, with data snooping accounted for.

    The instrument is of the whole sample; returns and predictors are demeaned in each window, the instrument is not,
    and there is no finite-sample correction.

    Parameters
    ----------
    returns, predictors, covariance
        As in `capstar.leads.ivx`, one period.
    windows
        ``"rolling"``: of one length; ``"forward"``: from the first row on; ``"backward"``: to the last row.
    share
        Of the sample: the length of rolling windows, the shortest forward window (0.2 by default), or the latest start
        of a backward one (0.8).
    scheme, multipliers, n_replications, seed, n_workers, progress
        As in `capstar.leads.ivx_bootstrap`.

    Raises
    ------
    DataError, SpecificationError
        As there; a share outside (0, 1) or with fewer than 20 rows in a window.

    References
    ----------
    Demetrescu, Georgiev, Rodrigues and Taylor (2023), *Journal of Econometrics* 237, 105271, equations 15 to 17 and
    remark 11.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> sample = cs.leads.AlignedSample.of(returns["excess"], gap)
    >>> y, x = sample.in_period()
    >>> cs.leads.episodic_ivx(y, x, windows="forward", n_replications=99).table.round(2)
            statistic     p
    sup          0.29  0.77
    inf         -0.97  0.50
    sup_sq       0.95  0.87
    """
    y, x, names = aligned_arrays(returns, predictors)
    white, n = is_white(covariance, 1), len(y) - 1
    chosen = _SHARE.get(windows, 0.5) if share is None else share
    starts, ends = _windows(n, windows, chosen)
    null = fit_wild_null(y, x, scheme=scheme)

    def statistics(drawn: Floats) -> Floats:
        return _functionals(*_walds(*null.draw(drawn), starts, ends, white)[:2])

    slope, wald = _walds(y[None, :, None], x[None], starts, ends, white)
    observed = _functionals(slope, wald)[0]
    draws = multiplied(
        statistics, n, multipliers, n_replications=n_replications, seed=seed, n_workers=n_workers,
        progress=progress,
    )  # fmt: skip
    rows = ["sup", "inf", "sup_sq"] if len(names) == 1 else ["sup_wald"]
    sign = np.where(np.array(rows) == "inf", -1.0, 1.0)
    table = pd.DataFrame({"statistic": observed, "p": bootstrap_p(sign * draws >= sign * observed)}, rows)
    path = pd.DataFrame({"first": returns.index[1 + starts], "last": returns.index[ends], "wald": wald[0]})
    if len(names) == 1:
        path["slope"] = slope[0, :, 0]
        path["t"] = np.sign(slope[0, :, 0]) * np.sqrt(wald[0])
    return EpisodicIVX(
        titled(path, returns, predictors), table, windows, chosen, covariance, scheme, n_replications, seed
    )


def _windows(n: int, windows: Windows, share: float) -> tuple[Integers, Integers]:
    """First row, and row after the last, of every window of n rows."""
    require_level("share", share)
    length = int(share * n)
    if windows == "rolling":
        starts = np.arange(n - length + 1)
        found = starts, starts + length
    elif windows == "forward":
        ends = np.arange(length, n + 1)
        found = np.zeros_like(ends), ends
    elif windows == "backward":
        starts = np.arange(length + 1)
        found = starts, np.full_like(starts, n)
    else:
        raise SpecificationError(f"windows={windows!r}; choose 'rolling', 'forward' or 'backward'.")
    if (shortest := int((found[1] - found[0]).min())) < _FEWEST:
        raise SpecificationError(
            f"share={share}: a window of {shortest} rows of {n} is too short; at least {_FEWEST} are needed."
        )
    return found


def _functionals(slope: Floats, wald: Floats) -> Floats:
    """Largest and smallest t and largest squared t of each sample (R, 3), or largest Wald statistic (R, 1)."""
    if slope.shape[2] > 1:
        return np.asarray(wald.max(axis=1, keepdims=True), dtype=float)
    t = np.sign(slope[:, :, 0]) * np.sqrt(wald)
    return np.column_stack([t.max(axis=1), t.min(axis=1), wald.max(axis=1)])


def _walds(y: Floats, x: Floats, starts: Integers, ends: Integers, white: bool) -> tuple[Floats, Floats]:
    """Slopes (R, W, k) and Wald statistics (R, W) of every window, from cumulated moments."""
    k = x.shape[2]
    target, before, z = centred(y[:, 1:]), centred(x[:, :-1]), instrument(x)
    samples = max(len(target), len(before))
    ones = np.ones((1, *target.shape[1:]))
    parts = [np.broadcast_to(a, (samples, *a.shape[1:])) for a in (ones, target, before, z)]
    columns = np.concatenate(parts, axis=2)
    outer = columns[:, :, :, None] * columns[:, :, None, :]
    moments = _windowed(outer, starts, ends)
    count, means = moments[:, :, 0, 0], moments[:, :, 0, 1 : k + 2] / moments[:, :, :1, 0]
    deviations = moments[:, :, 1:, 1 : k + 2] - moments[:, :, 1:, :1] * means[:, :, None, :]
    inverse = np.linalg.inv(deviations[:, :, k + 1 :, 1:])
    slope = (inverse @ deviations[:, :, k + 1 :, :1])[..., 0]
    own = deviations[:, :, 1 : k + 1, :]
    fitted = np.linalg.solve(own[..., 1:], own[..., :1])[
        ..., 0
    ]  # least squares, whose errors the variance is of
    if white:
        levels = (means[:, :, 1:] * fitted).sum(axis=2) - means[:, :, 0]
        weights = np.concatenate([levels[..., None], np.ones_like(levels)[..., None], -fitted], axis=2)
        squares = outer[:, :, : k + 2, : k + 2, None, None] * outer[:, :, None, None, k + 2 :, k + 2 :]
        meat = np.einsum("rwa,rwb,rwabij->rwij", weights, weights, _windowed(squares, starts, ends))
    else:
        left = deviations[:, :, 0, 0] - (own[..., 0] * fitted).sum(axis=2)
        meat = moments[:, :, k + 2 :, k + 2 :] * (left / count)[:, :, None, None]
    cov = inverse @ meat @ inverse.transpose(0, 1, 3, 2)
    return slope, (slope * np.linalg.solve(cov, slope[..., None])[..., 0]).sum(axis=2)


def _windowed(a: Floats, starts: Integers, ends: Integers) -> Floats:
    """Sums over the windows of rows, (R, n, ...) to (R, W, ...)."""
    total = np.cumsum(a, axis=1)
    total = np.concatenate([np.zeros_like(total[:, :1]), total], axis=1)
    out: Floats = total[:, ends] - total[:, starts]
    return out
