"""Turn public data sets and plain folders into one datalist with leak-free folds."""
