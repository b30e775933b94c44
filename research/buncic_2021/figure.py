"""r* of the United States with the published lambda_z and with the corrected one: writes ``rstar.png``."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from research.buncic_2021.reproduce import FILES, HERE, estimate
from research.comparison import REFERENCE
from research.needs import needs

import capstar as cs
from capstar.plotting import plot_lines, save


def main() -> None:
    """Estimate, draw and save."""
    found = estimate(cs.data.read_input(REFERENCE / FILES["US"]))
    whose = {"Holston, Laubach and Williams (2017)": found.published, "Buncic (2021)": found.corrected}
    rates = pd.DataFrame({
        f"{name}: lambda_g {fit.lambda_g:.3f}, lambda_z {fit.lambda_z:.3f}": fit.rstar.filtered
        for name, fit in whose.items()
    })  # fmt: skip
    rise = (rates.iloc[-1, 1] - rates.iloc[-1, 0]).round(1)
    files = needs("buncic_2021").set_index("file")["from"]
    save(
        plot_lines(
            rates,
            title=f"By the corrected procedure one-sided r* ends 2019 {rise} points higher",
            unit="percent a year",
            source=replace(found.published.provenance, data=files[FILES["US"]]),
        ),
        HERE / "rstar.png",
        dpi=100,
    )


if __name__ == "__main__":
    main()
