"""Counts distinct persons, and finds quantiles, over several rows of a published table: Spark SQL.

    spark-submit read_sketches.py MONTH-FOLDER/TABLE.sketches.csv [COLUMN]

Rows of a table may be merged, those of one COLUMN apart if one is named: a person who stands in
two rows counts once. The sketches of persons of two tables, or of two months, have other hashes and
never merge. Of KLL sketches the median and the 95th percentile are told; durations are in
milliseconds.

The bytes of a KLL sketch do not say what its numbers are, and Spark reads fractions as integers,
and the other way round, without a word. So the types are taken from the `publication.json` beside
the table, and a file that is not the one listed there is refused.

Needs Spark 3.5 for HLL sketches, 4.1 for theta and KLL sketches; columns that this Spark cannot
read are named and left out.
"""

import json
import posixpath
import sys

#: The shares of the values below the quantiles of KLL sketches, and how their columns end.
QUANTILES = {0.5: "p50", 0.95: "p95"}
#: The function of Spark SQL that merges the sketches of a column, and the one that reads what
#: comes of it, by the kind of the sketch and by what it is made of.
FUNCTIONS = {
    ("theta", "token"): ("theta_union_agg", "theta_sketch_estimate"),
    ("hll", "token"): ("hll_union_agg", "hll_sketch_estimate"),
    ("kll", "double"): ("kll_merge_agg_double", "kll_sketch_get_quantile_double"),
    ("kll", "milliseconds"): ("kll_merge_agg_bigint", "kll_sketch_get_quantile_bigint"),
}


def declared(spark, path):
    """What the publication says of the sketches in the file at `path`: columns of groups, sketches.

    Raises `ValueError` when the file is not the one that was published.
    """
    folder, name = posixpath.split(path)
    about = json.loads(
        spark.read.text(posixpath.join(folder, "publication.json"), wholetext=True).first()[0])
    digests = [entry["sha256"] for entry in about["files"] if entry["file"] == name]
    content = spark.read.format("binaryFile").load(path).selectExpr("sha2(content, 256)")
    if digests != [content.first()[0]]:
        raise ValueError(f"{path}: expected the file that publication.json lists under this name")
    table = next(table for table in about["tables"] if f"{table['name']}.sketches.csv" == name)
    return table["by"], table["sketches"]


def expressions(spark, sketch):
    """How Spark SQL reads a column of sketches; nothing when this Spark cannot."""
    kind, item, name = sketch["kind"], sketch["item"], sketch["name"]
    if (kind, item) not in FUNCTIONS:
        raise ValueError(f"{name}: expected a kind of sketch known here, found {kind} of {item}")
    merge, read = FUNCTIONS[kind, item]
    if not spark.catalog.functionExists(merge):
        return []
    merged = f"{merge}(unbase64(`{name}`))"
    if kind != "kll":
        return [f"{read}({merged}) AS `{name}`"]
    # Spark refuses to look for a quantile of nothing; of nothing it is NULL.
    return [
        f"CASE WHEN count(`{name}`) > 0 THEN {read}({merged}, {share}D) END AS `{name}_{end}`"
        for share, end in QUANTILES.items()]


def estimates(spark, path, by=None):
    """A data frame of what the sketches in the file at `path` tell, by the column `by` or overall.

    Raises `ValueError` when `by` is no column of groups, and when nothing can be read.
    """
    groups, sketches = declared(spark, path)
    if by is not None and by not in groups:
        raise ValueError(f"{path}: expected one of the columns {', '.join(groups)}")
    found = {sketch["name"]: expressions(spark, sketch) for sketch in sketches}
    left_out = [name for name, columns in found.items() if not columns]
    if left_out:
        print(f"left out, Spark {spark.version}: {', '.join(left_out)}", file=sys.stderr)
    columns = [column for columns in found.values() for column in columns]
    if not columns:
        raise ValueError(f"{path}: Spark {spark.version} reads none of its sketches")
    spark.read.csv(path, header=True).createOrReplaceTempView("sketches")
    group = f"`{by}`, " if by else ""
    tail = f" GROUP BY `{by}` ORDER BY `{by}`" if by else ""
    return spark.sql(f"SELECT {group}{', '.join(columns)} FROM sketches{tail}")


def main():
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("sketches").getOrCreate()
    try:
        estimates(spark, *sys.argv[1:3]).show(truncate=False)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
