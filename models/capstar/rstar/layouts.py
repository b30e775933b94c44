"""Where published natural rates stand in the files that hold them, and what each one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from capstar.rstar.natural_rate import FIVE_YEARS, LONG_RUN, MEDIUM_RUN

_HLW = (
    "Holston, K., Laubach, T. and Williams, J. C. (2017). Measuring the natural rate of interest: international trends "
    "and determinants. Journal of International Economics 108(S1), S59-S75."
)
_KILEY = (
    "Kiley, M. T. (2020). What can the data tell us about the equilibrium real interest rate? "
    "International Journal of Central Banking 16(3), 181-209."
)
_JOHANNSEN_MERTENS = (
    "Johannsen, B. K. and Mertens, E. (2021). A time-series model of interest rates with the effective "
    "lower bound. Journal of Money, Credit and Banking 53(5), 1005-1046."
)
_BAUER_RUDEBUSCH = (
    "Bauer, M. D. and Rudebusch, G. D. (2020). Interest rates under falling stars. American Economic "
    "Review 110(5), 1316-1354."
)
_DEL_NEGRO = (
    "Del Negro, M., Giannone, D., Giannoni, M. P. and Tambalotti, A. (2017). Safety, liquidity, and the "
    "natural rate of interest. Brookings Papers on Economic Activity, Spring, 235-294."
)
_LUBIK_MATTHES = (
    "Lubik, T. A. and Matthes, C. (2015). Calculating the natural rate of interest: a comparison of two alternative "
    "approaches. Federal Reserve Bank of Richmond Economic Brief 15-10."
)
_LEWIS_VAZQUEZ_GRANDE = (
    "Lewis, K. F. and Vazquez-Grande, F. (2018, in print 2019). Measuring the natural rate of interest: a note on "
    "transitory shocks. Journal of Applied Econometrics 34(3), 425-436."
)


@dataclass(frozen=True)
class Layout:
    """Columns of a file with a published natural rate.

    Attributes
    ----------
    name, citation
        Of the estimate.
    definition
        What its r* is; empty where the file does not say.
    filtered, smoothed
        Columns of r* as known at the time and given all data, percent a year; a file may lack one of them.
    lower, upper
        Columns of its band, of the smoothed r*, or of the filtered where the layout has no smoothed; empty: none.
    level
        Coverage of the band.
    rate
        Column of the real rate, if the file has one.
    date
        Column of the quarter.
    rows
        Values by column that the rows of the estimate have, in a file of several.

    Examples
    --------
    >>> import capstar as cs
    >>> list(cs.rstar.LAYOUTS)[:3], cs.rstar.LAYOUTS["plain"].date
    (['plain', 'new-york-fed', 'lubik-matthes'], 'date')
    >>> cs.rstar.Layout("mine", filtered="one_sided", rate="real", date="quarter").level
    0.9
    """

    name: str
    citation: str = ""
    definition: str = ""
    filtered: str = ""
    smoothed: str = ""
    lower: str = ""
    upper: str = ""
    level: float = 0.9
    rate: str = ""
    date: str = "date"
    rows: Mapping[str, str] = field(default_factory=dict)


def _panel(name: str, citation: str, definition: str, filtered: str, smoothed: str) -> Layout:
    """A column or two of the panel in Bauer and Rudebusch's replication files; its filtered ones are real-time."""
    return Layout(name, citation, definition, filtered, smoothed)


LAYOUTS: dict[str, Layout] = {
    "plain": Layout(
        "published r*", "", "", "rstar_filtered", "rstar_smoothed", "lower", "upper", 0.9, "real_rate"
    ),
    "new-york-fed": Layout(
        "New York Fed", _HLW, MEDIUM_RUN, "rstar_filtered", "rstar_smoothed"
    ),
    "lubik-matthes": Layout(
        "Lubik-Matthes", _LUBIK_MATTHES, FIVE_YEARS, "", "rstar_median", "rstar_p16", "rstar_p84", 0.68
    ),
    "kiley": _panel("Kiley", _KILEY, MEDIUM_RUN, "kiley_filtered", "kiley_smoothed"),
    "johannsen-mertens": _panel(
        "Johannsen-Mertens", _JOHANNSEN_MERTENS, LONG_RUN,
        "johannsen_mertens_realtime", "johannsen_mertens_smoothed",
    ),
    "del-negro": _panel("Del Negro et al.", _DEL_NEGRO, LONG_RUN, "del_negro_realtime", "del_negro_smoothed"),
    "bauer-rudebusch-uc": _panel("Bauer-Rudebusch UC", _BAUER_RUDEBUSCH, LONG_RUN, "uc_realtime", "uc_smoothed"),
    "bauer-rudebusch-proxies": _panel(
        "Bauer-Rudebusch proxies", _BAUER_RUDEBUSCH, LONG_RUN, "proxies_realtime", "proxies_smoothed"
    ),
    "bauer-rudebusch-ssm": _panel(
        "Bauer-Rudebusch SSM", _BAUER_RUDEBUSCH, LONG_RUN, "ssm_realtime", "ssm_smoothed"
    ),
    "bauer-rudebusch-bands": Layout(
        "Bauer-Rudebusch", _BAUER_RUDEBUSCH, LONG_RUN, "", "rstar", "rstar.lb", "rstar.ub", 0.95
    ),
    "trend-var": Layout(
        "Del Negro et al., trend VAR", _DEL_NEGRO, LONG_RUN, "", "p50", "p16", "p84", 0.68,
        rows={"vintage": "paper", "variable": "rstar"},
    ),
    "dsge-five-years": Layout(
        "New York Fed DSGE, five years ahead", _DEL_NEGRO, FIVE_YEARS, "", "mean", "p16", "p84", 0.68,
        rows={"vintage": "paper", "variable": "forward_rstar_5y"},
    ),
    "lewis-vazquez-grande-filtered": Layout(
        "Lewis-Vazquez-Grande", _LEWIS_VAZQUEZ_GRANDE, MEDIUM_RUN, "rStar_50", "", "rStar_5", "rStar_95",
        date="Row",
    ),
    "lewis-vazquez-grande-smoothed": Layout(
        "Lewis-Vazquez-Grande", _LEWIS_VAZQUEZ_GRANDE, MEDIUM_RUN, "", "rStar_50", "rStar_5", "rStar_95",
        date="Row",
    ),
}  # fmt: skip
