"""Tables for people and files: what an id holds is shown, never run."""

import pyarrow as pa

from jobs.show import show

ODD = pa.table({"user_id": ["[/red]u1", "=HYPERLINK(1)", "-5", "-A1", "@x", "+8613800138000"],
                "codes": [["A", "B"]] * 6})


def test_an_id_that_looks_like_markup_is_shown_as_it_is(capsys):
    show(ODD, "table", None, "whitelist [of] today")
    said = capsys.readouterr().out
    assert "[/red]u1" in said and "whitelist [of] today" in said


def test_csv_does_not_hand_a_formula_to_a_spreadsheet(capsys):
    show(ODD, "csv", None, "whitelist")
    ids = [line.split(",")[0].strip('"') for line in capsys.readouterr().out.splitlines()[1:]]
    assert ids == ["[/red]u1", "'=HYPERLINK(1)", "-5", "'-A1", "'@x",
                   "+8613800138000"]


def test_json_and_parquet_keep_every_text_as_it_is(tmp_path, capsys):
    show(ODD, "parquet", tmp_path / "o.parquet", "whitelist")
    assert pa.parquet.read_table(tmp_path / "o.parquet").equals(ODD)
    show(ODD, "json", None, "whitelist")
    assert '"=HYPERLINK(1)"' in capsys.readouterr().out
