"""Natural rates as a combination of common trends, declared by what each series is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from capstar.progress import Progress
from capstar.rstar.trend_var.declaration import Declaration, Span
from capstar.rstar.trend_var.estimate import TrendVarRate, estimate
from capstar.statespace.bayes.trend_cycle import sample_trend_cycle

_KEPT = 4000  # draws of the states, all chains together, that are kept unless asked otherwise


@dataclass(frozen=True, kw_only=True)
class TrendVarModel(Declaration):
    """Series that are sums of random-walk trends and of a stationary vector autoregression; r* is one of the sums.

    A variant is `dataclasses.replace` of a published one, such as ``replace(TREND_VAR_3, name="loose", key="loose",
    df=8)``, or another table of equations.

    What can be declared are the attributes of `capstar.rstar.trend_var.declaration.Declaration`.

    Examples
    --------
    >>> import capstar as cs
    >>> model = cs.rstar.TREND_VAR_1
    >>> model.name, list(model.trends), model.inputs[:2]
    ('Trend VAR, model 1', ['pi_bar', 'rstar', 'term_spread'], ('inflation', 'long_run_inflation_expectation'))
    """

    def fit(  # noqa: PLR0913 - options of the sampler
        self,
        data: pd.DataFrame,
        start: str | pd.Period | None = None,
        end: str | pd.Period | None = None,
        *,
        n_starts: int = 4,
        progress: Progress | bool = True,
        n_draws: int = 20_000,
        n_chains: int = 4,
        warmup: int | None = None,
        thin: int | None = None,
        n_filtered: int = 250,
        seed: int = 0,
        n_workers: int = -1,
        as_published: bool = False,
        leave_out: Mapping[str, Span] | None = None,
    ) -> TrendVarRate:
        """Draw from the posterior distribution of the trends.

        Parameters
        ----------
        data
            One row a period, without gaps, with the columns `inputs`; values may be missing.
        start, end
            Sample; by default from `first`, or where the data begin, to where they end.
        n_starts
            Ignored: each chain has a start of its own.
        progress
            See `capstar.progress.reporting`.
        n_draws
            Of each chain after its first ``warmup``, by default a quarter as many.
        n_chains, seed, n_workers
            See `capstar.statespace.bayes.trend_cycle.sample_trend_cycle`.
        thin
            Every how many draws one is kept; by default so that 4,000 are, all chains together.
        n_filtered
            Draws of the parameters of each chain for which trends given data to each period are drawn.
        as_published
            Whether to ignore that the distribution of the cycles before the sample follows from the parameters, as the
            code of 2017 does.
        leave_out
            In place of the model's: first and last period treated as missing, by column; ``{}`` uses every value.

        Raises
        ------
        DataError
            A column is missing, or the sample has no value of a series.
        SpecificationError
            See `sample_trend_cycle`.

        Examples
        --------
        Two series and two trends, and far fewer draws than an answer needs:

        >>> import capstar as cs
        >>> from capstar.rstar import Trend, TrendVarModel
        >>> pi, natural = cs.statespace.variables("pi_bar rstar")
        >>> model = TrendVarModel(
        ...     name="two trends", key="two-trends", equations={"inflation": pi, "interest_rate": pi + natural},
        ...     trends={"pi_bar": Trend(2, 2), "rstar": Trend(1, 0.5)}, reports={"rstar": natural},
        ...     rate=(("interest_rate", "inflation"),), lags=2,
        ... )
        >>> few = {"n_draws": 50, "warmup": 50, "n_chains": 2, "n_filtered": 10, "progress": False}
        >>> fit = model.fit(cs.data.us_macro(), **few)
        >>> fit.rstar.smoothed.shape
        (199,)
        """
        spans = self.leave_out if leave_out is None else leave_out
        rate, frame = self.series_from(data, start, end, spans)
        warmup = n_draws // 4 if warmup is None else warmup
        thin = max(1, n_draws * n_chains // _KEPT) if thin is None else thin
        sampled = sample_trend_cycle(
            self.structure, frame, n_draws=n_draws, warmup=warmup, thin=thin, n_chains=n_chains, seed=seed,
            n_workers=n_workers, exact=not as_published, progress=progress,
        )  # fmt: skip
        return estimate(
            self, frame, rate, sampled, spans, seed=seed, n_filtered=n_filtered, exact=not as_published
        )
