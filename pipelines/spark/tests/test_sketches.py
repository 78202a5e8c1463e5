"""Spark SQL reads and merges the sketches of a publication. `SLUICE` names the binary."""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from job import SLUICE  # noqa: E402
from read_sketches import estimates  # noqa: E402

PIPELINE = """
name: sketched
source: { format: jsonl, files: "in/*", time: ts }
identity: { customer: customer, user: user }
fields: { ts: keep, user: pseudonymize, customer: pseudonymize, system: keep }
statistics:
  - name: systems
    purpose: service-improvement
    by: [month, system]
    measures: { users: { distinct: user } }
    export: [theta, hll]
publish: { persons: 10, customers: 3, path: out, formats: [csv] }
keys: keys
state: state
"""

#: The users of each system; those of two systems overlap.
USERS = {"linux": range(0, 300), "windows": range(200, 900), "mac": range(850, 1000)}


class SketchTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        from pyspark.sql import SparkSession

        cls.spark = (
            SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "1").getOrCreate())
        version = [int(number) for number in cls.spark.version.split(".")[:2]]
        cls.reads_theta = version >= [4, 1]
        cls.scratch = tempfile.TemporaryDirectory(prefix="sluice-sketches-")
        folder = pathlib.Path(cls.scratch.name)
        (folder / "in").mkdir()
        (folder / "p.yaml").write_text(PIPELINE)
        with open(folder / "in" / "1.jsonl", "w") as log:
            for system, users in USERS.items():
                for user in users:
                    log.write(json.dumps({
                        "ts": "2026-03-02T10:00:00Z", "customer": f"c{user % 7}",
                        "user": f"u{user}@one.example", "system": system}) + "\n")
        for command in ("run", "publish"):
            subprocess.run(
                [SLUICE, command, f"{folder}/p.yaml", "--now", "2026-04-20", "--quiet"],
                check=True)
        cls.path = str(folder / "out" / "2026-03" / "systems.sketches.csv")

    @classmethod
    def tearDownClass(cls):
        cls.spark.stop()
        cls.scratch.cleanup()

    def test_rows(self):
        """Each sketch tells what the table tells."""
        rows = {row["system"]: row for row in estimates(self.spark, self.path, "system").collect()}
        for system, users in USERS.items():
            if self.reads_theta:
                self.assertEqual(rows[system]["users_theta"], len(users))
            self.assertAlmostEqual(rows[system]["users_hll"], len(users), delta=len(users) * 0.07)

    def test_union(self):
        """Who used two systems counts once: so few persons that the theta sketch is exact."""
        row = estimates(self.spark, self.path).collect()[0]
        everybody = len(set().union(*USERS.values()))
        if self.reads_theta:
            self.assertEqual(row["users_theta"], everybody)
        self.assertAlmostEqual(row["users_hll"], everybody, delta=everybody * 0.07)
        with open(self.path) as file:
            self.assertEqual(len(list(csv.DictReader(file))), len(USERS))


if __name__ == "__main__":
    unittest.main(verbosity=2)
