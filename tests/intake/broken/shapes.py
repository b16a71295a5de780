"""CSV files whose columns, lines or quotes are off."""

from .case import (ANNA, CARDS_ANNA, CARDS_SUMS, HEADER, Case, card, kept, line,
                   plus, refused, whole)

_BEN = b"ben,2026-05-31,0,0\n"
_HUGE = b"x" * 1_100_000


def _header(name, header, *words, body=ANNA):
    return whole(f"header_{name}", header + b"\n" + body, refused("s.csv", *words))


_COLUMNS = [
    _header("twice", b"user_id,user_id,event_date,balance_minor,payment_minor", "user_id twice",
            body=b"anna," + ANNA),
    _header("missing", b"user_id,event_date,balance_minor", "no payment_minor",
            body=b"anna,2026-05-31,1200\n"),
    _header("extra", b"user_id,event_date,balance_minor,payment_minor,note", "unexpected 'note'",
            body=b"anna,2026-05-31,1200,100,x\n"),
    _header("upper", b"USER_ID,EVENT_DATE,BALANCE_MINOR,PAYMENT_MINOR", "no user_id"),
    _header("spaced", b"user_id, event_date,balance_minor,payment_minor", "no event_date"),
    _header("semicolons", b"user_id;event_date;balance_minor;payment_minor", "no user_id",
            body=b"anna;2026-05-31;1200;100\n"),
    _header("tabs", b"user_id\tevent_date\tbalance_minor\tpayment_minor", "no user_id"),
    _header("blank", b"", "a header line", "none"),
    _header("look_alike", "user_id,event_date,balance_minоr,payment_minor".encode(),
            "no balance_minor"),
    _header("zero_width", "user_id\u200b,event_date,balance_minor,payment_minor".encode(),
            "no user_id"),
    _header("huge", b"user_id,event_date,balance_minor,payment_minor," + _HUGE, "unexpected"),
    whole("header_reordered", b"payment_minor,balance_minor,event_date,user_id\n"
          b"100,1200,2026-05-31,anna\n", kept(1)),
    whole("header_quoted", b'"user_id","event_date","balance_minor","payment_minor"\n' + ANNA,
          kept(1)),
    whole("header_only", HEADER, refused("at least one row", "an empty delivery"), 0, {}),
    whole("header_only_that_says_a_row", HEADER, refused("expected 1 rows", "found 0 rows")),
    whole("header_again", HEADER + ANNA + HEADER, kept(
        1, 1, 0, "event_date:type", "balance_minor:type", "payment_minor:type"), 2),
    whole("empty_file", b"", refused("a header line", "none")),
]

_LINES = [
    line("cells_too_few", b"carl,2026-05-31,0", "line:missing_columns"),
    line("cells_too_many", b"carl,2026-05-31,0,0,9", "line:too_many_columns"),
    line("comma_behind", b"carl,2026-05-31,0,0,"),      # one cell too many, with nothing in it
    line("huge_name", _HUGE + b",2026-05-31,0,0", "line:line_size_over_maximum"),
    line("huge_quoted_name", b'"' + _HUGE + b'",2026-05-31,0,0', "line:line_size_over_maximum"),
    line("quotes_inside", b'"ca""rl",2026-05-31,0,0'),
    line("newline_inside", b'"ca\nrl",2026-05-31,0,0'),
    line("carriage_return_inside", b'"ca\r\nrl",2026-05-31,0,0'),
    line("comma_inside", b'"carl, the second",2026-05-31,0,0'),
    line("text_behind_a_quote", b'"carl"x,2026-05-31,0,0', "line:unquoted_value"),
    # An open quote takes all that follows into its cell: how many rows that was, no one can say.
    whole("quote_never_closed", HEADER + ANNA + b'"carl,2026-05-31,0,0\n',
          refused("expected 2 rows", "found 1 rows"), 2),
    whole("quote_in_the_last_cell", HEADER + ANNA + b'carl,2026-05-31,0,"0\n',
          refused("expected 2 rows", "found 1 rows"), 2),
    whole("quote_that_swallows_lines", HEADER + b'"anna,2026-05-31,0,0\n' + _BEN * 2,
          refused("expected 3 rows"), 3, {}),
    whole("no_newline_at_the_end", HEADER + ANNA.rstrip(), kept(1)),
    whole("windows_lines", (HEADER + ANNA).replace(b"\n", b"\r\n"), kept(1)),
    whole("mixed_lines", HEADER + ANNA.replace(b"\n", b"\r\n") + _BEN, kept(2), 2),
    whole("mixed_lines_other_way", HEADER.replace(b"\n", b"\r\n") + ANNA + _BEN, kept(2), 2),
    whole("old_mac_lines", (HEADER + ANNA).replace(b"\n", b"\r"), kept(1)),
    whole("blank_line_between", HEADER + ANNA + b"\n" + _BEN, kept(2), 2),
    whole("blank_lines_at_the_end", HEADER + ANNA + b"\n\n\n", kept(1)),
    whole("blank_line_of_spaces", HEADER + ANNA + b"   \n",
          kept(1, 1, 0, "line:missing_columns"), 2),
    whole("comment", HEADER + ANNA + b"# end of file\n",
          kept(1, 1, 0, "line:missing_columns"), 2),
]

_CARDS = [
    Case("identifier_as_header", {"c.csv": CARDS_ANNA * 2}, [1], refused("c.csv", "no user_id"),
         "bound_cards", totals=CARDS_SUMS),
    Case("identifier_in_a_file_of_one_column",
         {"c.csv": b"6222000011112222 13800138000\n" * 3}, [2], refused("no user_id"),
         "bound_cards"),
    card("identifier_in_a_short_line", b"ben,2026-05-31,6222000011112222,bind,13800138000\n",
         kept(1, 1, 0, "line:missing_columns")),
    card("identifier_behind_an_open_quote",
         b'"ben,2026-05-31,6222000011112222,bind,debit,,,true,,13800138000,30,,,,\n',
         refused("expected 2 rows", "found 1 rows")),
    card("identifier_in_a_broken_row",
         b"ben,2026-05-31,6222000011112222,bind,debit,,,true,,13800138000,200,robot,,,\n",
         kept(1, 1, 0, "age_years:above_maximum", "gender:not_allowed"),
         totals=plus(CARDS_SUMS, age_years=200)),
    card("identifiers_in_columns_of_others",
         b"ben,6222000011112222,2026-05-31,13800138000,debit,,,6222000011112222,,,x,,,,\n",
         kept(1, 1, 0, "event_date:type", "action:not_allowed", "is_name_verified:type",
              "age_years:type")),
    card("identifier_in_an_amount",
         b"ben,2026-05-31,6222,bind,credit,,6222000011112222,true,,,30,,,,\n",
         kept(1, 1, 0, "card_limit_minor:above_maximum"),
         totals={"age_years": 60, "card_limit_minor": 6222000011112222}),
    card("identifier_with_words", b"ben,on 13800138000,6222,bind,debit,,,true,,,30,,,,\n",
         kept(1, 1, 0, "event_date:type"), totals=plus(CARDS_SUMS, age_years=30)),
    card("identifier_of_blanks", b'ben,2026-05-31,"  ",bind,debit,,,true,,13800138000,0,,,,\n',
         kept(1, 1, 0, "card_number:missing")),
    card("identifiers_that_contradict",
         CARDS_ANNA.replace(b"bind", b"unbind"),
         kept(0, 2, 0, "user_id+card_number+event_date:conflict"), totals={"age_years": 60}),
    card("identifiers_that_differ_in_spaces",
         CARDS_ANNA.replace(b"6222000011112222", b" 6222000011112222 "), kept(1, 0, 1),
         totals={"age_years": 60}),
]

CASES = _COLUMNS + _LINES + _CARDS
