"""Whether a fitted state-space model describes its data: innovations and auxiliary residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from capstar.errors import DataError, SpecificationError
from capstar.frames import Start, since
from capstar.reporting import Result
from capstar.statespace.smoothing import Disturbances, StateEstimates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEVEL = 0.05
_FEWEST = 20  # values below which the tests' asymptotic distributions say nothing
_CUSUM_LINE = 0.948  # Brown, Durbin and Evans (1975), 5 percent, both lines together
_SQUARES_LINE = (1.3581015, -0.6701218, -0.8858694)  # Edgerton and Wells (1994), 5 percent, two-sided
_LABELS = {
    "jarque_bera": "Jarque-Bera",
    "ljung_box": "Ljung-Box Q",
    "ljung_box_squares": "Ljung-Box Q of squares",
    "heteroskedasticity": "H(h), last third over first",
    "cusum": "CUSUM",
    "cusum_squares": "CUSUM of squares",
}
_NOTE = (
    "Innovations are given the past and the series listed above in the same period. *: rejected at 5 percent, "
    "parameters taken as known; of six tests on each series one in twenty fails by chance."
)
_NOTE_AUXILIARY = "Auxiliary residuals beyond 3, correlated by construction (Harvey and Koopman 1992)."


@dataclass(frozen=True)
class Diagnostics(Result):
    """Residuals of a state-space model and the tests on them; made by `diagnose`.

    Attributes
    ----------
    model
        Its name and sample.
    lags
        Of the tests for serial correlation.
    innovations : pandas.DataFrame
        Standardised one-step prediction errors by observed series, shape (n, p); N(0, 1) and independent where
        the model holds, NaN where missing.  Observations are treated one at a time, so that each is given the
        past *and the series listed before it in the same period*: the columns are already uncorrelated within
        a period (the Cholesky standardisation of the joint errors), and depend on the order of the series.
        No later data enter, except through the parameters.
    auxiliary : pandas.DataFrame
        Auxiliary residuals: of the measurement errors by observed series, then of the state shocks.  Each is
        N(0, 1) where the model holds, has seen the whole sample and is serially correlated by construction.
    tests : pandas.DataFrame
        A row for each observed series: ``n``, ``h``, ``skewness``, ``excess_kurtosis``; statistic and ``_p`` of
        ``jarque_bera``, ``ljung_box``, ``ljung_box_squares`` and ``heteroskedasticity``;
        ``cusum`` and ``cusum_squares`` with ``_critical`` value at 5 percent and whether the path ``_crosses``.
    autocorrelations : pandas.DataFrame
        Of the innovations, lags 1 to ``lags`` by series.
    cusum, cusum_bounds : pandas.DataFrame
        Path by series, and the 5 percent lines with columns (series, ``lower`` or ``upper``).
    cusum_squares, cusum_squares_bounds : pandas.DataFrame
        The same for the cumulated squares, as shares of their total.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_fit
    >>> found = nile_fit()
    >>> tests = found.diagnostics()
    >>> tests.title
    'Residual diagnostics of local level, 1871-1970'
    >>> tests.to_frame()[["jarque_bera_p", "ljung_box_p", "cusum_crosses"]].round(2)
       jarque_bera_p  ljung_box_p  cusum_crosses
    y           0.98         0.51          False
    >>> tests.sentences()[0].split(" (")[0]
    'Innovations of y: variance not constant'
    >>> list(tests.frames()), len(tests.notes())
    (['Innovations', 'Tests', 'Auxiliary residuals'], 3)
    >>> tests.plot(start="1900").savefig("diagnostics.png")
    """

    model: str
    lags: int
    innovations: pd.DataFrame
    auxiliary: pd.DataFrame
    tests: pd.DataFrame
    autocorrelations: pd.DataFrame
    cusum: pd.DataFrame
    cusum_bounds: pd.DataFrame
    cusum_squares: pd.DataFrame
    cusum_squares_bounds: pd.DataFrame

    @property
    def title(self) -> str:
        """Model and sample."""
        return f"Residual diagnostics of {self.model}"

    def to_frame(self) -> pd.DataFrame:
        """``tests``: a row for each observed series."""
        return self.tests

    def outliers(self, threshold: float = 3.0) -> pd.DataFrame:
        """Auxiliary residuals beyond a threshold, the largest first (Harvey and Koopman 1992).

        Parameters
        ----------
        threshold
            In standard deviations.

        Returns
        -------
        pandas.DataFrame
            ``date``, ``residual`` (series or shock), ``value`` and ``kind``: ``"outlier"`` for a measurement
            error, ``"break"`` for a shock to a state.  A break shows in neighbouring quarters and in related
            residuals too; the first row of a cluster is the one to look at.

        Examples
        --------
        >>> import capstar as cs
        >>> from capstar.statespace.examples import nile_fit
        >>> found = nile_fit()
        >>> found.diagnostics().outliers(2.6)["residual"].to_list()
        ['eta', 'y', 'eta']
        """
        if not threshold > 0:
            raise SpecificationError(f"threshold={threshold}; give a positive number of standard deviations.")
        wide = self.auxiliary.rename_axis(index="date", columns=None).reset_index()
        long = wide.melt("date", var_name="residual", value_name="value")
        long["kind"] = np.where(long["residual"].isin(self.innovations.columns), "outlier", "break")
        large = long[long["value"].abs() > threshold]
        return large.sort_values("value", key=abs, ascending=False, kind="stable", ignore_index=True)

    def sentences(self) -> tuple[str, ...]:
        """One line for each test that fails at 5 percent, in plain words; one line if none does."""
        found = [line for name in self.innovations for line in self._complaints(str(name))]
        return tuple(found) or ("No test of the innovations fails at 5 percent.",)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Moments of the innovations, the tests, and the largest auxiliary residuals, at most ten."""
        moments = self.tests[["n", "skewness", "excess_kurtosis"]]
        labels = [f"{label}({self.lags})" if label.endswith(" Q") else label for label in _LABELS.values()]
        columns: dict[tuple[object, str], list[Any]] = {}
        for name, row in self.tests.iterrows():
            columns[name, "statistic"] = [float(row[key]) for key in _LABELS]
            columns[name, "p"] = [float(row.get(f"{key}_p", np.nan)) for key in _LABELS]
            columns[name, "5 %"] = ["*" if _fails(row, key) else "" for key in _LABELS]
        return {
            "Innovations": moments.set_axis(["observations", "skewness", "excess kurtosis"], axis=1),
            "Tests": pd.DataFrame(columns, labels),
            "Auxiliary residuals": self.outliers().head(10),
        }

    def notes(self) -> tuple[str, ...]:
        """What the tables show, and what fails in plain words."""
        return (_NOTE, *((_NOTE_AUXILIARY,) if len(self.outliers()) else ()), *self.sentences())

    def plot(self, ax: Any = None, *, start: Start = None) -> Figure:
        """Innovations and CUSUM from a period on, autocorrelations; a row a series, the first alone in axes given."""
        from capstar.plotting.diagnostics import plot_diagnostics

        paths = (since(one, start) for one in (self.cusum, self.cusum_bounds))
        drawn = (since(self.innovations, start), self.autocorrelations, *paths)
        return plot_diagnostics(*drawn, title=f"Diagnostics: {self.model}", source=self.provenance, ax=ax)

    def plot_qq(self, ax: Any = None) -> Figure:
        """Quantiles of the innovations against those of the normal distribution, a panel a series.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            For the first series alone; by default a figure of its own.

        Examples
        --------
        >>> from capstar.statespace.examples import nile_fit
        >>> figure = nile_fit().diagnostics().plot_qq()
        """
        from capstar.plotting.diagnostics import plot_quantiles

        return plot_quantiles(
            self.innovations, title=f"Normal quantiles: {self.model}", source=self.provenance, ax=ax
        )

    def _dated(self) -> pd.Series | pd.DataFrame:
        return self.innovations

    def _complaints(self, name: str) -> list[str]:
        row, v, acf = self.tests.loc[name], self.innovations[name].dropna(), self.autocorrelations[name]
        where, lag, h = v.abs().idxmax(), acf.abs().idxmax(), int(row["h"])
        ratio = self.cusum[name] / self.cusum_bounds[name]["upper"]
        worst, squares = ratio.abs().idxmax(), self.cusum_squares[name].dropna()
        distance = squares - np.arange(1, len(squares) + 1) / len(squares)
        moved = distance.abs().idxmax()
        said = {
            "jarque_bera": f"not normal (Jarque-Bera {{:.3g}}, {{}}; largest in {where}, {v[where]:.1f} standard "
            "deviations)",
            "ljung_box": f"serially correlated (Ljung-Box Q({self.lags}) {{:.3g}}, {{}}; strongest at lag {lag}, "
            f"{acf[lag]:.2f})",
            "ljung_box_squares": f"squares serially correlated (Ljung-Box Q({self.lags}) of squares {{:.3g}}, {{}})",
            "heteroskedasticity": f"variance not constant (H({h}) {{:.3g}}, {{}}; the last {h} vary "
            f"{'more' if row['heteroskedasticity'] > 1 else 'less'} than the first {h})",
            "cusum": "mean not zero throughout (CUSUM {:.3g}, 5 percent line {}; first crossed in "
            f"{(ratio.abs() > 1).idxmax()}, data {'above' if ratio[worst] > 0 else 'below'} their predictions)",
            "cusum_squares": "variance not constant (CUSUM of squares {:.3g}, critical value {}; larger "
            f"{'before' if distance[moved] > 0 else 'after'} {moved})",
        }
        return [
            f"Innovations of {name}: {text.format(row[key], _measure(row, key))}."
            for key, text in said.items()
            if _fails(row, key)
        ]


def diagnose(
    estimates: StateEstimates, disturbances: Disturbances, *, n_params: int = 0, lags: int = 8
) -> Diagnostics:
    r"""Test the innovations of a state-space model, and list what its smoothed shocks point at.

    With :math:`v_t` the usable standardised innovations of one series, :math:`t = 1, \dots, n` (missing values
    and the periods of a diffuse start are dropped, and the others moved together):

    - normality: Jarque and Bera (1980), chi-squared(2);
    - serial correlation: Ljung and Box (1978), of :math:`v_t` with ``lags - n_params`` degrees of freedom, of
      :math:`v_t^2` with ``lags`` (McLeod and Li 1983);
    - heteroskedasticity: :math:`H(h)`, squares of the last :math:`h = n/3` values over those of the first,
      F(h, h), two-sided;
    - CUSUM: :math:`W_t = \sum_{s \le t} v_s / \hat\sigma` with the sample standard deviation
      :math:`\hat\sigma`; the statistic is the largest :math:`|W_t| / (\sqrt n + 2 t / \sqrt n)`, the lines are
      at 0.948;
    - CUSUM of squares: the largest distance of :math:`\sum_{s \le t} v_s^2 / \sum v_s^2` from :math:`t / n`.

    Parameters
    ----------
    estimates, disturbances
        From `estimate_states` and `smooth_disturbances` of one problem at the same parameters.
    n_params
        Degrees of freedom taken off the Ljung-Box test of the innovations.  By default none are: all
        distributions hold at known parameters and are approximations at estimated ones.
    lags
        Of the tests for serial correlation.

    Raises
    ------
    DataError
        A series has fewer than 20 usable innovations, or not more than ``lags``.
    SpecificationError
        ``lags`` or ``n_params`` are invalid, or the two inputs are of different samples.

    References
    ----------
    - Brown, R. L., Durbin, J. and Evans, J. M. (1975). Techniques for testing the constancy of regression
      relationships over time. *Journal of the Royal Statistical Society* B 37(2), 149-192.
    - Durbin, J. and Koopman, S. J. (2012). *Time Series Analysis by State Space Methods*, 2nd ed., Oxford
      University Press, sections 2.12 and 7.5.
    - Edgerton, D. and Wells, C. (1994). Critical values for the CUSUMSQ statistic in medium and large sized
      samples. *Oxford Bulletin of Economics and Statistics* 56(3), 355-365.
    - Harvey, A. C. (1989). *Forecasting, Structural Time Series Models and the Kalman Filter*, Cambridge
      University Press, section 5.4.
    - Harvey, A. C. and Koopman, S. J. (1992). Diagnostic checking of unobserved-components time series models.
      *Journal of Business and Economic Statistics* 10(4), 377-389.
    - McLeod, A. I. and Li, W. K. (1983). Diagnostic checking ARMA time series models using squared-residual
      autocorrelations. *Journal of Time Series Analysis* 4(4), 269-273.

    Examples
    --------
    >>> import capstar as cs
    >>> from capstar.statespace.examples import nile_problem
    >>> problem, known = nile_problem(diffuse=True)
    >>> estimates = cs.statespace.estimate_states(problem, known)
    >>> disturbances = cs.statespace.smooth_disturbances(problem, known)
    >>> cs.statespace.diagnose(estimates, disturbances, lags=9).tests["ljung_box"].round(2).to_dict()
    {'y': 8.84}
    """
    problem = estimates.problem
    if not 0 <= n_params < lags:
        raise SpecificationError(f"lags={lags}, n_params={n_params}; expected 0 <= n_params < lags.")
    _require_same_sample(estimates, disturbances)
    standardised = estimates.innovations / np.sqrt(estimates.innovation_var)
    innovations = pd.DataFrame(standardised, problem.index, list(problem.model.observed))
    _require_usable(problem.spec.name, innovations, lags)
    used = {name: innovations[name].dropna() for name in innovations}
    sums = {name: _cusum(v) for name, v in used.items()}
    squares = {name: _cusum_squares(v) for name, v in used.items()}
    rows = {
        name: _tests(v, lags, n_params) | _crossing(sums[name], squares[name]) for name, v in used.items()
    }
    cusum, cusum_bounds = _joined(sums, problem.index)
    cusum_squares, cusum_squares_bounds = _joined(squares, problem.index)
    return Diagnostics(
        model=f"{problem.spec.name}, {problem.index[0]}-{problem.index[-1]}",
        lags=lags,
        innovations=innovations,
        auxiliary=pd.concat([disturbances.measurement_residuals, disturbances.state_residuals], axis=1),
        tests=pd.DataFrame.from_dict(rows, orient="index"),
        autocorrelations=_autocorrelations(used, lags),
        cusum=cusum,
        cusum_bounds=cusum_bounds,
        cusum_squares=cusum_squares,
        cusum_squares_bounds=cusum_squares_bounds,
    )


def _require_same_sample(estimates: StateEstimates, disturbances: Disturbances) -> None:
    index, found = estimates.problem.index, disturbances.measurement_residuals
    observed = list(estimates.problem.model.observed)
    if not index.equals(found.index) or observed != list(found.columns):
        raise SpecificationError(
            f"{estimates.problem.spec.name}: the states are of {observed} in {index[0]}-{index[-1]}, the "
            f"disturbances of {list(found.columns)} in {found.index[0]}-{found.index[-1]}. Make both from one "
            "problem, with estimate_states and smooth_disturbances."
        )


def _require_usable(model: str, innovations: pd.DataFrame, lags: int) -> None:
    needed = max(_FEWEST, lags + 1)
    if short := {name: n for name, n in innovations.count().items() if n < needed}:
        listed = ", ".join(f"{name} ({n})" for name, n in short.items())
        raise DataError(
            f"{model}: the tests need at least {needed} innovations of each series; too few are usable of "
            f"{listed}. Give a longer sample, fewer lags, or leave the series out."
        )


def _tests(v: pd.Series, lags: int, n_params: int) -> dict[str, float]:
    from statsmodels.stats.diagnostic import acorr_ljungbox
    from statsmodels.stats.stattools import jarque_bera
    from statsmodels.tsa.stattools import breakvar_heteroskedasticity_test

    x, h = v.to_numpy(), round(len(v) / 3)
    jb, jb_p, skewness, kurtosis = jarque_bera(x)
    found = [
        *(jb, jb_p),
        *acorr_ljungbox(x, lags=[lags], model_df=n_params).iloc[0],
        *acorr_ljungbox(x**2, lags=[lags]).iloc[0],
        *breakvar_heteroskedasticity_test(x, subset_length=h),
    ]
    names = [f"{test}{end}" for test in list(_LABELS)[:4] for end in ("", "_p")]
    moments = {"n": x.size, "h": h, "skewness": float(skewness), "excess_kurtosis": float(kurtosis) - 3.0}
    return moments | {name: float(value) for name, value in zip(names, found, strict=True)}


def _autocorrelations(used: dict[str, pd.Series], lags: int) -> pd.DataFrame:
    from statsmodels.tsa.stattools import acf

    index = pd.RangeIndex(1, lags + 1, name="lag")
    return pd.DataFrame({name: acf(v, nlags=lags, fft=False)[1:] for name, v in used.items()}, index)


def _cusum(v: pd.Series) -> pd.DataFrame:
    """Path and lines of Brown, Durbin and Evans; sigma as in statsmodels' RecursiveLS."""
    n, t = len(v), np.arange(1, len(v) + 1)
    line = _CUSUM_LINE * (np.sqrt(n) + 2 * t / np.sqrt(n))
    return pd.DataFrame({"path": v.cumsum() / v.std(ddof=1), "lower": -line, "upper": line})


def _cusum_squares(v: pd.Series) -> pd.DataFrame:
    """Path and lines of the cumulated squares; critical values by Edgerton and Wells."""
    n, t = len(v), np.arange(1, len(v) + 1)
    half = 0.5 * n - 1.0
    width = sum(c / half ** (0.5 * k) for k, c in enumerate(_SQUARES_LINE, start=1))
    path = (v**2).cumsum() / (v**2).sum()
    return pd.DataFrame({"path": path, "lower": t / n - width, "upper": t / n + width})


def _crossing(sums: pd.DataFrame, squares: pd.DataFrame) -> dict[str, float | bool]:
    largest = _CUSUM_LINE * float((sums["path"].abs() / sums["upper"]).max())
    middle = (squares["lower"] + squares["upper"]) / 2
    critical = float((squares["upper"] - middle).iloc[0])
    distance = float((squares["path"] - middle).abs().max())
    return {
        "cusum": largest,
        "cusum_critical": _CUSUM_LINE,
        "cusum_crosses": largest > _CUSUM_LINE,
        "cusum_squares": distance,
        "cusum_squares_critical": critical,
        "cusum_squares_crosses": distance > critical,
    }


def _joined(paths: dict[str, pd.DataFrame], index: pd.PeriodIndex) -> tuple[pd.DataFrame, pd.DataFrame]:
    joined = pd.concat(paths, axis=1).reindex(index)
    return joined.xs("path", axis=1, level=1), joined.drop(columns="path", level=1)


def _fails(row: pd.Series, key: str) -> bool:
    return bool(row[f"{key}_crosses"] if f"{key}_crosses" in row else row[f"{key}_p"] < _LEVEL)


def _measure(row: pd.Series, key: str) -> str:
    """What a statistic is judged by: its p-value, or the critical value."""
    if f"{key}_critical" in row:
        return f"{row[f'{key}_critical']:.3g}"
    p = row[f"{key}_p"]
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
