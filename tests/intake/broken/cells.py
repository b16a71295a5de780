"""Cells of CSV files that are not what their column holds."""

from .case import (ANNA, HEADER, PAYMENTS_ANNA, PAYMENTS_HEADER, PAYMENTS_SUMS, SUMS, Case, cell,
                   day, kept, line, moment, plus, whole)

_TYPE = "balance_minor:type"
_NUMBERS = [cell(f"number_{name}", text, _TYPE) for name, text in (
    ("over_64_bits", "9223372036854775808"), ("of_20_digits", "99999999999999999999"),
    ("of_400_digits", "9" * 400), ("thousands", '"1,200"'), ("thousands_space", "1 200"),
    ("thousands_apostrophe", "1'200"), ("scientific", "1e3"), ("decimal", "1.0"),
    ("plus", "+1"), ("two_signs", "--1"), ("sign_behind", "1-"), ("minus_sign", "\u22121"),
    ("full_width", "１２"), ("arabic", "١٢"), ("roman", "Ⅻ"), ("nan", "NaN"), ("inf", "inf"),
    ("hex", "0x10"), ("space_before", " 1"), ("space_behind", "1 "), ("no_break_space", "1\u00a0"),
    ("null", "NULL"), ("none", "None"), ("true", "true"), ("currency", "¥1"),
    ("brackets", "(1)"), ("formula", "=1+1"), ("command", "=cmd|' /C calc'!A0"),
    ("underscore", "1_000"), ("newline", '"1\n"'))]

_DATES = [day(f"date_{name}", text, f"event_date:{rule}") for name, text, rule in (
    ("year_0", "0000-01-01", "below_minimum"), ("year_1", "0001-01-01", "below_minimum"),
    ("too_old", "1989-12-31", "below_minimum"), ("year_9999", "9999-12-31", "above_maximum"),
    ("tomorrow", "2026-06-02", "above_maximum"), ("31_february", "2026-02-31", "type"),
    ("29_february", "2026-02-29", "type"), ("month_13", "2026-13-01", "type"),
    ("day_0", "2026-05-00", "type"), ("short", "2026-5-31", "type"),
    ("packed", "20260531", "type"), ("slashes", "31/05/2026", "type"),
    ("with_time", "2026-05-31 00:00:00", "type"), ("with_zone", "2026-05-31Z", "type"),
    ("full_width", "２０２６-05-31", "type"), ("year_10000", "10000-01-01", "type"),
    ("word", "infinity", "type"), ("epoch", "epoch", "type"),
    ("before_christ", "2026-05-31 (BC)", "type"))]

_MOMENTS = [moment(f"time_{name}", text, *rules) for name, text, *rules in (
    ("24_hours", "2026-05-31 24:00:00", "event_at:type"),
    ("25_hours", "2026-05-31 25:00:00", "event_at:type"),
    ("leap_second", "2026-05-31 23:59:60", "event_at:type"),
    ("minute_60", "2026-05-31 23:60:00", "event_at:type"),
    ("zone_east", "2026-05-31 08:00:00+08:00", "event_at:type"),
    ("zone_named", "2026-05-31 08:00:00 CST", "event_at:type"),
    ("date_only", "2026-05-31", "event_at:type"),
    ("nanoseconds", "2026-05-31 08:00:00.123456789", "event_at:type"),
    ("31_february", "2026-02-31 08:00:00", "event_at:type"),
    ("year_0", "0000-01-01 00:00:00", "event_at:below_minimum"),
    ("year_9999", "9999-12-31 23:59:59", "event_at:above_maximum"),
    ("first_after_its_day", "2026-06-02 00:00:00", "event_at:above_maximum"),
    ("last_of_its_day", "2026-06-01 23:59:59.999999"),
    ("with_t", "2026-05-31T08:00:00"))]

CASES = _NUMBERS + _DATES + _MOMENTS + [
    cell("number_007", "007", adds=7),
    cell("number_minus_zero", "-0"),
    cell("number_below_zero_where_it_may", "-5", adds=-5),
    cell("number_quoted", '"5"', adds=5),
    cell("number_missing", "", "balance_minor:missing"),
    cell("number_quoted_nothing", '""', "balance_minor:missing"),
    cell("number_over_its_maximum", "999999999999999999", "balance_minor:above_maximum",
         adds=999999999999999999),
    cell("number_under_its_minimum", "-1000000000001", "balance_minor:below_minimum",
         adds=-1000000000001),
    whole("negative_payment", HEADER + ANNA + b"carl,2026-05-31,0,-1\n",
          kept(1, 1, 0, "payment_minor:below_minimum"), 2, plus(SUMS, payment_minor=-1)),
    line("every_cell_broken", b" ,x,y,z", "user_id:missing", "event_date:type", _TYPE,
         "payment_minor:type"),
    line("every_cell_missing", b",,,", "user_id:missing", "event_date:missing",
         "balance_minor:missing", "payment_minor:missing"),
    # Text is data: it is kept as it is, and nothing here runs it.
    line("formula_in_a_name", b"=cmd|' /C calc'!A0,2026-05-31,0,0"),
    line("statement_in_a_name", b"'; drop table delivered; --,2026-05-31,0,0"),
    Case("code_of_other_case", {"p.csv": PAYMENTS_HEADER + PAYMENTS_ANNA
                                + b"p2,carl,2026-05-31 08:00:00,0,OUT,bill\n"}, [2],
         kept(1, 1, 0, "direction:not_allowed"), "payments", totals=PAYMENTS_SUMS),
    whole("identical_rows", HEADER + ANNA * 3, kept(1, 0, 2), 3,
          {"balance_minor": 3600, "payment_minor": 300}),
    whole("identical_values_written_differently",
          HEADER + ANNA + b'"anna",2026-05-31,01200,0100\n', kept(1, 0, 1), 2,
          {"balance_minor": 2400, "payment_minor": 200}),
    whole("contradicting_rows", HEADER + ANNA + b"anna,2026-05-31,1,1\n",
          kept(0, 2, 0, "user_id+event_date:conflict"), 2,
          {"balance_minor": 1201, "payment_minor": 101}),
    whole("identical_broken_rows", HEADER + ANNA + b"carl,x,0,0\n" * 3,
          kept(1, 1, 2, "event_date:type"), 4),
]
