"""Tables for people and files: what an id holds is shown, never run."""

import pyarrow as pa

from jobs.show import show
from tests.campaign.rows import CAMPAIGN

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


def test_a_whitelist_fits_a_pipe_of_120_characters_with_every_shown_cell_whole(capsys):
    row = {**CAMPAIGN, "user_id": "u0000013", "offer_id": "9b74d137f8eed66f", "limit_cny": 150_000,
           "rate_annual": 0.18, "valid_to": "2026-07-30", "segment": "thick_file",
           "score_tier": "D", "method": "exploration", "send_status": "universal_holdout",
           "reason_codes": ["PAYMENTS", "HEADROOM", "UTILIZATION"]}
    show(pa.Table.from_pylist([row]), "table", None, "whitelist of 2026-06-30-aaa")
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 120
    for cell in ("u0000013", "limit_cny", "150,000", "2026-07-30", "in_app", "universal_holdout",
                 "priority", "UTILIZATION"):
        assert cell in said
