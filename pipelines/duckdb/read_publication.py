"""Reads a published month into DuckDB, from its CSV files, its JSON Lines or its SQLite database.

    python read_publication.py MONTH-FOLDER                      # what there is
    python read_publication.py MONTH-FOLDER TABLE COLUMN [BY]    # a column, added up
    python read_publication.py MONTH-FOLDER TABLE [BY]           # its sketches, merged

A figure that is withheld is NULL and its status says so: it is neither zero nor nothing, and a sum
that it belongs to is not told. What `publication.json` marks as not addable is not added up; where
there are sketches, they are merged. All files are held against the digests in `publication.json`.

Needs `duckdb`; for SQLite its extension `sqlite`, which DuckDB fetches unless it is there; for
sketches the library `datasketches`.
"""

import hashlib
import json
import pathlib
import sys

#: The shares of the values below the quantiles of KLL sketches, and how their columns end.
QUANTILES = {0.5: "p50", 0.95: "p95"}


def quoted(name):
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def text(value):
    """A text as SQL has it."""
    return "'" + str(value).replace("'", "''") + "'"


class Publication:
    """A month in a folder. `form` is what to read of it: `csv`, `jsonl` or `sqlite`."""

    def __init__(self, folder, form="csv"):
        self.folder = pathlib.Path(folder)
        self.form = form
        self.about = json.loads((self.folder / "publication.json").read_text())
        self.tables = {table["name"]: table for table in self.about["tables"]}
        self.digests = {file["file"]: file["sha256"] for file in self.about["files"]}

    def file(self, name):
        """The path of a file; raises `ValueError` unless it is the one that was published."""
        path = self.folder / name
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.digests.get(name):
            raise ValueError(f"{path}: expected the file that publication.json lists")
        return path

    def table(self, name):
        if name not in self.tables:
            raise ValueError(f"expected one of the tables {', '.join(self.tables)}")
        return self.tables[name]

    def group(self, table, by):
        """The columns to group by: one of those of the table, or none."""
        if by is not None and by not in self.table(table)["by"]:
            raise ValueError(f"{table}: expected one of {', '.join(self.table(table)['by'])}")
        return [] if by is None else [by]

    # MARK: Figures

    def load(self, con):
        """Makes a table of DuckDB of each published one.

        Columns of groups are texts. Each figure is a number, NULL unless it is told, and beside it
        stands `FIGURE_status`: `told`, `withheld` or `not_measured`.
        """
        rows = getattr(self, f"{self.form}_rows")
        for name, table in self.tables.items():
            figures = [column["name"] for column in table["columns"]]
            con.execute(
                f"CREATE TABLE {quoted(name)} AS {rows(con, name, table['by'], figures)}")

    def csv_rows(self, con, name, groups, figures):
        """Withheld figures have the marks that the metadata of the file lists."""
        about = json.loads(self.file(f"{name}.csv-metadata.json").read_text())
        marks = {
            column["name"]: ", ".join(map(text, column.get("null", [""])))
            for column in about["tableSchema"]["columns"]}
        columns = [f"coalesce({quoted(group)}, '') AS {quoted(group)}" for group in groups]
        for figure in figures:
            # An empty cell is read as NULL.
            cell = f"coalesce({quoted(figure)}, '')"
            columns += self.told(
                figure, f"CASE WHEN {cell} = 'n/a' THEN 'not_measured' "
                f"WHEN {cell} IN ({marks[figure]}) THEN 'withheld' ELSE 'told' END",
                quoted(figure))
        path = text(self.file(f"{name}.csv"))
        rows = f"read_csv({path}, header = true, all_varchar = true)"
        return f"SELECT {', '.join(columns)} FROM {rows}"

    def jsonl_rows(self, con, name, groups, figures):
        """Withheld figures are objects that say so; what was not measured is null."""
        columns = [quoted(group) for group in groups]
        for figure in figures:
            columns += self.told(
                figure, f"CASE coalesce(json_type({quoted(figure)}), 'NULL') "
                "WHEN 'OBJECT' THEN 'withheld' WHEN 'NULL' THEN 'not_measured' ELSE 'told' END",
                f"json_extract_string({quoted(figure)}, '$')")
        kinds = {group: "VARCHAR" for group in groups} | {figure: "JSON" for figure in figures}
        kinds = ", ".join(f"{quoted(column)}: {text(kind)}" for column, kind in kinds.items())
        path = text(self.file(f"{name}.jsonl"))
        return (
            f"SELECT {', '.join(columns)} FROM read_json({path}, "
            f"format = 'newline_delimited', columns = {{{kinds}}})")

    def sqlite_rows(self, con, name, groups, figures):
        """Beside each figure stands a status, one of those that the table `statuses` explains."""
        columns = [quoted(group) for group in groups]
        for figure in figures:
            status = quoted(f"{figure}_status")
            columns += self.told(
                figure, f"CASE WHEN {status} IN ('value', 'zero') THEN 'told' "
                f"WHEN {status} = 'not_measured' THEN {status} ELSE 'withheld' END",
                quoted(figure))
        return f"SELECT {', '.join(columns)} FROM {self.attached(con)}.{quoted(name)}"

    @staticmethod
    def told(figure, status, value):
        """A figure that is NULL unless it is told, and its status."""
        return [
            f"CASE WHEN {status} = 'told' THEN CAST({value} AS DOUBLE) END AS {quoted(figure)}",
            f"{status} AS {quoted(f'{figure}_status')}"]

    def attached(self, con):
        """The database of the publication, for reading only."""
        path = self.file("publication.sqlite")
        name = f"published_{self.digests[path.name]}"
        con.execute(f"ATTACH IF NOT EXISTS {text(path)} AS {name} (TYPE sqlite, READ_ONLY)")
        return name

    def add_up(self, con, table, figure, by=None):
        """Adds a figure up over the rows of a loaded table, for each value of `by` if one is named.

        NULL where a part is withheld: the rest is not the whole. Raises `ValueError` for a figure
        that must not be added up: who stands in two rows would count twice.
        """
        columns = {column["name"]: column for column in self.table(table)["columns"]}
        if not columns.get(figure, {}).get("addable"):
            raise ValueError(f"{table}: {figure} is no column that may be added up")
        groups = [quoted(group) for group in self.group(table, by)]
        status = quoted(f"{figure}_status")
        selected = groups + [
            f"CASE WHEN count_if({status} = 'withheld') = 0 THEN sum({quoted(figure)}) END "
            f"AS {quoted(figure)}", f"count_if({status} = 'withheld') AS withheld"]
        return con.sql(
            f"SELECT {', '.join(selected)} FROM {quoted(table)} GROUP BY ALL ORDER BY ALL")

    # MARK: Sketches

    def estimates(self, con, table, by=None):
        """What the sketches of a table tell, merged for each value of `by` or over all rows.

        The types are those that `publication.json` declares, because KLL sketches do not say what
        their numbers are. Durations are milliseconds.
        """
        groups = [quoted(group) for group in self.group(table, by)]
        selected = list(groups)
        for sketch in self.table(table)["sketches"]:
            selected += self.merged(con, sketch)
        return con.sql(
            f"SELECT {', '.join(selected)} FROM ({self.sketch_rows(con, table)}) "
            "GROUP BY ALL ORDER BY ALL")

    def sketch_rows(self, con, table):
        """The rows of a table with its sketches as BLOBs; NULL where there is none."""
        if self.form == "sqlite":
            return f"SELECT * FROM {self.attached(con)}.{quoted(f'{table}_sketches')}"
        path = text(self.file(f"{table}.sketches.{self.form}"))
        sketches = ", ".join(
            f"from_base64(nullif({name}, '')) AS {name}"
            for name in (quoted(sketch["name"]) for sketch in self.table(table)["sketches"]))
        rows = (
            f"read_csv({path}, header = true, all_varchar = true)" if self.form == "csv"
            else f"read_json({path}, format = 'newline_delimited')")
        return f"SELECT * REPLACE ({sketches}) FROM {rows}"

    def merged(self, con, sketch):
        """The expressions that merge a column of sketches, with functions made for its type."""
        name, kind = sketch["name"], f"{sketch['kind']}_{sketch['item']}"
        some = f"list({quoted(name)}) FILTER ({quoted(name)} IS NOT NULL)"
        columns = []
        for end, reading in self.readings(sketch).items():
            function = f"merge_{kind}_{sketch.get('lgK') or sketch.get('k')}{end}"
            known = "SELECT count(*) FROM duckdb_functions() WHERE function_name = ?"
            if not con.execute(known, [function]).fetchone()[0]:
                con.create_function(function, reading, ["BLOB[]"], "DOUBLE")
            columns.append(f"{function}({some}) AS {quoted(name + end)}")
        return columns

    @staticmethod
    def readings(sketch):
        """What can be read of a list of sketches of one kind, by the end of the column's name."""
        import datasketches

        def distinct(union, kind):
            def read(sketches):
                merged = union(sketch["lgK"])
                for one in sketches:
                    merged.update(kind.deserialize(one))
                return merged.get_result().get_estimate()
            return {"": read}

        def quantiles(kind, *form):
            def reading(share):
                def read(sketches):
                    merged = kind(sketch["k"])
                    for one in sketches:
                        merged.merge(kind.deserialize(one, *form))
                    return float(merged.get_quantile(share, True))
                return read
            return {f"_{end}": reading(share) for share, end in QUANTILES.items()}

        match sketch["kind"], sketch["item"]:
            case "theta", "token":
                return distinct(datasketches.theta_union, datasketches.compact_theta_sketch)
            case "hll", "token":
                return distinct(datasketches.hll_union, datasketches.hll_sketch)
            case "kll", "double":
                return quantiles(datasketches.kll_doubles_sketch)
            case "kll", "milliseconds":
                return quantiles(datasketches.kll_items_sketch, datasketches.PyLongsSerDe())
            case kind, item:
                raise ValueError(f"expected a kind of sketch known here, found {kind} of {item}")


def main():
    import duckdb

    folder, *words = sys.argv[1:]
    publication = Publication(folder)
    with duckdb.connect() as con:
        publication.load(con)
        if not words:
            for name in publication.tables:
                con.table(name).show()
        elif len(words) > 1 and words[1] not in publication.table(words[0])["by"]:
            publication.add_up(con, *words[:3]).show()
        else:
            publication.estimates(con, *words[:2]).show()


if __name__ == "__main__":
    main()
