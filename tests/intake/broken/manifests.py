"""Manifests that do not say what lies there, and folders that hold something else."""

import os

from .case import ANNA, HEADER, SUMS, Case, refused

_FILE = {"s.csv": HEADER + ANNA}


def said(name, rewrite, *words):
    """Anna's sound statement under a manifest that was rewritten."""
    return Case(name, _FILE, [1], refused(*words), totals=SUMS, rewrite=rewrite)


def changed(name, words, **keys):
    """A manifest with other values."""
    return said(name, lambda manifest: {**manifest, **keys}, *words)


def entry(case_name, words, **keys):
    """A manifest whose file entry has other values."""
    return said(case_name,
                lambda manifest: {**manifest, "files": [{**manifest["files"][0], **keys}]},
                *words)


def done(name, harm, *words):
    """A folder that somebody laid hands on after it was delivered."""
    return Case(name, _FILE, [1], refused(*words), totals=SUMS, harm=harm)


def _linked_file(folder):
    (folder / "s.csv").rename(folder.parents[2] / "elsewhere.csv")
    (folder / "s.csv").symlink_to(folder.parents[2] / "elsewhere.csv")


def _linked_manifest(folder):
    (folder / "_manifest.json").rename(folder.parents[2] / "elsewhere.json")
    (folder / "_manifest.json").symlink_to(folder.parents[2] / "elsewhere.json")


def _linked_folder(folder):
    folder.rename(folder.parents[2] / "elsewhere")
    folder.symlink_to(folder.parents[2] / "elsewhere")


def _pipe(folder):
    (folder / "s.csv").unlink()
    os.mkfifo(folder / "s.csv")


def _directory(folder):
    (folder / "s.csv").unlink()
    (folder / "s.csv").mkdir()


CASES = [
    said("a_list", lambda _: [], "expected an object, found list"),
    said("nested_deeply", lambda _: b"[" * 100_000, "expected JSON"),
    said("not_utf_8", lambda _: b"\xff\xfe{", "expected JSON"),
    said("empty", lambda _: b"", "expected JSON"),
    said("without_rows", lambda m: {k: v for k, v in m.items() if k != "rows"}, "no rows"),
    changed("another_feed", ["feed", "found 'payments'"], feed="payments"),
    changed("another_date", ["delivery_date"], delivery_date="2026-06-02"),
    changed("another_version", ["schema_version"], schema_version=2),
    changed("unknown_format", ["format", "found 'xlsx'"], format="xlsx"),
    changed("unknown_encoding", ["encoding", "found 'latin-1'"], encoding="latin-1"),
    changed("currency_in_words", ["currency", "'yuan'"], currency="yuan"),
    changed("rows_as_text", ["rows", "expected a whole number, found '1'"], rows="1"),
    changed("rows_as_truth", ["rows", "expected a whole number, found True"], rows=True),
    changed("rows_too_many", ["2 rows as its manifest says"], rows=2),
    changed("rows_below_zero", ["-1 rows as its manifest says"], rows=-1),
    changed("totals_wrong", ["control total of balance_minor", "found 1200"],
            control_totals={**SUMS, "balance_minor": 1}),
    changed("totals_as_text", ["control total of balance_minor"],
            control_totals={**SUMS, "balance_minor": "1200"}),
    changed("totals_missing", ["control total of balance_minor, payment_minor"],
            control_totals={}),
    changed("totals_of_no_column", ["no such integer column"],
            control_totals={**SUMS, "profit_minor": 1}),
    changed("no_files", ["expected"], files=[]),
    changed("another_sequence", ["sequence"], sequence=2),
    changed("sequence_0", ["sequence"], sequence=0),
    changed("replaces_the_future", ["replaces", "'2027-01-01'"], replaces=["2027-01-01"]),
    changed("replaces_a_path", ["replaces"], replaces=["../2026-06-01"]),
    entry("outside_above", ["'../s.csv'"], name="../s.csv"),
    entry("outside_absolute", ["'/etc/hostname'"], name="/etc/hostname"),
    entry("a_pattern", ["'*.csv'"], name="*.csv"),
    entry("a_null_in_the_name", ["the name of a file"], name="s.csv\0"),
    entry("another_sha", ["expected sha256 00"], sha256="00" * 32),
    entry("rows_of_the_file_wrong", ["rows"], rows=2),
    said("a_file_twice", lambda m: {**m, "files": m["files"] * 2, "rows": 2}, "twice"),
    done("linked_file", _linked_file, "a symlink"),
    done("linked_manifest", _linked_manifest, "a manifest"),
    done("linked_folder", _linked_folder, "a symlink"),
    done("a_pipe", _pipe, "found something else"),
    done("a_directory", _directory, "found something else"),
    done("a_file_more", lambda folder: (folder / "more.csv").write_text("x"), "more.csv as well"),
    done("a_file_less", lambda folder: (folder / "s.csv").unlink(), "no such file"),
    done("no_manifest", lambda folder: (folder / "_manifest.json").unlink(), "a manifest"),
    done("bytes_after_the_hash", lambda folder: (folder / "s.csv").write_bytes(HEADER), "sha256"),
]
