"""Files packed with gzip, whole and not."""

import gzip

from .case import ANNA, CARDS_ANNA, CARDS_HEADER, HEADER, SUMS, Case, kept, line, refused, whole

_MANY = b"".join(b"u%d,2026-05-31,0,0\n" % n for n in range(20_000))


def _zip(content):
    return gzip.compress(content, mtime=0)


def _packed(name, content, end, rows=1, totals=None, **more):
    return whole(f"gzip_{name}", content, end, rows, totals, "s.csv.gz", **more)


_SOUND = _zip(HEADER + ANNA)

CASES = [
    _packed("sound", _SOUND, kept(1)),
    _packed("two_members", _zip(HEADER + ANNA) + _zip(b"ben,2026-05-31,0,0\n"), kept(2), 2),
    _packed("cut", _SOUND[:-12], refused("a whole csv file", "unreadable")),
    _packed("cut_in_its_trailer", _SOUND[:-4], refused("a whole csv file")),
    _packed("cut_late", _zip(HEADER + _MANY)[:-2000], refused("s.csv.gz"), 20_000, {}),
    _packed("cut_in_its_trailer_late", _zip(HEADER + _MANY)[:-4], refused("s.csv.gz"), 20_000,
            {}),
    _packed("garbage_behind", _SOUND + b"garbage", refused("a whole csv file")),
    _packed("garbage_behind_late", _zip(HEADER + _MANY) + b"garbage", refused("s.csv.gz"),
            20_000, {}),
    _packed("wrong_checksum", _SOUND[:-8] + b"\0\0\0\0" + _SOUND[-4:],
            refused("a whole csv file")),
    _packed("wrong_checksum_late", _zip(HEADER + _MANY)[:-8] + b"\0" * 4
            + _zip(HEADER + _MANY)[-4:], refused("s.csv.gz"), 20_000, {}),
    _packed("not_packed", HEADER + ANNA, refused("a whole csv file")),
    _packed("packed_twice", _zip(_SOUND), refused("s.csv.gz")),
    _packed("of_nothing", _zip(b""), refused("a header line", "none")),
    _packed("no_bytes", b"", refused("s.csv.gz")),
    _packed("gb18030", _zip(HEADER + ANNA + "张伟,2026-05-31,0,0\n".encode("gb18030")), kept(2), 2,
            encoding="gb18030"),
    _packed("gb18030_cut", _SOUND[:-12], refused("a whole csv file"), encoding="gb18030"),
    whole("gzip_under_a_plain_name", _SOUND, refused("s.csv")),
    Case("gzip_json_cut", {"s.jsonl.gz": _zip(b'{"user_id": "anna"}\n' * 9)[:-12]}, [9],
         refused("a whole jsonl file"), form="jsonl"),
    Case("gzip_json_wrong_checksum", {"s.jsonl.gz": _zip(b'{"user_id": "anna"}\n')[:-8]
                                      + b"\0" * 8}, [1], refused("a whole jsonl file"),
         form="jsonl"),
    Case("gzip_identifiers_cut", {"c.csv.gz": _zip(CARDS_HEADER + CARDS_ANNA * 99)[:-20]}, [99],
         refused("a whole csv file"), "bound_cards"),
    line("gzip_bytes_in_a_cell", b"\x1f\x8b\x08,2026-05-31,0,0", "line:invalid_encoding"),
    whole("zip_archive", b"PK\x03\x04" + HEADER + ANNA, refused("s.csv"), totals=SUMS),
]
