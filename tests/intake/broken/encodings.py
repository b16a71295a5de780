"""Text files in other bytes than they say."""

from .case import ANNA, HEADER, card, kept, line, refused, whole

_ZHANG = "张伟,2026-05-31,0,0".encode
_TWO = HEADER + ANNA

CASES = [
    whole("utf16", _TWO.decode().encode("utf-16"), refused("a header in UTF-8", "other bytes")),
    whole("utf16_without_mark", _TWO.decode().encode("utf-16-le"), refused("no user_id")),
    whole("utf32", _TWO.decode().encode("utf-32"), refused("a header in UTF-8")),
    whole("utf16_declared", _TWO.decode().encode("utf-16"), refused("utf-8 or gb18030", "utf-16"),
          encoding="utf-16"),
    whole("mark_at_start", b"\xef\xbb\xbf" + _TWO, kept(1)),
    whole("mark_twice", b"\xef\xbb\xbf\xef\xbb\xbf" + _TWO, refused("no user_id")),
    line("mark_in_the_middle", b"\xef\xbb\xbfcarl,2026-05-31,0,0", "user_id:unreadable"),
    line("latin1", b"Jos\xe9,2026-05-31,0,0", "line:invalid_encoding"),
    line("gb18030_undeclared", _ZHANG("gb18030"), "line:invalid_encoding"),
    line("gb18030_declared", _ZHANG("gb18030"), encoding="gb18030"),
    line("gb18030_four_bytes", "𠀀,2026-05-31,0,0".encode("gb18030"), encoding="gb18030"),
    # Nothing in these bytes says that they are no GB18030: they read as other characters.
    line("gb18030_declared_but_utf8", _ZHANG("utf-8"), encoding="gb18030"),
    line("gb18030_broken", b"ca\xffrl,2026-05-31,0,0", "user_id:unreadable", encoding="gb18030"),
    line("overlong", b"ca\xc0\xafrl,2026-05-31,0,0", "line:invalid_encoding"),
    line("surrogate", b"ca\xed\xa0\x80rl,2026-05-31,0,0", "line:invalid_encoding"),
    line("beyond_unicode", b"ca\xf4\x90\x80\x80rl,2026-05-31,0,0", "line:invalid_encoding"),
    line("replacement_character", "ca\ufffdrl,2026-05-31,0,0".encode(), "user_id:unreadable"),
    line("nul", b"ca\0rl,2026-05-31,0,0", "user_id:unreadable"),
    line("nul_in_a_number", b"carl,2026-05-31,1\0,0", "balance_minor:type"),
    line("escape", b"ca\x1b[2Jrl,2026-05-31,0,0", "user_id:unreadable"),
    line("zero_width_space", "ca\u200brl,2026-05-31,0,0".encode(), "user_id:unreadable"),
    line("zero_width_only", "\u200b,2026-05-31,0,0".encode(), "user_id:missing",
         "user_id:unreadable"),
    line("written_backwards", "\u202elrac,2026-05-31,0,0".encode(), "user_id:unreadable"),
    line("joiner_of_a_script", "می\u200cخواهم,2026-05-31,0,0".encode()),
    line("blank_of_another_script", "\u2003,2026-05-31,0,0".encode(), "user_id:missing"),
    line("zero_width_in_a_number", "carl,2026-05-31,1\u200b,0".encode(), "balance_minor:type"),
    card("identifier_in_a_line_of_other_bytes",
         b"ben,2026-05-31,6222000011112222,bind,debit,\xff,,true,,13800138000,30,,,,\n",
         kept(1, 1, 0, "line:invalid_encoding")),
]
