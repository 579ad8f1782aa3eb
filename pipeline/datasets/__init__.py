"""Public data sets and plain folders as one datalist, leak-free folds, synthetic phantoms."""
