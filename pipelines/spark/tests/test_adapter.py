"""What the adapter does without a cluster."""

import os
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

    def test_progress_on_the_terminal_of_spark_submit(self):
        """It reads both outputs of a Python driver: the terminal is that of the process above."""
        with tempfile.TemporaryDirectory(prefix="sluice-adapter-") as folder:
            # Published by a rename, by its manifest, and only begun.
            pathlib.Path(folder, "task-a").mkdir()
            for name in ("_tmp.task-b.0.x", "_tmp.task-c.0.x"):
                pathlib.Path(folder, name).mkdir()
            pathlib.Path(folder, "_tmp.task-b.0.x", "manifest.json").touch()
            driver = (
                "import sluice_spark, time\n"
                "tasks = [{'name': 'task-' + letter} for letter in 'abc']\n"
                f"with sluice_spark.Progress({folder!r}, tasks, seconds=0.01):\n"
                "    time.sleep(0.5)")
            submit = (
                "import subprocess, sys; done = subprocess.run("
                f"[sys.executable, '-c', {driver!r}], capture_output=True); "
                "sys.exit(done.returncode or len(done.stdout + done.stderr))")
            watched, terminal = os.openpty()
            environment = {**os.environ, "PYSPARK_GATEWAY_PORT": "1"}
            for program in (submit, driver):
                done = subprocess.run(
                    [sys.executable, "-c", program], cwd=HERE.parent, stderr=terminal,
                    stdout=subprocess.DEVNULL, env=environment)
                self.assertEqual(done.returncode, 0)
                self.assertIn(b"2 of 3 tasks", os.read(watched, 4096))
            os.close(terminal)
            os.close(watched)

    def test_no_progress_where_nobody_watches(self):
        done = subprocess.run(
            [sys.executable, "-c", "import sluice_spark; print(sluice_spark.terminal())"],
            cwd=HERE.parent, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.stdout, "None\n", done.stderr)

    def test_statuses_that_may_pass(self):
        """Storage, a busy state and signals may pass; the others would come again."""
        passing = [status for status in range(-64, 200) if sluice_spark.passes(status)]
        self.assertEqual(passing, [*range(-64, 0), 6, 7, *range(129, 200)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
