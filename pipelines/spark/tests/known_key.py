"""Calls the adapter as a notebook does, with a key of the job that the tests can look for."""

import base64
import os
import sys

SECRET = b"an invented secret of the tests."


def forms():
    """How the key would look in a file: as it is, in digits, and in Base64 wherever it begins."""
    within = [base64.b64encode(b"\0" * before + SECRET)[4:-4] for before in range(3)]
    return [SECRET, SECRET.hex().encode(), *within]


def main():
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    import sluice_spark
    from pyspark.sql import SparkSession

    asked = sluice_spark.arguments(sys.argv[1:])
    spark = SparkSession.builder.appName("sluice").getOrCreate()
    try:
        sluice_spark.run(
            spark, asked.pipeline, asked.work, now=asked.now, range_bytes=asked.range_bytes,
            key=sluice_spark.Key(secret=SECRET), sluice=asked.sluice)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
