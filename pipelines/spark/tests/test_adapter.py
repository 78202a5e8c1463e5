"""What the adapter does without a cluster."""

import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile
import zipimport

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import sluice_spark  # noqa: E402


class AdapterTests(unittest.TestCase):
    def test_archives_of_a_job_are_read_anew(self):
        """Those that Spark is made of are not."""
        with tempfile.TemporaryDirectory(prefix="sluice-adapter-") as folder:
            paths = [f"{folder}/installed.zip", f"{folder}/shipped/job.zip"]
            pathlib.Path(folder, "shipped").mkdir()
            for path in paths:
                with zipfile.ZipFile(path, "w") as archive:
                    archive.writestr("some_module.py", "")
                sys.path_importer_cache[path] = zipimport.zipimporter(path)
            sluice_spark.keep_archive_indexes(f"{folder}/shipped")
            self.assertEqual(
                [path in sys.path_importer_cache for path in paths], [False, True])
            del sys.path_importer_cache[paths[1]]

    def test_neither_pandas_nor_pyarrow(self):
        """Not even where they are installed."""
        code = (
            "import sys, sluice_spark; sluice_spark.share_code(); "
            "print([name for name in ('pandas', 'pyarrow') if name in sys.modules])")
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=HERE.parent, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "[]\n"), done.stderr)

    def test_statuses_that_may_pass(self):
        """Storage, a busy state and signals may pass; the others would come again."""
        passing = [status for status in range(-64, 200) if sluice_spark.passes(status)]
        self.assertEqual(passing, [*range(-64, 0), 6, 7, *range(129, 200)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
