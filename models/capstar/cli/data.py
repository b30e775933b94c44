"""``capstar data``: fetch, check and keep data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from capstar.cli.faults import errors, reading, say
from capstar.cli.options import AsOf, Debug, Offline, Refresh, UnitsOf, span_option
from capstar.cli.shared import check_folder, check_outputs, named_units
from capstar.writing import csv_text, write_whole

app = typer.Typer(help="Fetch, check and keep data.", no_args_is_help=True, add_completion=False)


@app.command("list")
def list_recipes(
    context: typer.Context,
    online: Annotated[
        bool, typer.Option("--online", help="Ask every source of a recipe for its last date.")
    ] = False,
    offline: Offline = False,
    refresh: Refresh = False,
    debug: Debug = False,
) -> None:
    """List the recipes with the sources of their inputs, in the order asked, and the sources of single series."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar.data import RECIPES, network, recipe_sources, sources

        with network(offline=offline, refresh=refresh):
            table = recipe_sources(online=online or refresh)
        for name, build in RECIPES.items():
            say(f"{name:18}{(build.__doc__ or '').splitlines()[0]}")
            for row in table[table["recipe"] == name].to_dict("records"):
                told = f"  last {row['last']}" if row.get("last") else f"  {row.get('problem', '')}".rstrip()
                say(f"    {row['input']:30}{row['source']}{told}" + " (stopped)" * row.get("stopped", False))
        for key, one in sources().iterrows():
            say(f"{key + ':':18}{one['name']}, such as {key}:{one['example']}; {one['terms']}")


@app.command()
def fetch(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help="A recipe, or SOURCE:SERIES; see 'capstar data list'.")],
    out: Annotated[Path, typer.Option(help="CSV to write.")],
    as_of: AsOf = None,
    start: Annotated[
        str | None, typer.Option(callback=span_option, help="First quarter or month, 1960-01.")
    ] = None,
    end: Annotated[str | None, typer.Option(callback=span_option, help="Last quarter or month.")] = None,
    offline: Offline = False,
    refresh: Refresh = False,
    debug: Debug = False,
) -> None:
    """Download the input of a model, or a series of a source, and write it as CSV."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar import data

        check_outputs(out)
        span = {name: value for name, value in (("start", start), ("end", end)) if value is not None}
        with data.network(offline=offline, refresh=refresh):
            frame = data.fetch(recipe, as_of=as_of, **span)
        write_whole(out, csv_text(frame))
        say(data.describe_data(frame).to_string())
        say(f"\nWritten: {out}")


@app.command()
def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, Parquet or Excel file.")],
    units: UnitsOf = None,
    debug: Debug = False,
) -> None:
    """Check whether a file is the input of a model, and of which."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar import data, rstar

        with reading(file):
            frame = data.read_input(file, units=named_units(units), frequency=None)
        say(data.describe_data(frame).iloc[:, :4].to_string() + "\n")
        if said := frame.attrs.get("assumed"):
            say(f"Assumed in reading: {said}\n")
        for key in rstar.models().index:
            one = rstar.model(key)
            short = "".join(one.name.split())
            say(f"{short if short.lower() == key else key}: {one.usable(frame)}")


@app.command()
def cache(
    context: typer.Context,
    verb: Annotated[Literal["list", "clear"], typer.Argument()] = "list",
    debug: Debug = False,
) -> None:
    """List or clear cached downloads."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar.data.store.download import cache as in_use

        kept = in_use()
        if verb == "clear":
            say(f"{kept.clear()} downloads deleted from {kept.folder}")
            return
        table = kept.entries()
        say(f"{kept.folder}: {len(table)} downloads")
        if len(table):
            say(table.to_string(index=False))


@app.command()
def snapshot(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder to write.")],
    input: Annotated[  # noqa: A002
        Literal["embedded", "fred"], typer.Option(help="Data of the study.")
    ] = "embedded",
    also: Annotated[
        list[str] | None, typer.Option(metavar="SOURCE:SERIES", help="A further series; may be repeated.")
    ] = None,
    offline: Offline = False,
    refresh: Refresh = False,
    debug: Debug = False,
) -> None:
    """Keep every series of the study with checksums; 'capstar study --input FOLDER' runs from it."""
    with errors(debug=debug or context.obj["debug"]):
        from capstar import data
        from capstar.study import study_data

        check_folder(folder)
        with data.network(offline=offline, refresh=refresh):
            tables = study_data(input)
            tables |= {name: data.fetch(name) for name in also or []}
        paths = data.write_snapshot(folder, tables)
        say("Written: " + ", ".join(map(str, paths)))
