"""A family of IVX tests as one: the largest t of all against its joint bootstrap distribution."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from capstar.arguments import checked
from capstar.errors import DataError, SpecificationError
from capstar.leads.inference.instrument import instrumented
from capstar.leads.inference.ivx import aligned_arrays
from capstar.leads.inference.ivx_bootstrap import multiplied, tails
from capstar.leads.inference.wild_null import Multipliers, Scheme, fit_wild_null
from capstar.leads.numerics import bootstrap_p
from capstar.leads.records import Tabled
from capstar.progress import Progress

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class IVXFamily(Tabled):
    """Tests of a declared family, each with the chance that any is as large under no predictability.

    Attributes
    ----------
    table : pandas.DataFrame
        By member and horizon: ``slope``, ``t``, the test's own ``p``, ``p_less``, ``p_greater``, ``5%`` and ``95%`` as
        in `IVXBootstrap`, and ``p_family``: the share of replications whose largest absolute t reaches this one.
    p
        That no member predicts: the smallest ``p_family``.
    draws : pandas.DataFrame
        t of every member and horizon in every replication.
    seed
        Of the multipliers.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> pairs = [(name, cs.leads.AlignedSample.of(returns[name], gap)) for name in ("excess", "smb")]
    >>> members = {name: sample.in_period() for name, sample in pairs}
    >>> found = cs.leads.ivx_family(members, n_replications=199)
    >>> print(round(found.p, 2), found.draws.shape)
    0.36 (199, 2)
    """

    _unit = "t statistic"
    table: pd.DataFrame
    p: float
    draws: pd.DataFrame
    seed: int

    @property
    def title(self) -> str:
        """Size of the family and p."""
        return f"Family of {len(self.table)} IVX tests: p {self.p:.4f}"

    def notes(self) -> tuple[str, ...]:
        """What it rests on."""
        words = (
            f"That none of {len(self.table)} predicts: p {self.p:.4f} (largest |t|, residual wild bootstrap with one "
            f"set of multipliers, {len(self.draws)} replications, seed {self.seed})."
        )
        return (words,)

    def _drawn(self) -> pd.DataFrame:
        return self.table[["5%", "t", "95%"]]


@checked
def ivx_family(
    members: Mapping[Hashable, tuple[pd.Series, pd.Series]],
    horizons: Sequence[int] = (1,),
    *,
    scheme: Scheme = "residual",
    multipliers: Multipliers = "rademacher",
    n_replications: int = 999,
    seed: int = 0,
    n_workers: int = 1,
    progress: Progress | bool = True,
) -> IVXFamily:
    """Family-wise p-values of conventional IVX tests, by one wild bootstrap of all.

    A date has the same multiplier in every member, so that their dependence is kept whatever it is.

    Parameters
    ----------
    members
        By name, returns and predictor as in `capstar.leads.ivx`; samples may differ between members.  The family is
        to be declared before the data are seen: every further member costs power.
    horizons
        Periods; every member is tested at each.
    scheme, multipliers, n_replications, seed, n_workers, progress
        As in `capstar.leads.ivx_bootstrap`.

    Raises
    ------
    DataError, SpecificationError
        As in `capstar.leads.ivx_bootstrap`; an empty family.

    References
    ----------
    Westfall and Young (1993), *Resampling-Based Multiple Testing*, section 2.3 (single-step max-t); Demetrescu,
    Georgiev, Rodrigues and Taylor (2023), *Journal of Econometrics* 237, algorithm 1 and remark 19.

    Examples
    --------
    >>> import capstar as cs
    >>> gap = cs.rstar.MovingAverage().fit(cs.data.us_macro()).gap("filtered")
    >>> returns = cs.data.small_cap_returns()
    >>> pairs = [(name, cs.leads.AlignedSample.of(returns[name], gap)) for name in ("excess", "smb")]
    >>> members = {name: sample.in_period() for name, sample in pairs}
    >>> found = cs.leads.ivx_family(members, (1, 4), n_replications=199)
    >>> found.table[["t", "p", "p_family"]].round(2)
                       t     p  p_family
    member horizon
    excess 1       -0.14  0.90      1.00
           4       -0.75  0.44      0.76
    smb    1       -1.17  0.22      0.45
           4       -1.04  0.27      0.52
    """
    if not members or not horizons:
        raise SpecificationError("An empty family: give members and horizons.")
    dates = pd.Index([])
    for y, _ in members.values():
        dates = y.index[1:] if dates.empty else dates.union(y.index[1:])
    parts, keys, slope, t = [], [], [], []
    for name, (returns, predictor) in members.items():
        for horizon in horizons:
            y, x, names = aligned_arrays(returns, predictor, horizon)
            if len(names) > 1:
                raise DataError(f"{name}: {names} are several predictors. Give each a member of its own.")
            found = instrumented(y[None, :, None], x[None], horizon=horizon)
            slope.append(found.slope[0, 0])
            t.append(found.t[0, 0])
            keys.append((name, horizon))
        parts.append((fit_wild_null(y, x, scheme=scheme), dates.get_indexer(returns.index[1:])))

    def statistics(drawn: Floats) -> Floats:
        samples = [null.draw(drawn[:, at]) for null, at in parts]
        return np.column_stack([instrumented(*one, horizon=h).t for one in samples for h in horizons])

    draws = multiplied(
        statistics, len(dates), multipliers, n_replications=n_replications, seed=seed, n_workers=n_workers,
        progress=progress,
    )  # fmt: skip
    index = pd.MultiIndex.from_tuples(keys, names=["member", "horizon"])
    observed = np.array(t)
    family = bootstrap_p(np.abs(draws).max(axis=1)[:, None] >= np.abs(observed))
    table = pd.DataFrame({"slope": slope, "t": observed, **tails(observed, draws), "p_family": family}, index)
    return IVXFamily(table, float(family.min()), pd.DataFrame(draws, columns=index), seed)
