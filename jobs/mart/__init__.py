"""The PostgreSQL mart: released tables for those who ask in SQL, each seeing what is theirs."""
