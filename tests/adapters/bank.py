"""A bank's files in small: three customers, as the CMB set has them."""

import pyarrow as pa
import pyarrow.parquet as pq


def write(folder, customers=None, transactions=None, views=None):
    """The three files; each argument replaces the rows of one of them."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = {
        "tag.parquet": customers or [
            {"id": "Uann", "age": 40, "gdr_cd": "F", "cur_debit_cnt": 2, "cur_credit_cnt": 1},
            {"id": "Ubob", "age": 61, "gdr_cd": "\\N", "cur_debit_cnt": 0, "cur_credit_cnt": 1},
            {"id": "Ucem", "age": 17, "gdr_cd": "M", "cur_debit_cnt": 1, "cur_credit_cnt": 0}],
        "trd.parquet": transactions or [
            {"id": "Uann", "trx_tm": "2019-06-30 23:59:59", "cny_trx_amt": -37.19},
            {"id": "Uann", "trx_tm": "2019-05-01 00:00:00", "cny_trx_amt": 249.47},
            {"id": "Uann", "trx_tm": "2019-05-01 00:00:00", "cny_trx_amt": 249.47}],
        "beh.parquet": views or [
            {"id": "Uann", "page_tm": "2019-06-11 22:27:25"}]}
    for name, content in rows.items():
        pq.write_table(pa.Table.from_pylist(content), folder / name)
    return folder
