"""PostgreSQL: the only store, and the only package that imports psycopg."""
