"""Public data sets and plain folders as one datalist with leak-free folds."""
