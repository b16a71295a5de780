"""Great Expectations: suites derived from the contracts, business rules added by hand."""
