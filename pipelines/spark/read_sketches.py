"""Counts distinct persons over several rows of a published table, with Spark SQL.

    spark-submit read_sketches.py TABLE.sketches.csv [COLUMN]

Rows of a table may be merged, those of one COLUMN apart if one is named: a person who stands in two
rows counts once. The sketches of two tables, or of two months, have other hashes and never merge.
Needs Spark 3.5 for HLL sketches, 4.1 for theta sketches.
"""

import sys

#: How Spark SQL merges the sketches of a column, and estimates, by the end of the column's name.
ESTIMATES = {
    "_theta": "theta_sketch_estimate(theta_union_agg(unbase64({0})))",
    "_hll": "hll_sketch_estimate(hll_union_agg(unbase64({0})))",
}


def estimates(spark, path, by=None):
    """A data frame with one estimate for each column of sketches in the file at `path`."""
    table = spark.read.csv(path, header=True)
    found = [
        form.format(f"`{name}`") + f" AS `{name}`"
        for name in table.columns for end, form in ESTIMATES.items()
        if name.endswith(end) and spark.catalog.functionExists(form.split("(")[0])]
    table.createOrReplaceTempView("sketches")
    group = f"`{by}`, " if by else ""
    tail = f" GROUP BY `{by}` ORDER BY `{by}`" if by else ""
    return spark.sql(f"SELECT {group}{', '.join(found)} FROM sketches{tail}")


def main():
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("sketches").getOrCreate()
    try:
        estimates(spark, *sys.argv[1:3]).show(truncate=False)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
